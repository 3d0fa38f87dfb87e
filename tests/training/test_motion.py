"""Training on pairs of frames."""

import shutil

import pytest
import torch
from small.runs import fails, scalars

from fastnst.commands.train import main
from fastnst.models import read_model

MOVING = ("data=dead_leaves", "data.images=5", "motion=synthetic", "trainer.max_steps=4")
HALF = ("checkpoint_every=2", "sample_every=4")


@pytest.fixture
def train(tmp_path, command_line):
    """Train in this process; gives the run folder."""

    def train(folder, *arguments):
        command_line(f"hydra.run.dir={folder}", *MOVING, *HALF, *arguments)
        main()
        return tmp_path / folder

    return train


def weights(run):
    return torch.cat(
        [it.flatten() for it in read_model(run / "model.safetensors").network.parameters()]
    )


@pytest.mark.slow
def test_a_resumed_run_ends_like_an_uninterrupted_one(train, tmp_path):
    whole = train("whole")
    logged = scalars(whole)
    assert logged["train/temporal"] == logged["train/weighted_temporal"] == [1, 2, 3, 4]
    assert "val/temporal" not in logged  # pictures held out are compared as they are
    run = shutil.copytree(whole, tmp_path / "run")
    (run / "checkpoints" / "previous.ckpt").replace(run / "checkpoints" / "last.ckpt")
    (run / "model.safetensors").unlink()
    assert weights(train("run", "resume=auto")).equal(weights(whole))
    # the term teaches something, or all this would show nothing
    assert not weights(train("still", "loss.temporal_weight=0")).equal(weights(whole))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "motion=none loss.temporal_weight=3",
            "two frames, which fastnst train makes with motion=syn",
        ),
        ("motion.turn=90", "motion.turn"),
        ("motion=film", "synthetic"),
    ],
)
def test_wishes_that_cannot_be_fulfilled_end_in_a_sentence(words, sentence, capsys, monkeypatch):
    assert sentence in fails(capsys, monkeypatch, *MOVING, *words.split())
