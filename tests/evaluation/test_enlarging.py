"""How well networks enlarge: beside bicubic interpolation, on pictures of which truth is known."""

import sys

import pytest
import torch
from PIL import Image

from fastnst.commands.evaluate import main
from fastnst.evaluation import measure_enlarging, quality_table
from fastnst.machine import UserError
from fastnst.models import Enlarger
from fastnst.networks import SR


def enlarger(scale, better=0.0):
    torch.manual_seed(0)
    network = SR(scale=scale, width=4, blocks=0).eval()
    torch.nn.init.constant_(network.to_rgb.weight, 0)
    torch.nn.init.constant_(network.to_rgb.bias, better)
    return Enlarger(network, {"name": "sr", "scale": scale})


@pytest.fixture
def truth(tmp_path, picture):
    for number in range(2):
        picture(f"truth/{number}.png", size=(150, 145), seed=number)
    return tmp_path / "truth"


def test_the_worse_network_is_worse(truth, small_vgg, tmp_path):
    networks = {"right": enlarger(2), "bright": enlarger(2, 0.1)}
    sheet = tmp_path / "sheet.png"
    bicubic, right, bright = measure_enlarging(networks, truth, small_vgg, sheet)
    assert [bicubic.name, right.name, bright.name] == ["bicubic", "right", "bright"]
    # PyTorch's own interpolation, which is the network's, is a little sharper than the field's
    assert right.psnr == pytest.approx(bicubic.psnr, abs=1)
    assert bright.psnr < right.psnr - 3
    assert bright.relu2_2 > right.relu2_2
    assert 0 < bright.ssim < 1
    with Image.open(sheet) as drawn:
        assert drawn.width > 4 * 256
    assert f"{bright.psnr:.2f}" in quality_table([bicubic, right, bright])


def test_networks_of_two_scales_are_not_compared(truth, small_vgg):
    with pytest.raises(UserError, match="2, 4 times"):
        measure_enlarging({"a": enlarger(2), "b": enlarger(4)}, truth, small_vgg, None)


def test_a_picture_may_be_too_small(picture, tmp_path, small_vgg):
    picture("truth/small.png", size=(30, 100))
    with pytest.raises(UserError, match=r"small\.png is too small: 30x100"):
        measure_enlarging({"a": enlarger(2)}, tmp_path / "truth", small_vgg, None)


def test_full_memory_is_advised_of(truth, monkeypatch, capsys):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr("fastnst.commands.evaluate.read_enlarger", full)
    monkeypatch.setattr(sys, "argv", ["evaluate", "--ckpt=a", f"--truth={truth}"])
    with pytest.raises(SystemExit):
        main()
    assert f"take the largest pictures out of {truth}" in capsys.readouterr().err


@pytest.mark.parametrize("other", ["--judge=x", "--size=64", "--photographs=x", "--video=x"])
def test_what_does_not_go_together(other, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["evaluate", "--ckpt=a", "--truth=b", other])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "takes no --" in capsys.readouterr().err
