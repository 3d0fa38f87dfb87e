"""Pairs of frames: what they claim about motion and light is what is to be seen."""

import pytest
import torch

from fastnst.drawing import draw_dead_leaves
from fastnst.motion import Ranges, follow, further, make_frames
from fastnst.motion.chance import normal, uniform

STILL = Ranges(0, 0, 0, 0, 0, 0, 0, 0)
MOVING = STILL._replace(shift=0.1, zoom=0.1, turn=8.0, perspective=0.1)
SIDE = 64


@pytest.fixture(scope="module")
def pictures():
    drawn = torch.stack([torch.from_numpy(draw_dead_leaves(SIDE, 0, i)) for i in range(4)])
    # smooth, so that what is between pixels is known
    return torch.nn.functional.avg_pool2d(drawn.permute(0, 3, 1, 2) / 255, 5, 1, 2)


def draws(first=0, count=4):
    return further(torch.arange(first, first + count), 7)


def error(frames):
    """What the second frame differs by from what is said of it, by picture, of 255."""
    expected = follow(frames.first, frames.places)
    wrong = frames.visible * (frames.second - expected - frames.change)
    return 255 * wrong.abs().mean((1, 2, 3))


@pytest.mark.parametrize("things", [0.0, 1.0])
def test_motion_explains_all_that_is_visible(pictures, things):
    for start in range(0, 40, 4):
        frames = make_frames(pictures, draws(start), MOVING._replace(things=things))
        assert error(frames).max() < 0.5
        assert frames.visible.mean() > 0.7
    moved = (frames.second - frames.first).abs().mean((1, 2, 3))
    assert 255 * moved.max() > 3  # or there would be nothing to explain


def test_without_ranges_nothing_happens(pictures):
    frames = make_frames(pictures, draws(), STILL)
    assert frames.first.equal(pictures)
    assert frames.second.sub(pictures).abs().max() < 1e-4
    assert frames.change.abs().max() < 1e-4
    assert frames.visible.all()


def test_what_a_thing_hides_is_not_visible():
    """Of a picture that is white on one side the mirrored thing is black there."""
    backdrop = torch.ones(1, 3, SIDE, SIDE)
    backdrop[..., SIDE // 2 :] = 0
    found = 0
    for start in range(60):
        frames = make_frames(backdrop, draws(start, 1), MOVING._replace(things=1.0))
        moved = follow(frames.first, frames.places)
        wrong = (moved - frames.second).abs().amax(1, keepdim=True) > 0.5
        assert not (wrong * frames.visible).any()
        found += int(wrong.sum())
    assert found > 100  # places where the mask was needed


def test_light_is_explained_as_luminance(pictures):
    grey = pictures.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    frames = make_frames(grey, draws(), STILL._replace(light=0.3))
    assert frames.change.abs().mean() > 0.01
    # but for the lamp's colour
    unexplained = (frames.second - frames.first - frames.change).mean(1)
    assert unexplained.abs().mean() < 0.2 * frames.change.abs().mean()


def test_noise_and_compression_are_not_explained(pictures):
    for change in ({"noise": 0.2}, {"compression": 0.5}):
        frames = make_frames(pictures, draws(0), STILL._replace(**change))
        assert error(frames).max() > 1
        assert not frames.change.any()
        assert frames.second.clamp(0, 1).equal(frames.second)


def test_a_pair_depends_on_its_own_number_alone(pictures):
    """Or a run that is resumed, or shared out to more processes, would see other pairs."""
    ranges = MOVING._replace(things=1.0, light=0.2, noise=0.1, compression=0.1)
    together = make_frames(pictures, draws(), ranges)
    alone = make_frames(pictures[2:3], draws()[2:3], ranges)
    for whole, part in zip(together, alone, strict=True):
        torch.testing.assert_close(whole[2:3], part)
    other = make_frames(pictures[2:3], draws(9, 1), ranges)
    assert (other.second - alone.second).abs().mean() > 0.01


def test_random_numbers_are_even_and_independent():
    drawn = uniform(draws(0, 500), 40)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.01)
    assert drawn.var().item() == pytest.approx(1 / 12, abs=0.002)
    # neither from place to place nor from draw to draw
    assert torch.corrcoef(drawn.T).sub(torch.eye(40)).abs().max() < 0.25
    assert torch.corrcoef(drawn[:40]).sub(torch.eye(40)).abs().max() < 0.75
    assert len(drawn.unique()) > 0.99 * drawn.numel()
    bell = normal(draws(0, 100), 500)
    assert bell.mean().item() == pytest.approx(0, abs=0.02)
    assert bell.std().item() == pytest.approx(1, abs=0.02)
    assert bell.isfinite().all()
