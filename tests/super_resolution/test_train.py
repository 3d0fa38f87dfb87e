"""Learning to enlarge, on so little that it takes seconds."""

import shutil

import pytest
import torch
from small.runs import ends_in_a_sentence, scalars
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.commands.train import main
from fastnst.learning import read_checkpoint
from fastnst.models import read_enlarger, write_model
from fastnst.networks import build_enlarger

NARROW = ("network.width=4", "network.blocks=1")
SMALL = (
    *("task=super_resolution", "data=dead_leaves", "data.images=5", "data.image_size=64"),
    *("data.batch_size=2", "data.workers=0", "data.val_images=2", "loss_network.weights=random"),
    *("trainer.accelerator=cpu", "log_every=1"),
    *("trainer.max_steps=4", "checkpoint_every=2", "sample_every=4", "compile=false"),
)


@pytest.fixture
def enlarging_in(tmp_path, monkeypatch):
    """Trains in this process, in a folder by its name; gives the folder."""

    def train(folder, *arguments):
        monkeypatch.chdir(tmp_path)
        narrow = () if "network=johnson2016_sr" in arguments else NARROW
        words = ["fastnst train", *SMALL, *narrow, f"hydra.run.dir={folder}", *arguments]
        monkeypatch.setattr("sys.argv", words)
        main()
        return tmp_path / folder

    return train


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """The sentence with which a command line ends."""

    def call(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["fastnst train", *SMALL, *arguments])
        return ends_in_a_sentence(capsys, main)

    return call


def weights(run):
    network = read_enlarger(run).network
    return torch.cat([it.flatten() for it in network.parameters()])


@pytest.mark.slow
def test_a_resumed_run_ends_like_an_uninterrupted_one(enlarging_in, tmp_path, capsys):
    whole = enlarging_in("whole")
    printed = capsys.readouterr().out
    for line in (
        f"sample sheet: {whole / 'samples' / 'step_000004.png'}",
        f"model:        {whole / 'model.safetensors'}",
    ):
        assert line in printed.splitlines()
    logged = scalars(whole)
    for term in ("pixel", "weighted_pixel", "feature", "weighted_feature", "total"):
        assert logged[f"train/{term}"] == [1, 2, 3, 4]
    assert logged["val/psnr"] == logged["val/ssim"] == [4]
    run = shutil.copytree(whole, tmp_path / "run")
    (run / "checkpoints" / "previous.ckpt").replace(run / "checkpoints" / "last.ckpt")
    (run / "model.safetensors").unlink()
    assert weights(enlarging_in("run", "resume=auto")).equal(weights(whole))
    checkpoint = read_checkpoint(whole / "checkpoints" / "last.ckpt")
    assert not any("loss" in name for name in checkpoint["state_dict"])
    assert weights(whole / "checkpoints" / "last.ckpt").equal(weights(whole))
    capsys.readouterr()  # a finished run is not done again
    enlarging_in("run", "resume=auto")
    assert "4 times from" not in capsys.readouterr().out


@pytest.mark.slow
def test_it_learns(enlarging_in):
    """Of the same two pictures at every step: better than the bicubic beginning."""
    always = ("data.images=2", "data.hflip=false", "loss.feature_weight=0", "optimizer.lr=3e-3")
    run = enlarging_in("run", *always, "trainer.max_steps=40", "sample_every=40")
    events = EventAccumulator(str(run)).Reload()
    values = [event.value for event in events.Scalars("train/pixel")]
    assert values[-1] < 0.9 * values[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("network=johnson2016_sr",), ("network.norm=batch", "trainer.precision=bf16-true")]
)
def test_other_networks_and_precisions(enlarging_in, words):
    run = enlarging_in("run", *words, "trainer.max_steps=2", "scale=2")
    assert read_enlarger(run).network.scale == 2


@pytest.mark.slow
def test_a_run_is_not_gone_on_with_as_another(enlarging_in, refused):
    enlarging_in("run")
    on = (*NARROW, "resume=auto", "hydra.run.dir=run", "trainer.max_steps=5")
    assert "scale=4, not 2" in refused("scale=2", *on)
    assert "init=run does not fit" in refused("init=run", "scale=2", *NARROW)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("scale=3", "scale=3: should be 2, 4 or 8"),
        ("data.image_size=66", "give a multiple of 4 from 64"),
        ("scale=8", "give a multiple of 8 from 128"),
        ("loss.pixel_weight=0 loss.feature_weight=0", "nothing to learn"),
        ("+loss.feature_layers.relu9_9=1", "no layer relu9_9"),
        ("init=nowhere.safetensors", "init=nowhere.safetensors: There is no checkpoint"),
        ("network=resnet", "'sr', 'johnson2016_sr'"),
        ("blur=-1", "blur"),
    ],
)
def test_wishes_that_cannot_be_fulfilled_end_in_a_sentence(words, sentence, refused):
    assert sentence in refused(*words.split())


def test_a_network_of_styles_does_not_enlarge(refused, model):
    assert "paints in a style: fastnst stylize" in refused(f"init={model}")


def test_weights_that_are_no_numbers_are_no_beginning(refused, tmp_path):
    architecture = {"name": "sr", "scale": 4, "width": 4, "blocks": 1, "norm": "none"}
    network = build_enlarger(architecture)
    network.to_rgb.weight.data.fill_(float("nan"))
    write_model(tmp_path / "nan.safetensors", network, architecture, {"name": "sr"})
    assert "nan.safetensors: not all of its weights" in refused("init=nan.safetensors", *NARROW)


def test_another_task_is_told_of_both(refused):
    told = refused("task=restoration", "style=brush_strokes")
    assert "task=restoration" in told
    assert "super_resolution" in told
