import pickle

import pytest
import torch
from small.stylizing import write_small_model

from fastnst.machine import computes_int8
from fastnst.models import read_model
from fastnst.networks import Sample, in_eight_bits, style_of
from fastnst.stylizing.painter import Painter
from fastnst.stylizing.precision import in_few_bits

CPU = torch.device("cpu")


@pytest.mark.skipif(not computes_int8(CPU), reason="this processor does not multiply 8 bits")
def test_a_processor_that_can_paints_in_eight_bits(tmp_path, batch, monkeypatch):
    monkeypatch.setattr("fastnst.stylizing.painter.computes_bf16", lambda _: False)
    network, photographs = (
        read_model(write_small_model(tmp_path / "a.safetensors")).network,
        batch(1, 32),
    )
    with torch.inference_mode():
        painted = Painter(network, CPU).whole(photographs)
        assert torch.equal(painted, in_eight_bits(network)(photographs))
        assert not torch.equal(painted, network(photographs))


@pytest.mark.skipif(not computes_int8(CPU), reason="this processor does not multiply 8 bits")
@torch.inference_mode()
def test_several_styles_at_once_too(tmp_path, batch, monkeypatch):
    network = read_model(write_small_model(tmp_path / "a.safetensors")).network
    styles, photographs = torch.stack([style_of(network)] * 2), batch(1, 32)
    shares = torch.full((1, 2, 32, 32), 0.5)
    painters = [Painter(network, CPU, styles)]
    painters.append(pickle.loads(pickle.dumps(painters[0])))
    monkeypatch.setattr("fastnst.stylizing.precision.computes_int8", lambda _: False)
    painters.append(Painter(network, CPU, styles))
    for painter in painters:
        painter.want(shares)
    painted, there, exact = (painter.whole(photographs) for painter in painters)
    assert torch.equal(there, painted)
    assert 0 < (painted - exact).abs().mean() < 2 / 255
    sample = Sample(lambda: photographs, (32, 32), (0, 0, 32, 32), lambda: shares)
    painters[0].look_at([sample], keep=False)
    painters[0].want(shares)
    torch.testing.assert_close(painters[0].tile(0, photographs), painted, rtol=0, atol=0.02)


@pytest.mark.skipif(not computes_int8(CPU), reason="this processor does not multiply 8 bits")
def test_a_network_that_they_would_change_paints_without(tmp_path, monkeypatch):
    network = read_model(write_small_model(tmp_path / "a.safetensors")).network
    monkeypatch.setattr("fastnst.stylizing.precision.MOST", 1e-6)
    assert in_few_bits(network, CPU) is network


@torch.inference_mode()
def test_it_goes_to_other_processes(tmp_path, batch):
    painter = Painter(read_model(write_small_model(tmp_path / "a.safetensors")).network, CPU)
    there = pickle.loads(pickle.dumps(painter))
    assert torch.equal(there.whole(batch(1, 32)), painter.whole(batch(1, 32)))
