"""An exported network whose style is an input."""

import pytest
import torch

from fastnst.commands.export import main
from fastnst.machine import UserError
from fastnst.models import OnnxNetwork, export_onnx, fingerprint, read_model, write_model
from fastnst.networks import build_network, paint_styles, style_of

pytestmark = pytest.mark.slow

RESNET = {"name": "resnet", "width": 4, "blocks": 1, "norm": "instance", "upsample": "nearest"}
LIGHT = {"name": "light", "width": 4, "blocks": 1}


@pytest.fixture
def checkpoint(request, tmp_path):
    torch.manual_seed(0)
    architecture = getattr(request, "param", RESNET)
    network = build_network(architecture)
    next(network.to_rgb.parameters()).data *= 10
    path = tmp_path / "model.safetensors"
    write_model(path, network, architecture, {"name": "many_styles"})
    return path


@pytest.mark.parametrize("checkpoint", [RESNET, LIGHT], ids=["resnet", "light"], indirect=True)
@pytest.mark.parametrize(("half", "close"), [(False, 1e-4), (True, 1e-2)])
def test_one_file_paints_any_style(checkpoint, tmp_path, batch, half, close):
    target = tmp_path / "any.onnx"
    assert export_onnx(checkpoint, target, float16=half, any_style=True) < close
    network, images = read_model(checkpoint).network, batch(2, 33)
    exported = OnnxNetwork(target, "cpu")
    own = style_of(network)
    assert torch.equal(exported.numbers, own)
    metadata = exported.session.get_modelmeta().custom_metadata_map
    assert metadata["network"] == fingerprint(network)
    generator = torch.Generator().manual_seed(1)
    for numbers in (own, own + 0.5 * torch.randn(len(own), generator=generator)):
        exported.numbers = numbers
        with torch.no_grad():
            expected = paint_styles(network, images, numbers.repeat(2, 1))
        torch.testing.assert_close(exported(images), expected, rtol=0, atol=close)
    assert expected.std() > 0.02


def test_the_command(checkpoint, tmp_path, monkeypatch, capsys):
    target = tmp_path / "any.onnx"
    words = ["--ckpt", str(checkpoint), "-o", str(target), "--any-style", "--uint8"]
    monkeypatch.setattr("sys.argv", ["export", *words])
    main()
    assert "differs from PyTorch by at most" in capsys.readouterr().out
    assert OnnxNetwork(target, "cpu").numbers is not None


def test_a_network_without_styles_is_refused(tmp_path):
    architecture = {"name": "johnson2016"}
    path = tmp_path / "model.safetensors"
    write_model(path, build_network(architecture), architecture, {"name": "one"})
    with pytest.raises(UserError, match="no instance normalisations"):
        export_onnx(path, tmp_path / "any.onnx", any_style=True)
