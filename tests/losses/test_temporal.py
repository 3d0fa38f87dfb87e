"""Pixel losses and the temporal loss against their formulas, and what they must not reward."""

import pytest
import torch

from fastnst.losses import TemporalLoss, pixel_loss, relative_pixel_loss
from fastnst.motion.views import places_of

SIDE = 12


@pytest.fixture
def frames():
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(2, 3, SIDE, SIDE, generator=generator) for _ in range(2)]


@pytest.fixture
def visible():
    mask = torch.ones(2, 1, SIDE, SIDE)
    mask[0, :, :4] = 0
    return mask


def still():
    return places_of(SIDE, torch.zeros(1)).expand(2, -1, -1, -1)


def test_it_is_the_mean_over_what_is_visible(frames, visible):
    later, expected = frames
    seen = (later - expected)[0, :, 4:].square().mean(), (later - expected)[1].square().mean()
    torch.testing.assert_close(pixel_loss(later, expected, visible), torch.stack(seen))


def test_relative_is_a_share_of_the_variance(frames, visible):
    later, expected = frames
    found = relative_pixel_loss(later, expected, visible)
    part = expected[0, :, 4:]
    variance = (part - part.mean((1, 2), keepdim=True)).square().mean()
    share = (later - expected)[0, :, 4:].square().mean() / (variance + 1e-4)
    torch.testing.assert_close(found[0], share)
    bright = relative_pixel_loss(0.5 * later, 0.5 * expected, visible)
    torch.testing.assert_close(bright, found, rtol=0.01, atol=0)  # as strict to pale styles


def test_less_contrast_is_no_way_to_be_calm(frames, visible):
    """The gradient must not ask for a first frame of more variance to divide by."""
    later, expected = frames
    expected.requires_grad_()
    relative_pixel_loss(later, expected, visible).sum().backward()
    relative, expected.grad = expected.grad, None
    pixel_loss(later, expected, visible).sum().backward()
    cosine = torch.nn.functional.cosine_similarity(
        relative[1].flatten(), expected.grad[1].flatten(), 0
    )
    assert cosine > 0.999


def test_nothing_visible_is_no_loss(frames):
    none = torch.zeros(2, 1, SIDE, SIDE)
    for loss in (pixel_loss, relative_pixel_loss):
        assert loss(*frames, none).tolist() == [0, 0]


def test_a_change_of_the_source_is_expected(frames, visible):
    first, _ = frames
    loss = TemporalLoss("johnson2016", 3.0)
    change = torch.full((2, 1, SIDE, SIDE), 0.25)
    terms = loss(first, first + 0.25, still(), visible, change)
    assert terms["temporal"].max() < 1e-6
    terms = loss(first, first, still(), visible, change)
    torch.testing.assert_close(terms["weighted_temporal"], torch.full((2,), 3 * 0.25**2))


def test_what_has_moved_is_followed(frames, visible):
    first, _ = frames
    places = still() + torch.tensor([2 * 3 / SIDE, 0])  # three pixels to the left
    later = first.roll(-3, 3)
    inside = torch.ones(2, 1, SIDE, SIDE)
    inside[..., -4:] = 0
    terms = TemporalLoss("relative", 1.0)(first, later, places, inside, torch.zeros(2, 1, 1, 1))
    assert terms["temporal"].max() < 1e-6
