"""The network that learns against the student."""

import pytest
import torch

from fastnst.distillation import trial_painter
from fastnst.distillation.student import Student
from fastnst.distillation.trial_painter import TrialPainter
from fastnst.losses.compact import EXPOSED

pytestmark = pytest.mark.slow


@pytest.fixture
def painter():
    torch.manual_seed(0)
    return TrialPainter(Student(dict(EXPOSED)), 32, compiled=False)


@pytest.fixture
def losses_of(monkeypatch):
    """Notes the losses of a painter's steps from now on."""

    def watch(painter):
        noted = []
        inner = painter._loss

        def loss(*given):
            found = inner(*given)
            noted.append(found[0].item())
            return found

        monkeypatch.setattr(painter, "_loss", loss)
        return noted

    return watch


def test_it_learns_a_style(painter, losses_of, batch):
    losses = losses_of(painter)
    photographs, styles = batch(2, 32), [*batch(1, 40, seed=7)]
    for _ in range(12):
        painted = painter.paint(photographs, styles)
    assert painted.shape == photographs.shape
    assert 0 <= painted.min() < painted.max() <= 1
    assert not painted.requires_grad
    assert losses[-1] < 0.7 * losses[0]


def test_it_leaves_the_student_as_it_was(painter, batch):
    before = {name: value.clone() for name, value in painter.student.state_dict().items()}
    painter.paint(batch(2, 32), [*batch(1, 40)])
    for name, value in painter.student.state_dict().items():
        assert torch.equal(value, before[name])
    for parameter in painter.student.parameters():
        assert parameter.requires_grad
        assert parameter.grad is None


def test_each_style_is_learnt_from_the_beginning(painter, batch, monkeypatch):
    monkeypatch.setattr(trial_painter, "LIFE", 2)
    styles = [*batch(8, 40)]
    networks, shown = [], []
    for _ in range(4):
        painter.paint(batch(1, 32), styles)
        networks.append([value.clone() for value in painter.network.parameters()])
        shown.append(painter._style)
    assert torch.equal(shown[0], shown[1])
    assert not torch.equal(shown[1], shown[2])
    last, fresh = (torch.cat([value.flatten() for value in networks[step]]) for step in (1, 2))
    # one step of Adam moves each weight by 0.001: this one did not come from the one before
    assert (last - fresh).abs().max() > 0.01


def test_what_it_sees_of_the_style_is_what_the_student_sees_now(painter, losses_of, batch):
    losses = losses_of(painter)
    photographs, styles = batch(1, 32), [*batch(1, 40)]
    painter.paint(photographs, styles)
    with torch.no_grad():
        for embedding in painter.student.embeddings.values():
            embedding.weight.zero_()
    painter.paint(photographs, styles)
    assert losses[1] < 0.1 < losses[0]
