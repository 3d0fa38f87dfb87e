import numpy as np
import pytest

from fastnst.drawing.dead_leaves import draw_dead_leaves


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Sixteen images (16, 128, 128, 3), 0..255."""
    return np.stack([draw_dead_leaves(128, seed=5, index=i) for i in range(16)]).astype(float)


def amplitude_slope(grey: np.ndarray) -> float:
    """Slope of log amplitude over log frequency; -1 means that the amplitude falls as 1/f."""
    side = len(grey)
    window = np.hanning(side)
    power = np.abs(np.fft.fft2((grey - grey.mean()) * np.outer(window, window))) ** 2
    frequency = np.fft.fftfreq(side) * side
    ring = np.hypot(frequency[:, None], frequency).astype(int).ravel()
    spectrum = np.bincount(ring, power.ravel()) / np.bincount(ring)
    band = np.arange(3, side // 2)
    return np.polyfit(np.log(band), 0.5 * np.log(spectrum[band]), 1)[0]


def test_same_arguments_give_the_same_image_whatever_was_drawn_before():
    first = draw_dead_leaves(48, seed=3, index=7)
    others = [draw_dead_leaves(48, seed=3, index=8), draw_dead_leaves(48, seed=4, index=7)]
    np.testing.assert_array_equal(first, draw_dead_leaves(48, seed=3, index=7))
    for other in others:
        assert np.abs(first.astype(int) - other).mean() > 10


@pytest.mark.parametrize("size", [16, 33, 100])
def test_images_are_square_bytes(size):
    image = draw_dead_leaves(size, seed=0, index=0)
    assert image.shape == (size, size, 3)
    assert image.dtype == np.uint8
    assert image.std() > 10


@pytest.mark.parametrize(("size", "seed", "index"), [(15, 0, 0), (64, -1, 0), (64, 0, -1)])
def test_bad_arguments_are_refused(size, seed, index):
    with pytest.raises(ValueError, match=r"at least 16|non-negative"):
        draw_dead_leaves(size, seed, index)


def test_the_scene_does_not_depend_on_the_size():
    small = draw_dead_leaves(64, seed=1, index=2).mean(axis=2)
    large = draw_dead_leaves(256, seed=1, index=2).mean(axis=2)
    shrunk = large.reshape(64, 4, 64, 4).mean(axis=(1, 3))
    assert np.corrcoef(small.ravel(), shrunk.ravel())[0, 1] > 0.9


def test_contrast_and_colour_are_those_of_photographs(images):
    grey = images.mean(axis=3)
    contrast = grey.std(axis=(1, 2))
    assert contrast.min() > 20
    assert 40 < contrast.mean() < 85
    assert 80 < grey.mean() < 160
    # Difference of the strongest and weakest channel: neither grey nor neon.
    chroma = images.max(axis=3) - images.min(axis=3)
    assert 15 < chroma.mean() < 75
    clipped = ((grey < 2) | (grey > 253)).mean()
    assert clipped < 0.1


def test_images_differ_in_colour(images):
    casts = images.mean(axis=(1, 2))
    casts -= casts.mean(axis=1, keepdims=True)
    assert (casts.std(axis=0) > 4).all()


def test_smooth_areas_and_fine_edges_are_both_there(images):
    blocks = images.mean(axis=3).reshape(16, 16, 8, 16, 8)
    spread = blocks.std(axis=(2, 4))  # of blocks of 8 x 8 pixels
    assert (spread < 8).mean() > 0.1
    assert (spread > 30).mean() > 0.2


def test_spectrum_falls_as_that_of_natural_images(images):
    noise = np.random.default_rng(0).standard_normal((128, 128))
    assert abs(amplitude_slope(noise)) < 0.15  # the measure itself
    slopes = [amplitude_slope(image.mean(axis=2)) for image in images]
    assert -1.5 < np.mean(slopes) < -0.9


def test_smooth_surfaces_are_nearly_as_common_as_in_photographs():
    # of such squares of 200 COCO photographs 0.13 deviate by less than 0.03 of 1
    grey = np.stack([draw_dead_leaves(128, 0, index) for index in range(60)]).mean(axis=3) / 255
    spread = grey.reshape(60, 8, 16, 8, 16).std(axis=(2, 4))
    assert 0.06 < (spread < 0.03).mean() < 0.14
