"""Smoothing over time: less flicker, no ghosts, nothing across a cut."""

import sys

import numpy as np
import pytest
from PIL import Image

from fastnst.drawing.dead_leaves import draw_dead_leaves
from fastnst.machine.errors import UserError
from fastnst.motion import TemporalSmoother, find_motion, flicker

WIDTH, HEIGHT, OBJECT = 160, 120, 36


def texture(seed: int) -> np.ndarray:
    # with detail all over: of a smooth surface nobody can tell how it moves
    return np.asarray(Image.fromarray(draw_dead_leaves(256, seed, 2)))


def scene(count: int, seed: int = 0) -> list[np.ndarray]:
    """A background that goes left and up, and something before it that goes right."""
    background, thing = texture(seed), texture(seed + 7)[:OBJECT, :OBJECT]
    frames = []
    for t in range(count):
        frame = background[30 + t : 30 + t + HEIGHT, 20 + 2 * t : 20 + 2 * t + WIDTH].copy()
        frame[40 : 40 + OBJECT, 10 + 4 * t : 10 + 4 * t + OBJECT] = thing
        frames.append(frame)
    return frames


def flickering(frames: list[np.ndarray], noise: float = 12) -> list[np.ndarray]:
    """Negatives, each with noise of its own."""
    random = np.random.default_rng(0)
    return [
        (255 - frame + random.normal(0, noise, frame.shape)).clip(0, 255).astype(np.uint8)
        for frame in frames
    ]


def error(image: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(image.astype(float) - truth).mean())


def test_motion_is_found_and_not_trusted_where_it_is_hidden():
    before, now = scene(2)
    motion = find_motion(before, now)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    flow = motion.places - np.stack([x, y], -1)
    assert np.abs(np.median(flow[80:110, 20:140], (0, 1)) - (2, 1)).max() < 0.2
    assert np.abs(np.median(flow[50:66, 24:40], (0, 1)) - (-4, 0)).max() < 0.2
    assert motion.trust[84:110, 20:140].mean() > 0.8
    assert motion.trust[42:74, 10:14].mean() < 0.2  # which the thing has just uncovered
    assert motion.trust[:, -1].max() < 0.5  # which comes from outside
    there = slice(84, 110), slice(20, 140)
    unmoved = error(before[there], now[there])
    assert error(motion.warp(before)[there], now[there]) < 0.4 * unmoved


def test_motion_of_a_large_frame_is_in_its_own_pixels():
    large = np.asarray(Image.fromarray(texture(3)).resize((1100, 1000), Image.Resampling.BICUBIC))
    motion = find_motion(large[:, :1000], large[:, 8:1008])
    flow = motion.places - np.stack(np.meshgrid(np.arange(1000), np.arange(1000)), -1)
    assert np.abs(np.median(flow, (0, 1)) - (8, 0)).max() < 0.5
    assert motion.trust.shape == (1000, 1000)


def test_flicker_is_the_change_that_motion_does_not_explain():
    before, now = scene(2)
    motion = find_motion(before, now)
    assert flicker(before, now, motion) < 4
    assert 9 < flicker(before, np.clip(now, 0, 245) + 10, motion) < 14
    assert flicker(*flickering([before, now], 20), motion) > 15


def test_flicker_of_a_large_frame_is_sampled():
    large = np.asarray(Image.fromarray(texture(3)).resize((800, 750), Image.Resampling.BICUBIC))
    motion = find_motion(large, large)
    brighter = np.clip(large, 0, 245) + 10
    assert abs(flicker(np.clip(large, 0, 245), brighter, motion) - 10) < 0.5


def test_less_flicker_and_nearer_to_the_truth_than_without_motion():
    frames = scene(16)
    painted = flickering(frames)
    smoother, strength = TemporalSmoother(0.8), 0.8
    ours, naive, plain, blend = [], [], [], painted[0].astype(float)
    for number, (frame, paint) in enumerate(zip(frames, painted, strict=True)):
        kept = paint.copy()
        result = smoother(frame, paint)
        assert result.dtype == np.uint8
        assert np.array_equal(paint, kept)
        blend = paint * (1 - strength) + blend * strength
        if number >= 5:
            truth = 255.0 - frame
            ours.append(error(result, truth))
            naive.append(error(blend, truth))
            plain.append(error(paint, truth))
            thing = slice(40, 40 + OBJECT), slice(10 + 4 * number - 12, 10 + 4 * number)
            assert error(result[thing], truth[thing]) < 0.6 * error(blend[thing], truth[thing])
    assert np.mean(ours) < 0.6 * np.mean(plain)
    assert np.mean(ours) < 0.4 * np.mean(naive)
    assert smoother.flicker.after < 0.3 * smoother.flicker.before
    assert 12 < smoother.flicker.before < 15  # of two frames with normal noise: 12 * 2 / sqrt(pi)


def test_nothing_is_blended_across_a_cut():
    first, second = scene(3), scene(3, seed=1)
    assert find_motion(first[-1], second[0]) is None
    smoother = TemporalSmoother(0.9)
    painted = flickering(first + second)
    results = [smoother(*pair) for pair in zip(first + second, painted, strict=True)]
    assert np.array_equal(results[0], painted[0])
    assert np.array_equal(results[3], painted[3])
    assert not np.array_equal(results[2], painted[2])
    assert not np.array_equal(results[4], painted[4])


def test_strength_is_the_share_of_the_frame_before():
    still = texture(0)
    for strength in (0.0, 0.5, 1.0):
        smoother = TemporalSmoother(strength)
        assert smoother.flicker is None
        smoother(still, np.full_like(still, 100))
        result = smoother(still, np.full_like(still, 120))
        assert abs(np.median(result) - (120 - 20 * strength)) <= 1
        assert abs(smoother.flicker.before - 20) < 0.1
        assert abs(smoother.flicker.after - 20 * (1 - strength)) < 2


@pytest.mark.slow
def test_small_differences_fade_as_well():
    still = texture(0)
    smoother = TemporalSmoother(0.9)
    smoother(still, np.full_like(still, 100))
    for _ in range(60):
        result = smoother(still, np.full_like(still, 104))
    assert np.median(result) == 104


def test_a_frame_of_another_size_begins_anew_and_transparency_stays():
    smoother = TemporalSmoother(0.9)
    smoother(texture(0), np.full_like(texture(0), 100))
    small = texture(0)[:100, :120]
    clear = np.full((100, 120, 1), 40, np.uint8)
    painted = np.concatenate([np.full_like(small, 200), clear], -1)
    assert np.array_equal(smoother(np.concatenate([small, clear], -1), painted), painted)
    assert np.median(smoother(small, np.full_like(small, 100))) > 180  # of this size it goes on


def test_without_the_library_it_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UserError, match=r"fastnst\[video\]"):
        find_motion(*scene(2))
