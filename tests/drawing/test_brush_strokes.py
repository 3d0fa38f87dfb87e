import numpy as np
import pytest

from fastnst.drawing.brush_strokes import paint_brush_strokes


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return paint_brush_strokes(256)


def coherence(grey: np.ndarray, block: int = 16) -> float:
    """Mean coherence of the structure tensor over blocks: 0 without, 1 with one orientation."""
    slope_y, slope_x = np.gradient(grey.astype(float))
    count = len(grey) // block
    xx, yy, xy = (
        product.reshape(count, block, count, block).sum(axis=(1, 3))
        for product in (slope_x**2, slope_y**2, slope_x * slope_y)
    )
    return (np.hypot(xx - yy, 2 * xy) / (xx + yy)).mean()


def test_same_seed_gives_the_same_picture_and_another_seed_another():
    first = paint_brush_strokes(64, seed=1)
    other = paint_brush_strokes(64, seed=2)
    np.testing.assert_array_equal(first, paint_brush_strokes(64, seed=1))
    assert np.abs(first.astype(int) - other).mean() > 20


@pytest.mark.parametrize("size", [16, 45])
def test_pictures_are_square_bytes(size):
    image = paint_brush_strokes(size)
    assert image.shape == (size, size, 3)
    assert image.dtype == np.uint8
    assert image.std() > 30


@pytest.mark.parametrize(("size", "seed"), [(15, 0), (64, -1)])
def test_bad_arguments_are_refused(size, seed):
    with pytest.raises(ValueError, match=r"at least 16|non-negative"):
        paint_brush_strokes(size, seed)


def test_strokes_give_each_place_an_orientation(picture):
    noise = np.random.default_rng(0).integers(0, 256, (256, 256))
    assert coherence(noise) < 0.15
    assert coherence(picture.mean(axis=2)) > 0.4


def test_orientations_swirl_through_all_angles(picture):
    slope_y, slope_x = np.gradient(picture.mean(axis=2))
    angle = np.arctan2(slope_y, slope_x) % np.pi
    shares = np.histogram(angle, 6, (0, np.pi), weights=np.hypot(slope_x, slope_y), density=True)[0]
    assert shares.min() > 0.3 * shares.max()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_picture_sets_warm_against_cool_and_light_against_dark(seed):
    red, _, blue = np.moveaxis(paint_brush_strokes(96, seed).astype(int), 2, 0)
    assert (red - blue > 50).mean() > 0.15
    assert (blue - red > 50).mean() > 0.25
    grey = (red + blue) / 2
    assert np.subtract(*np.percentile(grey, [95, 5])) > 100


def test_the_composition_does_not_depend_on_the_size(picture):
    small = paint_brush_strokes(64).mean(axis=2)
    shrunk = picture.mean(axis=2).reshape(64, 4, 64, 4).mean(axis=(1, 3))
    assert np.corrcoef(small.ravel(), shrunk.ravel())[0, 1] > 0.9
