"""`fastnst distill`, run as users run it, on a few pixels and a random teacher."""

import re
import signal
import sys
from types import SimpleNamespace

import pytest
import torch
from omegaconf import OmegaConf
from safetensors.torch import load_file
from small.runs import ends_in_a_sentence, scalars
from small.teachers import equal_teacher

from fastnst.commands.distill import main
from fastnst.commands.train import main as train
from fastnst.distillation.step import NEW, OLD, PAINTINGS, Distillation
from fastnst.distillation.student import Student
from fastnst.losses.compact import EXPOSED, WEIGHTS

pytestmark = pytest.mark.slow

TINY = {
    "loss_network": "vgg16",
    "loss_network.weights": "random",
    "data": "dead_leaves",
    "data.images": 8,
    "data.image_size": 40,
    "data.batch_size": 2,
    "data.workers": 0,
    "data.val_images": 2,
    "crop": 32,
    "first_pictures": 6,
    "max_steps": 4,
    "sample_every": 2,
    "log_every": 1,
    "compile": "false",
    "device": "cpu",
    "hydra.run.dir": "run",
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # how well the first weights fit is seen in test_student.py
    monkeypatch.setattr("fastnst.distillation.student.PASSES", 1)

    def call(*arguments: str) -> None:
        words = [f"{key}={value}" for key, value in TINY.items()]
        monkeypatch.setattr(sys, "argv", ["fastnst distill", *words, *arguments])
        main()

    return call


def test_it_makes_a_loss_network_that_a_style_can_be_learnt_against(
    run, tmp_path, capsys, command_line
):
    run()
    said = capsys.readouterr().out
    path = tmp_path / "run" / WEIGHTS.name
    assert f"use it:       loss_network=compact loss_network.weights={path}" in said
    for when in ("before training", "after 4 steps"):
        for name in ("activations", "Gram matrices"):
            assert re.search(rf"{when}, squared errors of the {name}: relu1_2 \d\.\d+, ", said)
    assert OmegaConf.load(tmp_path / "run" / "config.yaml").loss_network.name == "vgg16"
    logged = scalars(tmp_path / "run")
    assert logged["train/gram_relu4_3"] == [0, 1, 2, 3]
    assert len(logged["val/features_relu1_2"]) >= 2
    command_line(
        "data=dead_leaves",
        f"loss_network.weights={path}",
        "trainer.max_steps=2",
        "hydra.run.dir=trained",
    )
    train()
    assert (tmp_path / "trained" / "model.safetensors").is_file()


def test_it_is_reproducible(run, tmp_path):
    for name in ("one", "two", "other"):
        run(f"hydra.run.dir={name}", *(["seed=1"] if name == "other" else []))
    one, two, other = (
        load_file(tmp_path / name / WEIGHTS.name) for name in ("one", "two", "other")
    )
    assert one.keys() == two.keys() == other.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_it_goes_on_from_weights(run, tmp_path):
    run()
    before = load_file(tmp_path / "run" / WEIGHTS.name)
    run(f"start=run/{WEIGHTS.name}", "lr=1e-12", "hydra.run.dir=on")
    after = load_file(tmp_path / "on" / WEIGHTS.name)
    features = [name for name in before if name.startswith("features")]
    assert len(features) == 18
    assert all(torch.equal(before[name], after[name]) for name in features)


def test_what_is_there_is_not_overwritten(run, tmp_path, capsys):
    path = tmp_path / "run" / WEIGHTS.name
    path.parent.mkdir()
    path.write_text("precious")
    sentence = ends_in_a_sentence(capsys, run)
    assert f"{path} is there already" in sentence
    assert path.read_text() == "precious"


def test_damaged_weights_to_go_on_from_are_named(run, tmp_path, capsys):
    (tmp_path / "cut.safetensors").write_bytes(b"no tensors")
    sentence = ends_in_a_sentence(capsys, run, "start=cut.safetensors", "hydra.run.dir=on")
    assert "start=cut.safetensors cannot be gone on from" in sentence


def test_weights_that_are_no_numbers_are_not_written(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Distillation, "configure_optimizers", lambda self: _spoil(self))
    sentence = ends_in_a_sentence(capsys, run)
    assert "After step 2 the weights are no finite numbers: give a smaller lr" in sentence
    assert load_file(tmp_path / "run" / WEIGHTS.name)["features.0.weight"].isfinite().all()


def _spoil(module):
    module.student.features[0].weight.data.fill_(torch.nan)
    return torch.optim.SGD(module.student.parameters(), 0.0)


def test_it_learns_from_paintings_and_photographs(run, picture, photos, monkeypatch):
    picture("paintings/one.png", size=(60, 50))
    monkeypatch.setitem(TINY, "data", "folder")
    monkeypatch.delitem(TINY, "data.images")
    sizes = []
    errors = Distillation.errors

    def watch(self, images):
        sizes.append(len(images))
        return errors(self, images)

    monkeypatch.setattr(Distillation, "errors", watch)
    run(f"data.root={photos}", "paintings=paintings")
    assert 2 + NEW + OLD + PAINTINGS in sizes  # batches of two photographs


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["crop=48"], ["crop=48", "data.image_size=40", "at most 40"]),
        (["loss_network=compact"], ["loss_network.name=compact", "vgg16", "vgg19"]),
        (["start=gone.safetensors"], ["start=gone.safetensors", "no such file"]),
        (["loss_network.weights=gone.pth"], ["loss_network.weights=gone.pth", "no such file"]),
        (["max_steps=0"], ["max_steps=0"]),
        (["paintings=gone"], ["paintings=gone", "no such folder"]),
    ],
)
def test_mistakes_end_in_a_sentence(run, capsys, tmp_path, arguments, words):
    sentence = ends_in_a_sentence(capsys, run, *arguments)
    for word in words:
        assert word in sentence
    assert not (tmp_path / "run").exists()


@pytest.fixture
def learning():
    """A student with a teacher that it could equal."""
    return Distillation(
        Student(dict(EXPOSED)),
        equal_teacher(),
        dict.fromkeys(EXPOSED, 1.0),
        [],
        32,
        1e-3,
        compiled=False,
    )


def test_the_errors_are_shares_of_the_teachers(learning, batch):
    with torch.no_grad():
        for embedding in learning.student.embeddings.values():
            embedding.weight.zero_()
    errors = learning.errors(batch(2, 32))
    assert errors.keys() == {
        f"{kind}_{layer}" for kind in ("features", "gram") for layer in EXPOSED
    }
    for value in errors.values():
        assert value.item() == pytest.approx(1)


def test_the_student_learns_what_is_painted_against_it(learning, batch, monkeypatch):
    """Without paintings the styles are those of photographs."""
    seen, offered = [], []

    def paint(photographs, styles):
        offered.append(styles)
        return torch.full_like(photographs, 0.25)

    def errors(images):
        seen.append(images)
        return Distillation.errors(learning, images)

    monkeypatch.setattr(learning._painter, "paint", paint)
    monkeypatch.setattr(learning, "_train_errors", errors)
    learning.trainer = SimpleNamespace(log_every_n_steps=100)
    photographs = batch(3, 40)
    learning.training_step((photographs, torch.zeros(3, dtype=torch.int64)), 0).backward()
    assert all(torch.equal(*pair) for pair in zip(offered[0], photographs, strict=True))
    (images,) = seen
    assert images.shape == (3 + NEW + OLD, 3, 32, 32)
    assert (images[3:] == 0.25).all()
    assert all(value.grad.any() for value in learning.student.parameters())


def test_the_teacher_is_not_trained(learning):
    assert not any(parameter.requires_grad for parameter in learning.teacher.parameters())
    assert not learning.train().teacher.training
    assert not [name for name in learning.state_dict() if name.startswith("teacher")]


def test_a_signal_keeps_the_last_weights(run, tmp_path, monkeypatch, capsys):
    def interrupted(self, *given):
        if self.global_step == 3:
            signal.raise_signal(signal.SIGTERM)
        return step(self, *given)

    step = Distillation.training_step
    monkeypatch.setattr(Distillation, "training_step", interrupted)
    ctrl_c = signal.getsignal(signal.SIGINT)  # which Lightning leaves ignored
    with pytest.raises(SystemExit) as stopped:
        run()
    signal.signal(signal.SIGINT, ctrl_c)
    assert stopped.value.code == 128 + signal.SIGTERM
    assert "Stopped after step 3" in capsys.readouterr().err
    assert load_file(tmp_path / "run" / WEIGHTS.name)
