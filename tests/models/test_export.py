"""Networks as ONNX files: what onnxruntime computes with them, and what is refused."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from fastnst.commands.export import main
from fastnst.machine.errors import UserError
from fastnst.models import export, read_model, write_model
from fastnst.models.export import export_onnx
from fastnst.models.onnx_network import OnnxNetwork
from fastnst.networks import build_network
from fastnst.version import VERSION

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RESNET = {"name": "resnet", "width": 4, "blocks": 1, "norm": "instance", "upsample": "nearest"}
ARCHITECTURES = {
    "instance": RESNET,
    "batch": RESNET | {"norm": "batch", "upsample": "transposed"},
    "light": {"name": "light", "width": 4, "blocks": 1},
    "johnson2016": {"name": "johnson2016"},
    "pytorch_examples": {"name": "pytorch_examples"},
}
STYLE = {"name": "dots", "title": "Dots \u00e0 la mode", "size": 256, "image": None}
SIZES = [(1, 16, 16), (2, 17, 30), (3, 47, 33), (1, 64, 96), (4, 19, 128)]


def write(folder: Path, kind: str) -> Path:
    """A network that normalises otherwise than a new one, and whose output has some contrast."""
    torch.manual_seed(0)
    network = build_network(ARCHITECTURES[kind])
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.InstanceNorm2d | torch.nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
        network.train()(torch.rand(2, 3, 32, 32))  # fills the running statistics
    path = folder / f"{kind}.safetensors"
    write_model(path, network, ARCHITECTURES[kind], STYLE)
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Makes a checkpoint and its export, each once."""
    folder = tmp_path_factory.mktemp("exported")
    done = {}

    def make(kind, **options):
        key = (kind, *options)
        if key not in done:
            target = folder / ("_".join(key) + ".onnx")
            checkpoint = write(folder, kind)
            done[key] = checkpoint, target, export_onnx(checkpoint, target, **options)
        return done[key]

    return make


def photographs(size, seed=1):
    batch, height, width = size
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (batch, 3, height, width), generator=generator) / 255


@torch.inference_mode()
def both(checkpoint, target, size):
    images = photographs(size)
    return read_model(checkpoint).network(images), OnnxNetwork(target, "cpu")(images)


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_the_file_computes_what_the_checkpoint_does(exported, kind):
    checkpoint, target, difference = exported(kind)
    assert 0 <= difference < 2e-5
    for size in SIZES:
        expected, painted = both(checkpoint, target, size)
        assert painted.dtype == torch.float32
        assert expected.std() > 0.005
        torch.testing.assert_close(painted, expected, rtol=0, atol=2e-5)


def test_float16_is_half_and_close(exported):
    _, whole, _ = exported("instance")
    checkpoint, target, difference = exported("instance", float16=True)
    assert 2e-5 < difference < 1e-2
    for size in SIZES:
        expected, painted = both(checkpoint, target, size)
        assert painted.dtype == torch.float32
        torch.testing.assert_close(painted, expected, rtol=0, atol=1e-2)
    graph = onnx.load(target).graph
    stored = {weight.name: weight.data_type for weight in graph.initializer}
    made_by = {output: node for node in graph.node for output in node.output}
    convs = [node for node in graph.node if node.op_type == "Conv"]
    norms = [node for node in graph.node if node.op_type == "InstanceNormalization"]
    assert convs
    assert norms
    assert {stored[node.input[1]] for node in convs} == {TensorProto.FLOAT16}
    assert {stored[node.input[1]] for node in norms} == {TensorProto.FLOAT}
    for node in norms:  # whose sums float16 could not hold
        cast = made_by[node.input[0]]
        assert cast.op_type == "Cast"
        assert cast.attribute[0].i == TensorProto.FLOAT
    assert target.stat().st_size < 0.75 * whole.stat().st_size


def test_bytes_in_and_out_are_rounded(exported):
    checkpoint, target, difference = exported("instance", uint8=True)
    assert difference <= 0.5 / 255 + 1e-5
    network, again = read_model(checkpoint).network, OnnxNetwork(target, "cpu")
    for size in SIZES:
        images = photographs(size)
        pixels = images.mul(255).round().byte().permute(0, 2, 3, 1).numpy()
        (painted,) = again.session.run(["stylized"], {"images": pixels})
        with torch.inference_mode():
            expected = network(images).mul(255).permute(0, 2, 3, 1).numpy()
            same = again(images)
        assert painted.dtype == np.uint8
        assert np.abs(painted - expected).max() < 0.502
        assert torch.equal(same, torch.from_numpy(painted).permute(0, 3, 1, 2) / 255)


@pytest.mark.parametrize("uint8", [False, True])
def test_the_file_says_what_it_is(exported, uint8):
    _, target, _ = exported("instance", **({"uint8": True} if uint8 else {}))
    file = onnx.load(target, load_external_data=False)
    onnx.checker.check_model(file, full_check=True)
    assert [opset.version for opset in file.opset_import] == [18]
    assert all(not tensor.external_data for tensor in file.graph.initializer)
    metadata = {entry.key: entry.value for entry in file.metadata_props}
    assert metadata["format"] == "fastnst"
    assert metadata["fastnst"] == VERSION
    assert json.loads(metadata["architecture"]) == RESNET
    assert json.loads(metadata["style"]) == STYLE
    assert ("uint8 (N, H, W, 3)" if uint8 else "float32 (N, 3, H, W)") in metadata["pixels"]
    assert metadata["precision"] == "float32"
    for value, name in ((file.graph.input[0], "images"), (file.graph.output[0], "stylized")):
        sizes = [one.dim_param or one.dim_value for one in value.type.tensor_type.shape.dim]
        expected = ["batch", "height", "width", 3] if uint8 else ["batch", 3, "height", "width"]
        assert (value.name, sizes) == (name, expected)
    assert len(file.graph.node) < 65
    assert b"fastnst/networks" not in target.read_bytes()  # paths of the machine that exported
    network = OnnxNetwork(target)
    assert (network.style, network.architecture) == (STYLE, RESNET)
    assert network.reach == build_network(RESNET).reach


def test_it_stands_in_for_a_network(exported, monkeypatch):
    _, target, _ = exported("instance")
    monkeypatch.setattr("torch.get_num_threads", lambda: 1)
    network = OnnxNetwork(target).to("cpu").eval()
    assert network.session.get_session_options().intra_op_num_threads == 1
    images = photographs((1, 20, 24)).to(memory_format=torch.channels_last)
    plain = network(images.contiguous())
    assert torch.equal(network(images), plain)
    assert torch.equal(network(images.requires_grad_()), plain)
    with pytest.raises(ValueError, match="16x16"):
        network(photographs((1, 15, 40)))
    with pytest.raises(RuntimeError, match="images"):
        network(torch.rand(1, 4, 16, 16))


def test_the_command(tmp_path, monkeypatch, capfd):
    checkpoint, target = write(tmp_path, "instance"), tmp_path / "new" / "model.onnx"
    words = ["--ckpt", str(checkpoint), "-o", str(target), "--uint8", "--float16"]
    monkeypatch.setattr(sys, "argv", ["export", *words])
    main()
    output, errors = capfd.readouterr()
    assert errors == ""
    assert output.count("\n") == 1
    assert "model.onnx: 0.0 MB, ONNX opset 18" in output
    assert [*target.parent.iterdir()] == [target]
    expected, painted = both(checkpoint, target, (1, 33, 18))
    torch.testing.assert_close(painted, expected, rtol=0, atol=1e-2)


@pytest.mark.parametrize(
    ("name", "target", "words"),
    [
        ("gone.ckpt", "a.onnx", "no checkpoint"),
        ("text.ckpt", "a.onnx", "is not a fastnst checkpoint"),
        ("text.ckpt", "a.safetensors", r"a name that ends in \.onnx"),
    ],
)
def test_mistakes_in_exporting(tmp_path, name, target, words):
    (tmp_path / "text.ckpt").write_text("hello")
    with pytest.raises(UserError, match=words):
        export_onnx(tmp_path / name, tmp_path / target)
    assert [path.name for path in tmp_path.iterdir()] == ["text.ckpt"]


@pytest.mark.parametrize("off", [2e-3, float("nan")])
def test_a_wrong_export_is_refused(exported, tmp_path, monkeypatch, off):
    checkpoint, right, _ = exported("instance")
    monkeypatch.setattr(export, "_to_onnx", lambda *_: right.read_bytes())
    monkeypatch.setattr(OnnxNetwork, "forward", lambda self, x: forward(self, x) + off)
    with pytest.raises(UserError, match="is off PyTorch by"):
        export_onnx(checkpoint, tmp_path / "a.onnx")
    assert not any(tmp_path.iterdir())


forward = OnnxNetwork.forward


def test_an_exporter_that_cannot(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise torch.onnx.OnnxExporterError("no such operator\nand much more")

    checkpoint = write(tmp_path, "instance")
    monkeypatch.setattr("torch.onnx.export", fail)
    with pytest.raises(UserError, match=r"onnxscript installed.*\(no such operator\)\.$"):
        export_onnx(checkpoint, tmp_path / "a.onnx")
    assert [*tmp_path.iterdir()] == [checkpoint]


@pytest.mark.parametrize("library", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_library_is_named(exported, tmp_path, monkeypatch, library):
    checkpoint, target, _ = exported("instance")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UserError, match=rf"takes {library}: pip install 'fastnst\[onnx\]'"):
        export_onnx(checkpoint, tmp_path / "a.onnx")
    if library == "onnxscript":
        OnnxNetwork(target)
        return
    with pytest.raises(UserError, match=rf"takes {library}: pip install 'fastnst\[onnx\]'"):
        OnnxNetwork(target)


def identity(dtype, sizes, **metadata):
    values = [helper.make_tensor_value_info(name, dtype, sizes) for name in ("images", "stylized")]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["images"], ["stylized"])], "g", values[:1], values[1:]
    )
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    for key, value in metadata.items():
        file.metadata_props.add(key=key, value=value)
    return file.SerializeToString()


GOOD = {"format": "fastnst", "architecture": "{}", "style": '{"name": "dots"}', "reach": "57"}
PLANES, FLOAT = ["n", 3, "h", "w"], TensorProto.FLOAT


@pytest.mark.parametrize(
    ("content", "good"),
    [
        (identity(FLOAT, PLANES, **GOOD), True),
        (identity(TensorProto.UINT8, ["n", "h", "w", 3], **GOOD), True),
        (identity(FLOAT, PLANES), False),
        (identity(FLOAT, PLANES, **GOOD | {"format": "other"}), False),
        (identity(FLOAT, PLANES, **GOOD | {"style": "[]"}), False),
        (identity(FLOAT, PLANES, **GOOD | {"style": '{"name": "../dots"}'}), False),
        (identity(FLOAT, PLANES, **GOOD | {"reach": "far"}), False),
        (identity(FLOAT, ["n", "h", "w", 3], **GOOD), False),
        (identity(TensorProto.FLOAT16, PLANES, **GOOD), False),
        (identity(TensorProto.UINT8, PLANES, **GOOD), False),
        (identity(FLOAT, [3], **GOOD), False),
        (identity(FLOAT, PLANES, **GOOD).replace(b"images", b"pixels"), False),
        (identity(FLOAT, PLANES, **GOOD)[:60], False),
        (b"", False),
        (b"hello", False),
    ],
)
def test_which_files_are_run(tmp_path, content, good, capfd):
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    if good:
        images = photographs((1, 16, 20))
        torch.testing.assert_close(OnnxNetwork(path)(images), images)
        return
    with pytest.raises(UserError, match=r"a\.onnx is not an ONNX file of fastnst"):
        OnnxNetwork(path)
    assert capfd.readouterr().err == ""


def test_a_truncated_or_missing_file(exported, tmp_path):
    content = exported("instance")[1].read_bytes()
    path = tmp_path / "a.onnx"
    with pytest.raises(UserError, match="There is no checkpoint"):
        OnnxNetwork(path)
    for share in (0.1, 0.5, 0.99):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(UserError, match="is not an ONNX file of fastnst"):
            OnnxNetwork(path)
