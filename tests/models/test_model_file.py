import json
import os
from pathlib import Path

import pytest
import safetensors
import torch
from small.stylizing import write_small_model

from fastnst.machine.errors import UserError
from fastnst.models import read_model, write_model
from fastnst.networks import build_network

SMALL = {"name": "resnet", "width": 4, "blocks": 1, "norm": "instance", "upsample": "nearest"}
BATCH = SMALL | {"norm": "batch", "upsample": "transposed"}
STYLE = {"name": "great_wave", "title": "The Great Wave off Kanagawa", "size": 256, "image": None}


def build(architecture):
    torch.manual_seed(0)
    network = build_network(architecture)
    network.train()(torch.rand(2, 3, 16, 16))  # fills the running statistics
    return network


@pytest.mark.parametrize("architecture", [SMALL, BATCH, {"name": "johnson2016"}])
def test_what_is_written_is_read(tmp_path, architecture):
    network, path = build(architecture), tmp_path / "model.safetensors"
    write_model(path, network, architecture, STYLE)
    model = read_model(path)
    assert type(model.network) is type(network)
    assert not model.network.training
    assert model.style == STYLE
    state = model.network.state_dict()
    assert state.keys() == network.state_dict().keys()
    for name, value in network.state_dict().items():
        assert torch.equal(state[name], value), name
        assert state[name].dtype == value.dtype, name
    images = torch.rand(1, 3, 20, 20)
    with torch.no_grad():
        assert torch.equal(model.network(images), network.eval()(images))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_batch_counts_survive(tmp_path, dtype):
    network, path = build(BATCH), tmp_path / "model.safetensors"
    counts = {name for name in network.state_dict() if name.endswith("num_batches_tracked")}
    assert counts
    for name in counts:
        network.get_buffer(name).fill_(40_001)  # which float16 has not
    write_model(path, network, BATCH, STYLE, dtype)
    state = read_model(path).network.state_dict()
    assert {state[name].item() for name in counts} == {40_001}


def test_float16_is_half_and_close(tmp_path):
    network = build(SMALL | {"width": 16})
    whole, half = tmp_path / "whole.safetensors", tmp_path / "half.safetensors"
    write_model(whole, network, SMALL | {"width": 16}, STYLE)
    write_model(half, network, SMALL | {"width": 16}, STYLE, "float16")
    assert 0.5 < half.stat().st_size / whole.stat().st_size < 0.55
    state = read_model(half).network.state_dict()
    exact = True
    for name, value in network.state_dict().items():
        assert state[name].dtype == torch.float32
        torch.testing.assert_close(state[name], value, rtol=1e-3, atol=1e-6)
        exact &= torch.equal(state[name], value)
    assert not exact


def test_the_metadata_say_what_it_is(tmp_path):
    path = tmp_path / "model.safetensors"
    write_model(path, build(SMALL), SMALL, STYLE)
    with safetensors.safe_open(path, "pt") as file:
        metadata = file.metadata()
        assert file.get_tensor("to_rgb.1.bias").shape == (3,)
    assert metadata["format"] == "fastnst"
    assert json.loads(metadata["architecture"]) == SMALL
    assert json.loads(metadata["style"]) == STYLE


@pytest.mark.parametrize(("dtype", "megabytes"), [("float32", 6.72), ("float16", 3.36)])
def test_the_default_model_is_small(tmp_path, dtype, megabytes):
    architecture = {"name": "resnet"}
    path = tmp_path / "model.safetensors"
    write_model(path, build_network(architecture), architecture, STYLE, dtype)
    assert path.stat().st_size / 1e6 == pytest.approx(megabytes, abs=0.03)


def checkpoint(network, architecture, **more):
    state = {f"network.{name}": value for name, value in network.state_dict().items()}
    return {
        "hyper_parameters": {"network": architecture, "style": STYLE, "seed": 0},
        "state_dict": state | {"loss.gram": torch.ones(1)},
        "global_step": 7,
        **more,
    }


@pytest.mark.parametrize("architecture", [SMALL, BATCH])
def test_a_training_checkpoint_is_read(tmp_path, architecture):
    network = build(architecture)
    torch.save(checkpoint(network, architecture), tmp_path / "last.ckpt")
    model = read_model(tmp_path / "last.ckpt")
    assert not model.network.training
    assert model.style == STYLE
    for name, value in network.state_dict().items():
        assert torch.equal(model.network.state_dict()[name], value)


def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"older")

    def fail(temporary, target):
        assert temporary.stat().st_size > 1000
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        write_model(path, build(SMALL), SMALL, STYLE)
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_bytes() == b"older"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no checkpoint .*gone\.ckpt"):
        read_model(tmp_path / "gone.ckpt")


REFUSED = r"is not a fastnst checkpoint.*last\.ckpt or model\.safetensors"


@pytest.mark.parametrize("name", ["a.ckpt", "a.safetensors", "a.jpg"])
@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"a text", b"0,1,2\n", b"<html>", b"\x89PNG\r\n", b"PK\x03\x04", b"s\n"],
    ids=["empty", "word", "text", "table", "page", "picture", "archive", "letter"],
)
def test_what_is_no_checkpoint_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=REFUSED):
        read_model(tmp_path / name)


@pytest.mark.parametrize("name", ["a.ckpt", "a.safetensors"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path, name, share):
    network, path = build(SMALL), tmp_path / name
    if name == "a.ckpt":
        torch.save(checkpoint(network, SMALL), path)
    else:
        write_model(path, network, SMALL, STYLE)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match=REFUSED):
        read_model(path)


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {"state_dict": {}},
        {"state_dict": {}, "hyper_parameters": {}},
        {"state_dict": {}, "hyper_parameters": {"network": SMALL, "style": STYLE}},
        {"state_dict": {}, "hyper_parameters": {"network": {"name": "vit"}, "style": STYLE}},
        {"state_dict": {}, "hyper_parameters": {"network": SMALL | {"depth": 1}, "style": STYLE}},
        {"state_dict": {}, "hyper_parameters": {"network": None, "style": STYLE}},
        {"state_dict": None, "hyper_parameters": {"network": SMALL, "style": STYLE}},
    ],
)
def test_another_programs_checkpoint_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "other.ckpt")
    with pytest.raises(UserError, match=REFUSED):
        read_model(tmp_path / "other.ckpt")


@pytest.mark.parametrize(
    "metadata",
    [None, {"architecture": "{", "style": "{}"}, {"architecture": "[]", "style": "{}"},
     {"architecture": json.dumps(SMALL)}, {"architecture": "5", "style": "{}"}],
)  # fmt: skip
def test_another_programs_safetensors_are_refused(tmp_path, metadata):
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"a": torch.ones(1)}, path, metadata)
    with pytest.raises(UserError, match=REFUSED):
        read_model(path)


@pytest.mark.skipif(os.name == "nt", reason="its names are text")
def test_a_name_may_be_no_text(tmp_path):
    path = tmp_path / os.fsdecode(b"m\xe9.safetensors")
    write_small_model(path)
    assert read_model(path).style["name"] == "dots"


def test_the_folder_of_a_run_is_its_network(tmp_path):
    write_small_model(tmp_path / "run" / "model.safetensors")
    (tmp_path / "run" / "checkpoints").mkdir()
    checkpoint = tmp_path / "run" / "checkpoints" / "last.ckpt"
    checkpoint.write_text("is not read")
    os.utime(checkpoint, (0, 0))
    assert read_model(tmp_path / "run").style["name"] == "dots"
    # what a run wrote that was resumed, and then killed
    os.utime(tmp_path / "run" / "model.safetensors", (0, 0))
    os.utime(checkpoint, (9, 9))
    with pytest.raises(UserError, match=r"last\.ckpt is not a fastnst checkpoint"):
        read_model(tmp_path / "run")
    (tmp_path / "run" / "dots.style.safetensors").touch()  # which belongs to the older network
    assert read_model(tmp_path / "run").style["name"] == "dots"
    with pytest.raises(UserError, match="is no run"):
        read_model(tmp_path)


@pytest.mark.parametrize("name", ["starry_night", "starry_night.safetensors"])
def test_a_finished_style_is_hinted_at(name, tmp_path):
    with pytest.raises(UserError, match="--style starry_night"):
        read_model(tmp_path / name)
