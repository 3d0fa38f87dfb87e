"""Training on pairs of frames."""

import shutil

import pytest
import torch
from small.runs import fails, scalars

from fastnst.models import read_model

MOVING = ("data=dead_leaves", "data.images=5", "motion=synthetic", "trainer.max_steps=4")
HALF = ("checkpoint_every=2", "sample_every=4")


def weights(run):
    return torch.cat(
        [it.flatten() for it in read_model(run / "model.safetensors").network.parameters()]
    )


@pytest.mark.slow
def test_a_resumed_run_ends_like_an_uninterrupted_one(train_in, tmp_path):
    whole = train_in("whole", *MOVING, *HALF)
    logged = scalars(whole)
    assert logged["train/temporal"] == logged["train/weighted_temporal"] == [1, 2, 3, 4]
    features = logged["train/temporal_feature"], logged["train/weighted_temporal_feature"]
    assert features == ([1, 2, 3, 4], [1, 2, 3, 4])
    assert "val/temporal" not in logged  # pictures held out are compared as they are
    run = shutil.copytree(whole, tmp_path / "run")
    (run / "checkpoints" / "previous.ckpt").replace(run / "checkpoints" / "last.ckpt")
    (run / "model.safetensors").unlink()
    assert weights(train_in("run", *MOVING, *HALF, "resume=auto")).equal(weights(whole))
    # the term teaches something, or all this would show nothing
    for term in ("temporal_weight", "temporal_feature_weight"):
        assert not weights(train_in(term, *MOVING, *HALF, f"loss.{term}=0")).equal(weights(whole))


@pytest.mark.slow
def test_a_network_of_another_precision_sees_pairs_too(train_in):
    short = ("trainer.max_steps=1", "trainer.precision=bf16-true")
    assert scalars(train_in("run", *MOVING, *HALF, *short))["train/temporal"] == [1]


@pytest.mark.slow
def test_another_motion_is_told_when_a_run_goes_on(train_in, capsys):
    train_in("run", *MOVING, *HALF, "trainer.max_steps=2")
    train_in("run", *MOVING, *HALF, "motion=none", "resume=auto")
    assert "motion.name was synthetic, is none" in capsys.readouterr().out


def test_a_machine_that_cannot_move_pictures_is_told(capsys, monkeypatch):
    def refuse(*_):
        raise NotImplementedError("The operator is not implemented for the MPS device")

    monkeypatch.setattr("fastnst.motion.views._follow", refuse)
    assert "this PyTorch cannot move pictures" in fails(capsys, monkeypatch, *MOVING)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "motion=none loss.temporal_weight=3",
            "two frames, which fastnst train makes with motion=syn",
        ),
        (
            "motion=none loss.temporal_feature_weight=3",
            "loss.temporal_feature_weight=3 compares two frames",
        ),
        ("loss=johnson2016", "give loss.temporal_weight or"),
        ("motion.turn=90", "motion.turn"),
        ("motion=film", "synthetic"),
    ],
)
def test_wishes_that_cannot_be_fulfilled_end_in_a_sentence(words, sentence, capsys, monkeypatch):
    assert sentence in fails(capsys, monkeypatch, *MOVING, *words.split())
