"""Pixel losses and the temporal loss against their formulas, and what they must not reward."""

import pytest
import torch

from fastnst.losses import (
    TemporalLoss,
    build_loss_network,
    pixel_loss,
    relative_feature_loss,
    relative_pixel_loss,
)
from fastnst.motion.views import places_of

SIDE = 12


@pytest.fixture(scope="module")
def seen():
    """A loss network."""
    return build_loss_network("compact", "pretrained")


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


def test_a_change_of_the_source_is_expected(frames, visible, seen):
    first, _ = frames
    loss = TemporalLoss("johnson2016", 3.0, 1.0, seen)
    change = torch.full((2, 1, SIDE, SIDE), 0.25)
    terms = loss(first, first + 0.25, still(), visible, change)
    assert max(terms["temporal"].max(), terms["temporal_feature"].max()) < 1e-6
    terms = loss(first, first, still(), visible, change)
    torch.testing.assert_close(terms["weighted_temporal"], torch.full((2,), 3 * 0.25**2))


def test_what_has_moved_is_followed(frames, visible, seen):
    first, _ = frames
    places = still() + torch.tensor([2 * 3 / SIDE, 0])  # three pixels to the left
    later = first.roll(-3, 3)
    inside = torch.ones(2, 1, SIDE, SIDE)
    inside[..., -4:] = 0
    loss = TemporalLoss("relative", 1.0, 1.0, seen)
    terms = loss(first, later, places, inside, torch.zeros(2, 1, 1, 1))
    assert max(terms["temporal"].max(), terms["temporal_feature"].max()) < 1e-6


def test_features_are_those_of_both_frames_where_both_show_the_same(frames, visible, seen):
    first, later = frames
    loss = TemporalLoss("relative", 1.0, 3.0, seen)
    terms = loss(first, later, still(), visible, torch.zeros(2, 1, 1, 1))
    mixed = torch.where(visible.bool(), later, first)
    layers = [
        relative_feature_loss(seen(mixed, [layer])[layer], seen(first, [layer])[layer])
        for layer in ("relu1_2", "relu2_2")
    ]
    expected = torch.stack(layers).mean(0)
    torch.testing.assert_close(terms["temporal_feature"], expected, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(
        terms["weighted_temporal_feature"], 3 * expected, rtol=1e-3, atol=1e-5
    )
    hidden = loss(first, later, still(), torch.zeros_like(visible), torch.zeros(2, 1, 1, 1))
    assert hidden["temporal_feature"].max() < 1e-6


def test_both_frames_learn_from_features_and_more_of_them_is_no_way(frames, visible, seen):
    """A first frame of twice the features would else halve the loss."""
    first, later = (frame.requires_grad_() for frame in frames)
    loss = TemporalLoss("relative", 1.0, 1.0, seen)
    found = loss(first, later, still(), visible, torch.zeros(2, 1, 1, 1))["temporal_feature"]
    found.sum().backward()
    assert later.grad[0, :, :4].abs().max() == 0  # which is hidden
    assert min(later.grad[1].abs().max(), first.grad[1].abs().max()) > 0
    # what of the two is given does not matter to the difference
    features, target = (torch.rand(1, 2, 3, 3, requires_grad=True) for _ in range(2))
    relative_feature_loss(features, target).sum().backward()
    torch.testing.assert_close(features.grad, -target.grad)


def test_no_weight_no_features(frames, visible, seen):
    terms = TemporalLoss("relative", 1.0, 0.0, seen)(
        *frames, still(), visible, torch.zeros(2, 1, 1, 1)
    )
    assert set(terms) == {"temporal", "weighted_temporal"}
