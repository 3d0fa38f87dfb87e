import pytest
import torch
from small.stylizing import write_small_model

from fastnst.machine import computes_int8
from fastnst.models import read_model
from fastnst.networks import in_eight_bits
from fastnst.stylizing.painter import Painter

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
