"""Networks that somebody made to do harm: safetensors, and what files say about themselves."""

import json
import struct
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from safetensors.torch import save_file
from small.stylizing import ARCHITECTURE, write_small_model

from fastnst.config.settings import read_settings
from fastnst.losses.weights import build_loss_network
from fastnst.machine.errors import UserError
from fastnst.models import LONGEST_NAME, model_file, read_model
from fastnst.networks import build_network

CONFIGS = Path(__file__).parents[2] / "configs"
REFUSED = "is not a fastnst checkpoint"


def write(path, architecture=ARCHITECTURE, style=None, **tensors):
    state = build_network(ARCHITECTURE).state_dict() | tensors
    metadata = {"architecture": architecture, "style": style or {"name": "dots"}}
    texts = {key: json.dumps(value) for key, value in metadata.items()}
    save_file({name: value.contiguous() for name, value in state.items()}, path, texts)
    return path


@pytest.fixture
def built(monkeypatch):
    """Devices that networks are built on, when a file is read."""
    devices = []

    def build(architecture):
        network = build_network(architecture)
        devices.append(next(network.parameters()).device.type)
        return network

    monkeypatch.setattr(model_file, "build_network", build)
    return devices


def test_what_is_sound_is_read(tmp_path, built):
    read_model(write(tmp_path / "a.safetensors"))
    assert built == ["meta", "cpu"]


@pytest.mark.parametrize(
    "change",
    [
        {"width": 10**9}, {"width": 0}, {"width": -1}, {"width": 4.0}, {"width": "4"},
        {"width": True}, {"width": None}, {"width": 1024, "blocks": 100}, {"width": 5},
        {"blocks": 10**9}, {"blocks": -1}, {"blocks": 2}, {"blocks": [1]},
        {"norm": "layer"}, {"norm": None}, {"upsample": "bicubic"}, {"depth": 1}, {"self": 1},
        {"name": "vit"}, {"name": ["resnet"]}, {"name": "__class__"}, {"name": "johnson2016"},
    ],
)  # fmt: skip
def test_an_absurd_architecture_takes_no_memory(tmp_path, built, change):
    with pytest.raises(UserError, match=REFUSED):
        read_model(write(tmp_path / "a.safetensors", ARCHITECTURE | change))
    assert "cpu" not in built


def test_other_tensors_than_the_networks_are_refused(tmp_path, built):
    for tensors in ({"more": torch.ones(1)}, {"to_rgb.1.bias": torch.ones(4)}):
        with pytest.raises(UserError, match=REFUSED):
            read_model(write(tmp_path / "a.safetensors", **tensors))
    assert "cpu" not in built


@pytest.mark.parametrize(
    "style",
    [
        {"name": "../dots"}, {"name": "a/b"}, {"name": ".."}, {"name": "dots\n"}, {"name": ""},
        {"name": "a" * (LONGEST_NAME + 1)}, {"name": 5}, {"title": "no name"}, ["name"],
        {"name": "dots", "title": ["Dots"]}, {"name": "dots", "title": {"a": 1}},
        {"name": "dots", "title": "a" * 10**6},
    ],
)  # fmt: skip
def test_a_style_is_a_few_plain_values(tmp_path, style):
    with pytest.raises(UserError, match=REFUSED):
        read_model(write(tmp_path / "a.safetensors", style=style))


def test_a_style_that_is_trained_can_be_read(tmp_path):
    name = "a" * LONGEST_NAME
    assert read_model(write_small_model(tmp_path / "a.safetensors", name)).style["name"] == name
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        assert read_settings(compose("train", [f"style.name={name}"])).style.name == name
        with pytest.raises(UserError, match=r"style\.name"):
            read_settings(compose("train", [f"style.name={name}a"]))


def lying(header, content=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + content


def entry(shape, start, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize("read", [read_model, lambda path: build_loss_network("vgg16", str(path))])
@pytest.mark.parametrize(
    "content",
    [
        lying({}, length=2**62),
        lying({}, length=10**9),
        lying({"a": entry([10**12], 0, 4 * 10**12)}, bytes(16)),
        lying({"a": entry([10**12], 0, 16)}, bytes(16)),
        lying({"a": entry([2**62, 4], 0, 16)}, bytes(16)),
        lying({"a": entry([4], 16, 0)}, bytes(16)),
        lying({"a": entry([4], -16, 0)}, bytes(16)),
        lying({"a": entry([4], 0, 16), "b": entry([4], 0, 16)}, bytes(16)),
        lying({"a": entry([4], 0, 16, "F7")}, bytes(16)),
        lying({"a": entry([0, 10**18], 0, 0)}),
        lying(b"[" * 10**5),
        lying(b"\xff\xfe{}"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, read, content):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(UserError):
        read(path)


@pytest.mark.parametrize("text", ["[" * 10**5, "9" * 5000, "NaN"])
def test_metadata_that_strain_their_reader_are_refused(tmp_path, text):
    state = {"a": torch.ones(1)}
    save_file(state, tmp_path / "a.safetensors", {"architecture": text, "style": text})
    with pytest.raises(UserError, match=REFUSED):
        read_model(tmp_path / "a.safetensors")
    save_file(state, tmp_path / "b.safetensors", {"mean": f"[1, 1, {text}]", "std": "[1, 1, 1]"})
    with pytest.raises(UserError, match="cannot be read as VGG weights"):
        build_loss_network("vgg16", str(tmp_path / "b.safetensors"))
