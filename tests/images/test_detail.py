"""The measure of high-frequency noise."""

import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from fastnst.images.detail import fine_detail, noise


def white(amount: float, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return amount * torch.randn(1, 1, 64, 64, generator=generator).expand(-1, 3, -1, -1)


@pytest.fixture
def style(batch):
    return (batch(1, 64) + white(0.02, seed=2)).clamp(0, 1)


def test_the_share_is_the_one_that_the_formula_gives():
    # of white noise the blur keeps (1/4 + 1/8)^2 of the power, and 1/4 is common to both
    assert fine_detail(white(1.0)).item() == pytest.approx(1 - 2 / 4 + (6 / 16) ** 2, abs=0.02)


def test_a_picture_is_as_noisy_as_itself_not_at_all(style):
    assert noise(style, style).tolist() == [0]


def test_white_noise_raises_it(style, batch):
    painted = batch(3, 64)
    found = [noise(painted + white(amount), style) for amount in (0.05, 0.1, 0.2)]
    for less, more in pairwise(found):
        assert (more > less).all()


def test_a_smoothed_picture_has_none(style):
    smooth = F.avg_pool2d(F.pad(style, (2, 2, 2, 2), mode="reflect"), 5, 1)
    assert noise(smooth, style).tolist() == [0]


def test_contrast_does_not_change_it(style, batch):
    painted = batch(1, 64) + white(0.1)
    paler = 0.5 + 0.3 * (painted - 0.5)
    torch.testing.assert_close(noise(paler, style), noise(painted, style), atol=1e-4, rtol=0)
    assert noise(painted, style) > 0.5


def test_twice_the_share_is_the_logarithm_of_two():
    columns = torch.linspace(0, 1, 256).expand(1, 3, 256, -1)
    stripes = torch.tensor([-1.0, 1.0]).repeat(128)  # of these the blur leaves nothing
    once, twice = columns + 0.05 * stripes, columns + 0.05 * math.sqrt(2) * stripes
    found = noise(twice, once).item()
    assert found == pytest.approx(math.log(2), abs=0.05)


def test_each_picture_has_its_own(style, batch):
    two = torch.cat([batch(1, 64), batch(1, 64) + white(0.2)])
    alone = torch.cat([noise(two[:1], style), noise(two[1:], style)])
    torch.testing.assert_close(noise(two, style), alone)
    assert alone[0] < alone[1]


def test_flat_pictures_have_none_and_give_numbers(style):
    flat = torch.full((1, 3, 32, 32), 0.5)
    assert noise(flat, style).tolist() == [0]
    assert noise(style, flat).isfinite().all()
