"""Damaged files of networks: each is a network or one sentence."""

import pytest
import torch
from small.mutants import mutants
from small.stylizing import ARCHITECTURE, write_small_model

from fastnst.learning.checkpoint_files import read_checkpoint
from fastnst.machine.errors import UserError
from fastnst.models import ENDING, read_model, read_style, write_style
from fastnst.models.export import export_onnx
from fastnst.models.onnx_network import OnnxNetwork


def checkpoint(folder):
    model = read_model(write_small_model(folder / "model.safetensors"))
    state = {f"network.{name}": value for name, value in model.network.state_dict().items()}
    return {
        "hyper_parameters": {"network": ARCHITECTURE, "style": {"name": "dots"}, "seed": 0},
        "state_dict": state,
        "optimizer_states": [{"param_groups": [{"lr": 0.001, "betas": (0.9, 0.99)}]}],
        "global_step": 7,
        "loops": {},
    }


def safetensors(folder):
    return write_small_model(folder / "model.safetensors")


def ckpt(folder):
    torch.save(checkpoint(folder), folder / "last.ckpt")
    return folder / "last.ckpt"


def old_ckpt(folder):
    path = folder / "old.ckpt"
    torch.save(checkpoint(folder), path, _use_new_zipfile_serialization=False)
    return path


def onnx(folder):
    export_onnx(write_small_model(folder / "model.safetensors"), folder / "model.onnx")
    return folder / "model.onnx"


def style(folder):
    path = folder / f"dots{ENDING}"
    write_style(path, torch.arange(200) / 200, {"name": "dots"}, "0" * 64, bytes(range(200)))
    return path


def resumed(folder):
    return ckpt(folder)


KINDS = {
    safetensors: read_model,
    ckpt: read_model,
    old_ckpt: read_model,
    resumed: read_checkpoint,
    onnx: OnnxNetwork,
    style: read_style,
}


def refused(make, folder, count, seed):
    """How many of the damaged files are refused; anything but a `UserError` goes on."""
    sound = make(folder)
    KINDS[make](sound)
    sentences = {}
    for name, content in mutants({sound.name: sound.read_bytes()}, count, seed):
        path = folder / name
        path.write_bytes(content)
        try:
            KINDS[make](path)
        except UserError as error:
            sentences[name] = str(error)
        path.unlink()
    for name, sentence in sentences.items():
        assert name in sentence
        assert "\n" not in sentence
    return len(sentences)


@pytest.mark.slow
@pytest.mark.parametrize("make", KINDS)
def test_a_damaged_file_is_a_network_or_one_sentence(tmp_path, make):
    assert refused(make, tmp_path, 300, seed=0) > 100


@pytest.mark.long
@pytest.mark.parametrize("make", KINDS)
def test_many_damaged_files_are_networks_or_one_sentence(tmp_path, make):
    refused(make, tmp_path, 5000, seed=1)
