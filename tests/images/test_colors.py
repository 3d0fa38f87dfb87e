"""Colours of the photograph on a painted picture."""

import colorsys

import pytest
import torch

from fastnst.images.colors import keep_chrominance, luminance, match_colors


@pytest.fixture
def pair(batch):
    """A painted picture and its photograph, of other colours."""
    return batch(1, 32, seed=1), batch(1, 32, seed=2)


def yiq(images):
    """By the standard library, whose YIQ is the one of the NTSC standard of 1953."""
    pixels = images.permute(0, 2, 3, 1).reshape(-1, 3).tolist()
    return torch.tensor([colorsys.rgb_to_yiq(*pixel) for pixel in pixels]).T


def test_luminance_is_y(pair):
    assert torch.allclose(luminance(pair[0]).flatten(), yiq(pair[0])[0], atol=0.01)


def test_y_of_the_painted_and_iq_of_the_photograph(pair):
    painted, photograph = (0.4 + 0.2 * one for one in pair)  # far from the limits
    y, i, q = yiq(keep_chrominance(painted, photograph))
    assert torch.allclose(y, yiq(painted)[0], atol=0.01)
    expected = yiq(photograph)
    assert torch.allclose(i, expected[1], atol=0.01)
    assert torch.allclose(q, expected[2], atol=0.01)
    assert (expected[1] - yiq(painted)[1]).abs().max() > 0.02


def test_what_is_too_bright_for_its_colour_gets_paler_not_darker():
    bright, red = torch.full((1, 3, 2, 2), 0.9), torch.zeros(1, 3, 2, 2)
    red[:, 0] = 1
    result = keep_chrominance(bright, red)
    assert result.max() <= 1
    assert torch.allclose(luminance(result), torch.full((1, 1, 2, 2), 0.9), atol=1e-5)
    assert (result[:, 0] > result[:, 1] + 0.05).all()
    assert torch.allclose(result[:, 1], result[:, 2])


def test_black_and_white_stay():
    photograph = torch.rand(1, 3, 4, 4)
    for value in (0.0, 1.0):
        painted = torch.full((1, 3, 4, 4), value)
        assert torch.allclose(keep_chrominance(painted, photograph), painted, atol=1e-6)


def test_matched_colours_have_mean_and_covariance_of_the_photograph(pair):
    # in no direction all of one colour, and with nothing that clips
    painted, photograph = (0.3 + 0.2 * one + 0.2 * torch.rand(one.shape) for one in pair)
    matched = match_colors(painted, photograph)(painted).flatten(2)[0]
    wanted, before = photograph.flatten(2)[0], painted.flatten(2)[0]
    assert torch.allclose(matched.mean(1), wanted.mean(1), atol=1e-3)
    assert torch.allclose(matched.cov(), wanted.cov(), atol=1e-4)
    assert (before.cov() - wanted.cov()).abs().max() > 3e-4


def test_one_colour_becomes_the_photographs_mean(pair):
    flat = torch.full((1, 3, 8, 8), 0.5)
    matched = match_colors(flat, pair[1])(flat)
    assert torch.allclose(matched.mean((0, 2, 3)), pair[1].mean((0, 2, 3)), atol=1e-4)
    assert matched.std((2, 3)).max() < 1e-4
    from_one = match_colors(pair[0], flat)(pair[0])
    assert from_one.std((2, 3)).max() < 0.01
