"""What is kept of a photograph, and patterns that belong to none."""

import pytest
import torch

from fastnst.evaluation.structure import frame, lattice, luminance_structure, self_similarity


def random(*size, seed=0):
    return torch.rand(*size, generator=torch.Generator().manual_seed(seed))


def test_self_similarity_is_of_relations_not_of_features():
    features = random(1, 6, 8, 8)
    assert self_similarity(features, features) == 0
    assert self_similarity(features, 3 * features) == pytest.approx(0, abs=1e-5)
    assert self_similarity(features, features[:, [1, 0, 5, 4, 3, 2]]) == pytest.approx(0, abs=1e-5)
    assert self_similarity(features, features.flip(3)) > 0.1


def test_self_similarity_is_that_of_the_paper():
    one, other = random(1, 3, 2, 3, seed=1), random(1, 3, 2, 3, seed=2)
    relations = []
    for features in (one, other):
        columns = features.flatten(2)[0].T
        distance = torch.zeros(6, 6)
        for i, x in enumerate(columns):
            for j, y in enumerate(columns):
                distance[i, j] = 1 - x @ y / (x.norm() * y.norm())
        relations.append(distance / distance.sum(0))
    expected = (relations[0] - relations[1]).abs().sum() / 6
    assert self_similarity(one, other) == pytest.approx(expected.item(), rel=1e-4)


def test_structure_is_neither_brightness_nor_contrast():
    photograph = random(1, 3, 32, 32)
    assert luminance_structure(photograph, photograph) == pytest.approx(0, abs=1e-4)
    assert luminance_structure(0.2 + 0.5 * photograph, photograph) < 0.02
    assert luminance_structure(1 - photograph, photograph) > 1.9
    assert 0.8 < luminance_structure(random(1, 3, 32, 32, seed=1), photograph) < 1.2


def test_a_weave_is_told_from_noise():
    noise = random(3, 256, 256)
    assert 0.03 < lattice(noise) < 0.04
    x = torch.arange(256)
    weave = torch.cos(x * torch.pi / 4)[:, None] * torch.cos(x * torch.pi / 4)
    assert lattice(noise + weave) > 0.4
    # surfaces without any detail say nothing, as the white of a print
    even = torch.ones(3, 256, 256)
    assert lattice(even) == pytest.approx(0.035, abs=0.001)
    # nor what no picture of 8 bits can hold
    assert lattice(0.5 * even + 0.001 * weave) == pytest.approx(0.035, abs=0.001)
    assert lattice(0.5 * even + 0.02 * weave) > 0.4
    beside = torch.cat([noise, even, even], 2)
    assert 0.03 < lattice(beside) < 0.04


def test_a_frame_is_told_from_a_picture():
    picture = random(3, 96, 128) + torch.linspace(0, 1, 128)
    assert 0.5 < frame(picture) < 1.6
    picture[:, -8:] += 0.5
    assert frame(picture) > 2
    odd = random(3, 101, 127)
    assert 0.5 < frame(odd) < 1.6
    odd[:, :, -8:] += 0.5
    assert frame(odd) > 2
