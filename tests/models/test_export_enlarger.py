"""Networks that enlarge as ONNX files: what onnxruntime computes with them."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from fastnst.machine import UserError
from fastnst.models import OnnxNetwork, export, read_enlarger, write_model
from fastnst.models.export import export_onnx
from fastnst.networks import build_enlarger

pytestmark = pytest.mark.slow

ARCHITECTURE = {"name": "sr", "scale": 2, "width": 4, "blocks": 1, "norm": "batch"}
SIZES = [(1, 16, 16), (2, 17, 30), (3, 47, 33)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    network = build_enlarger(ARCHITECTURE)
    torch.nn.init.normal_(network.to_rgb.weight, std=0.1)
    network.train()(torch.rand(2, 3, 32, 32))  # fills the running statistics
    path = tmp_path_factory.mktemp("sr") / "model.safetensors"
    write_model(path, network, ARCHITECTURE, {"name": "sr"})
    return path


@pytest.fixture(scope="module")
def exported(checkpoint):
    """Exports the network in one way, once, and says how far it is off PyTorch."""
    done = {}

    def make(option=None):
        if option not in done:
            target = checkpoint.with_name(f"{option}.onnx")
            done[option] = (
                target,
                export_onnx(checkpoint, target, **{option: True} if option else {}),
            )
        return done[option]

    return make


@pytest.mark.parametrize(
    ("option", "allowed"), [(None, 2e-5), ("float16", 5e-3), ("uint8", 0.502 / 255)]
)
def test_the_file_computes_what_the_checkpoint_does(checkpoint, exported, option, allowed):
    target, difference = exported(option)
    assert 0 < difference <= allowed
    file = onnx.load(target)
    onnx.checker.check_model(file, full_check=True)
    assert [opset.version for opset in file.opset_import] == [18]
    session = onnxruntime.InferenceSession(target)
    network, uint8 = read_enlarger(checkpoint).network, option == "uint8"
    for batch, height, width in SIZES:
        generator = torch.Generator().manual_seed(1)
        pixels = torch.randint(0, 256, (batch, 3, height, width), generator=generator)
        given = pixels.permute(0, 2, 3, 1).byte() if uint8 else pixels.float() / 255
        (found,) = session.run(["enlarged"], {"images": given.numpy()})
        with torch.inference_mode():
            expected = network(pixels / 255)
            plain = torch.nn.functional.interpolate(pixels / 255, scale_factor=2, mode="nearest")
        assert float((expected - plain).abs().mean()) > 0.02
        if uint8:
            assert found.dtype == np.uint8
            found = found.transpose(0, 3, 1, 2) / 255
        assert np.abs(found - expected.numpy()).max() <= allowed


def test_the_file_says_what_it_is(exported):
    target, _ = exported()
    file = onnx.load(target)
    metadata = {entry.key: entry.value for entry in file.metadata_props}
    assert json.loads(metadata["architecture"]) == ARCHITECTURE
    assert (metadata["scale"], metadata["reach"]) == ("2", "5")
    shapes = [
        [one.dim_param or one.dim_value for one in value.type.tensor_type.shape.dim]
        for value in (file.graph.input[0], file.graph.output[0])
    ]
    assert shapes[0] == ["batch", 3, "height", "width"]
    assert shapes[1] == ["batch", 3, "enlarged_height", "enlarged_width"]
    with pytest.raises(UserError, match=r"None\.onnx enlarges pictures and paints none"):
        OnnxNetwork(target)


def test_it_has_no_style(checkpoint, tmp_path):
    with pytest.raises(UserError, match="has no style: leave out --any-style"):
        export_onnx(checkpoint, tmp_path / "a.onnx", any_style=True)
    assert not any(tmp_path.iterdir())


def test_a_wrong_export_is_refused(checkpoint, exported, tmp_path, monkeypatch):
    right, run_right = exported()[0], export.enlarging_session

    def off(*which):
        run = run_right(*which)
        return lambda images: run(images) + 2e-3

    monkeypatch.setattr(export, "_to_onnx", lambda *_: right.read_bytes())
    monkeypatch.setattr(export, "enlarging_session", off)
    with pytest.raises(UserError, match="is off PyTorch by"):
        export_onnx(checkpoint, tmp_path / "a.onnx")
    assert not any(tmp_path.iterdir())
