"""A network that learns what another one paints."""

import pytest
import torch
from small.runs import fails, scalars

from fastnst.learning.checkpoint_files import read_checkpoint
from fastnst.models import read_model

DRAWN = ("data=dead_leaves", "data.images=5", "sample_every=20", "checkpoint_every=20")


def distance(one, other, batch):
    with torch.no_grad():
        return (one.network(batch) - other.network(batch)).square().mean().item()


@pytest.mark.slow
def test_a_network_comes_to_paint_what_its_teacher_does(train_in, batch):
    """With nothing else to learn, and from other weights."""
    teacher = train_in("teacher", *DRAWN, "trainer.max_steps=1", "seed=3")
    alone = ("loss.content_weight=0", "loss.style_weight=1e-9", "loss.tv_weight=0", "seed=4")
    taught = (f"teacher={teacher}", "teacher_weight=3", *alone, "network=light", "network.blocks=1")
    first = train_in("first", *DRAWN, *taught, "trainer.max_steps=1")
    last = train_in("last", *DRAWN, *taught, "trainer.max_steps=20", "optimizer.lr=0.01")
    photographs = batch(2, 32)
    before, after = (
        distance(read_model(folder), read_model(teacher), photographs) for folder in (first, last)
    )
    assert after < 0.7 * before
    logged = scalars(last)
    assert {"train/teacher", "train/weighted_teacher", "val/teacher"} <= logged.keys()
    # nothing of the teacher travels with the student
    state = read_checkpoint(last / "checkpoints" / "last.ckpt")["state_dict"]
    assert not [name for name in state if "teacher" in name]


@pytest.mark.slow
def test_a_teacher_of_one_style_may_have_no_styles_to_share(train_in, capsys, monkeypatch):
    """Batch normalisation has no rows of numbers to look for."""
    short = (*DRAWN, "trainer.max_steps=1")
    teacher = train_in("teacher", *short, "network.norm=batch")
    taught = (f"teacher={teacher}", "network=light", "network.blocks=1")
    assert scalars(train_in("own", *short, *taught))["train/teacher"] == [1]
    said = fails(capsys, monkeypatch, *DRAWN, *taught, "styles=[brush_strokes]")
    assert "has not learnt brush_strokes" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("teacher=nowhere", "teacher=nowhere: there is no such file, and no finished style"),
        ("teacher=irises teacher_weight=0", "teacher_weight"),
        ("styles=[sudden_shower] teacher=many_styles", "has not learnt sudden_shower"),
        ("style=sudden_shower teacher=many_styles", "has not learnt sudden_shower"),
        ("teacher=great_wave", "teacher=great_wave has not learnt brush_strokes"),
    ],
)
def test_wishes_that_cannot_be_fulfilled_end_in_a_sentence(
    words, sentence, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    assert sentence in fails(capsys, monkeypatch, *DRAWN, *words.split())
    assert not [*tmp_path.iterdir()]  # found before anything is made
