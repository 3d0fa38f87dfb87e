from types import SimpleNamespace

import pytest
import torch
from small.runs import fails
from small.stylizing import write_small_model

from fastnst.commands.train import main
from fastnst.config.recipe import recipe_command
from fastnst.evaluation.runs import read_runs
from fastnst.learning.checkpoint_files import read_checkpoint
from fastnst.machine import UserError
from fastnst.models import ENDING, fingerprint, read_model, write_style
from fastnst.networks import style_of
from fastnst.prediction import Predictor
from fastnst.training import first_weights as beginning

NAMED = SimpleNamespace(name="new")
TINY = ("data=dead_leaves", "data.images=4", "trainer.max_steps=1", "hydra.run.dir=run")
STILL = "optimizer.lr=1e-30"  # what is trained is what was there


@pytest.fixture
def finished(tmp_path):
    """A network as `SMALL` has it, with weights of its own."""
    return write_small_model(tmp_path / "finished.safetensors", seed=7)


@pytest.mark.slow
def test_weights_are_taken_and_all_else_begins_anew(finished, command_line, tmp_path):
    command_line(*TINY, STILL, f"init={finished}")
    main()
    begun = read_model(tmp_path / "run" / "model.safetensors").network.state_dict()
    for name, value in read_model(finished).network.state_dict().items():
        torch.testing.assert_close(begun[name], value, rtol=0, atol=1e-6)
    checkpoint = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert checkpoint["global_step"] == 1
    assert checkpoint["hyper_parameters"]["init"] == str(finished)
    # from a checkpoint, of which the optimizer and the steps are not taken
    command_line(*TINY[:3], STILL, "init=run/checkpoints/last.ckpt", "hydra.run.dir=other")
    main()
    again = read_checkpoint(tmp_path / "other" / "checkpoints" / "last.ckpt")
    assert again["global_step"] == 1
    assert again["optimizer_states"][0]["state"][0]["step"] == 1
    # what a run began with is kept when it goes on without saying it again
    more = ("trainer.max_steps=2", "resume=auto", "hydra.run.dir=other")
    command_line(*TINY[:2], STILL, *more)
    main()
    assert "init: run/checkpoints/last.ckpt" in (tmp_path / "other" / "config.yaml").read_text()
    with pytest.raises(UserError, match="no short command"):
        recipe_command(
            read_runs(tmp_path / "other" / "checkpoints" / "last.ckpt")[0].settings, "zoo"
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["init=starry_nigth"], ["init=starry_nigth", "starry_night", "no such file"]),
        (["init=starry_night"], ["init=starry_night", "network.width=32 network.blocks=5"]),
        (["init=finished.safetensors", "network.blocks=2"], ["network.blocks=1"]),
        (["init=finished.safetensors", "network=johnson2016"], ["network=resnet"]),
        (["init=finished.safetensors", "network=light"], ["network=resnet"]),
        (["init=text.safetensors"], ["init=text.safetensors", "not a fastnst checkpoint"]),
        (["init=nan.safetensors"], ["init=nan.safetensors", "finite"]),
        (["init=finished.safetensors", "resume=finished.safetensors"], ["init=", "resume="]),
        (["trunk=many/model.safetensors", "network.width=4"], ["few.style", "3 numbers"]),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_written(
    arguments, words, finished, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.safetensors").write_text("no network")
    write_small_model(tmp_path / "nan.safetensors", contrast=float("nan"))
    (tmp_path / "many").mkdir()
    shared = read_model(write_small_model(tmp_path / "many" / "model.safetensors")).network
    file = tmp_path / "many" / f"few{ENDING}"
    write_style(file, torch.ones(3), {"name": "few"}, fingerprint(shared))
    arguments = [*arguments]
    if "network=johnson2016" in arguments:
        monkeypatch.setattr("small.runs.SMALL", [])
        arguments += ["data=dead_leaves", "trainer.accelerator=cpu"]
    sentence = fails(capsys, monkeypatch, *TINY, *arguments)
    for word in words:
        assert word in sentence
    assert not (tmp_path / "run").exists()


def test_a_new_style_begins_with_what_is_predicted(finished, tmp_path, monkeypatch):
    network = read_model(finished).network
    row = style_of(network)
    predictor = Predictor(len(row), fingerprint(network))
    predictor.get_buffer("middle").copy_(row + 1)
    monkeypatch.setattr(beginning, "read_predictor", lambda: predictor)
    settings = SimpleNamespace(trunk=str(finished), init=None, styles=None, paintings=[NAMED])
    painting = torch.rand(1, 3, 48, 48)
    found = beginning.first_styles(settings, network, {"new": painting})
    torch.testing.assert_close(found["new"], row + 1)
    predictor.network = "0" * 64  # of another network it says nothing
    assert beginning.first_styles(settings, network, {"new": painting}) == {}
