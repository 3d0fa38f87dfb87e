"""The student of the distillation: its first weights, and what becomes of it."""

import copy

import pytest
import torch
from small.teachers import equal_teacher
from torch import nn

from fastnst.distillation.student import Student, _most_telling, fit_embeddings, fit_to_teacher
from fastnst.losses.compact import EXPOSED, MEAN, STD, compact_features, compact_heads
from fastnst.losses.functional import gram_matrix, relative_feature_loss, relative_style_loss
from fastnst.losses.network import LossNetwork


@pytest.fixture
def teacher():
    return equal_teacher()


@pytest.fixture(scope="module")
def fitted():
    """A teacher, a student of its size that is fitted to it, and the pictures that it took."""
    teacher = equal_teacher()
    torch.manual_seed(1)
    student, images = Student(dict(EXPOSED)), torch.rand(24, 3, 64, 64).split(8)
    fit_to_teacher(student, teacher, dict.fromkeys(EXPOSED, 2.0), images)
    return teacher, student, images


@pytest.mark.slow
def test_fitted_to_a_teacher_of_its_own_size_it_computes_the_same(fitted):
    teacher, student, _ = fitted
    images = torch.rand(2, 3, 64, 64)
    aims = teacher(images, EXPOSED)
    for layer, embedded in student(images, EXPOSED).items():
        assert relative_feature_loss(2 * embedded, aims[layer]).max() < 1e-3, layer


@pytest.mark.slow
def test_embeddings_alone_are_fitted_to_the_features_that_are_there(fitted):
    teacher, student, images = copy.deepcopy(fitted)
    before = {name: value.clone() for name, value in student.state_dict().items()}
    for embedding in student.embeddings.values():
        nn.init.normal_(embedding.weight)
    fit_embeddings(student, teacher, dict.fromkeys(EXPOSED, 2.0), images)
    for name, value in student.state_dict().items():
        assert torch.allclose(value, before[name], atol=1e-4), name


@pytest.mark.slow
def test_fitting_leaves_chance_as_it_was(teacher):
    student = Student(dict(EXPOSED))
    before = torch.get_rng_state()
    fit_to_teacher(student, teacher, dict.fromkeys(EXPOSED, 1.0), [torch.ones(2, 3, 32, 32)])
    assert torch.equal(torch.get_rng_state(), before)


def test_the_channels_that_say_most_are_chosen_once_each():
    one, two, small = torch.rand(3, 1, 1, 8, 8).unbind()
    activations = torch.cat([one, 2 * one, 1.5 * two, two, 0.1 * small], dim=1)
    chosen, size = _most_telling([activations], 3)
    assert sorted(chosen.tolist()) == [1, 2, 4]
    assert size == pytest.approx(activations[:, [1, 2, 4]].square().mean().sqrt().item())


def test_channels_that_are_never_active_are_chosen_last():
    activations = torch.zeros(1, 4, 8, 8)
    activations[:, 2] = 1.0
    chosen, size = _most_telling([activations], 2)
    assert chosen[0] == 2
    assert len({*chosen.tolist()}) == 2
    assert size > 0


def test_the_heads_keep_distances_and_those_of_gram_matrices(batch):
    torch.manual_seed(0)
    student = Student({layer: 3 * width for layer, width in EXPOSED.items()})
    state = student.loss_network_state()
    assert {value.dtype for value in state.values()} == {torch.float16}
    network = LossNetwork(compact_features(), MEAN, STD, heads=compact_heads())
    for name, parameter in network.named_parameters():
        parameter.data.copy_(state.pop(name))
    assert not state
    one, other = batch(1, 32), batch(1, 32, seed=1)
    wide, narrow = ([net(x, EXPOSED) for x in (one, other)] for net in (student, network))
    for layer in EXPOSED:
        apart = [relative_feature_loss(*(x[layer] for x in pair)).item() for pair in (wide, narrow)]
        assert apart[0] == pytest.approx(apart[1], rel=0.01)
        apart = [
            relative_style_loss(*(gram_matrix(x[layer]) for x in pair)).item()
            for pair in (wide, narrow)
        ]
        assert apart[0] == pytest.approx(apart[1], rel=0.01)
