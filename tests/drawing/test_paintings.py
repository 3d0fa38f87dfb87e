import numpy as np
import pytest

from fastnst.drawing import draw_painting
from fastnst.drawing.fields import level, noise, share_out
from fastnst.drawing.media import MEDIA
from fastnst.drawing.palettes import blend, draw_palette, pick


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_the_same_arguments_give_the_same_painting_and_others_another():
    first = draw_painting(48, 3, 7)
    np.testing.assert_array_equal(first, draw_painting(48, 3, 7))
    for other in (draw_painting(48, 3, 8), draw_painting(48, 4, 7)):
        assert np.abs(first.astype(int) - other).mean() > 10


@pytest.mark.parametrize("medium", dict.fromkeys(MEDIA), ids=lambda medium: medium.__name__)
def test_each_medium_has_marks(medium, rng):
    palette = draw_palette(rng)
    picture = medium(rng, 96, palette)
    assert picture.shape == (96, 96, 3)
    assert np.isfinite(picture).all()
    assert picture.std((0, 1)).max() > 8
    # marks, and not only masses of colour: neighbours differ somewhere
    assert np.abs(np.diff(picture, axis=1)).max() > 4


@pytest.mark.parametrize("size", [16, 45])
def test_paintings_are_square_bytes(size):
    painting = draw_painting(size, 0, 1)
    assert painting.shape == (size, size, 3)
    assert painting.dtype == np.uint8


@pytest.mark.parametrize(("size", "seed", "index"), [(15, 0, 0), (64, -1, 0), (64, 0, -1)])
def test_bad_arguments_are_refused(size, seed, index):
    with pytest.raises(ValueError, match=r"at least 16|non-negative"):
        draw_painting(size, seed, index)


def test_paintings_are_of_many_colours_and_kinds():
    paintings = [draw_painting(32, 0, index) for index in range(24)]
    means = np.stack([painting.mean((0, 1)) for painting in paintings])
    assert means.std(0).min() > 25
    rough = [np.abs(np.diff(painting.astype(int), axis=0)).mean() for painting in paintings]
    assert max(rough) > 4 * min(rough)


def test_a_palette_goes_from_dark_to_bright(rng):
    for _ in range(50):
        palette = draw_palette(rng)
        assert palette.shape[0] >= 4
        assert (palette >= 0).all()
        assert (palette <= 255).all()
        assert palette[-1].mean() > palette[0].mean() + 60


def test_colours_of_a_palette():
    palette = np.array([[0, 0, 0], [100, 0, 0], [200, 0, 0]], np.float32)
    levels = np.array([-1, 0, 0.25, 0.5, 1, 2])
    assert blend(palette, levels)[:, 0].tolist() == [0, 0, 50, 100, 200, 200]
    assert pick(palette, levels)[:, 0].tolist() == [0, 0, 0, 100, 200, 200]


def test_noise_shows_the_same_at_every_size():
    small, large = (noise(np.random.default_rng(1), size, 4, 2) for size in (48, 192))
    shrunk = large.reshape(48, 4, 48, 4).mean((1, 3))
    assert np.corrcoef(small.ravel(), shrunk.ravel())[0, 1] > 0.95


def test_levels_are_evenly_spread(rng):
    shares = np.histogram(level(np.exp(noise(rng, 128, 5))), 4, (0, 1))[0] / 128**2
    np.testing.assert_allclose(shares, 0.25, atol=0.02)


def test_every_pixel_belongs_to_the_nearest_point(rng):
    cells = share_out(rng, 40, 5, 0.5)
    ticks = (np.arange(40) + 0.5) / 40
    x, y = np.meshgrid(ticks, ticks)
    away = np.hypot(x[..., None] - cells.centres[:, 0], y[..., None] - cells.centres[:, 1])
    nearest = np.sort(away, axis=-1)
    np.testing.assert_allclose(cells.nearest, nearest[..., 0], atol=1e-5)
    np.testing.assert_allclose(cells.border, nearest[..., 1] - nearest[..., 0], atol=1e-5)
    np.testing.assert_array_equal(cells.owner, away.argmin(-1))
