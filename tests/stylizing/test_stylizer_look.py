"""How the stylizer can make a picture look: strength, colours, masks, blends, size of strokes."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from small.stylizing import CLOSE, SIDE, distance, values

from fastnst import Stylizer
from fastnst.machine.errors import UserError

pytestmark = pytest.mark.usefixtures("in_float32")


def test_strength_zero_is_the_photograph(painting_model, photograph):
    picture = photograph(60, 40)
    assert distance(Stylizer(painting_model(), strength=0)(picture), picture).max() <= 1
    half, whole = (
        Stylizer(painting_model(), strength=0.5)(picture),
        Stylizer(painting_model())(picture),
    )
    assert distance(half, (values(whole) + values(picture)) / 2).max() <= 1


def test_chrominance_of_the_photograph(painting_model, photograph):
    picture = photograph(60, 40)
    grey = picture.convert("L").convert("RGB")
    painted = values(Stylizer(painting_model(), preserve_color="lum")(grey))
    assert np.ptp(painted, axis=2).max() <= 1
    assert painted.std() > 10
    assert np.ptp(values(Stylizer(painting_model())(grey)), axis=2).max() > 20


@pytest.mark.parametrize("tile", [None, SIDE])
def test_the_palette_of_the_photograph(painting_model, photograph, tile):
    picture = Image.fromarray((values(photograph(250, 170)) // 3 + [90, 60, 40]).astype(np.uint8))
    wanted = values(picture).mean((0, 1))
    plain = values(Stylizer(painting_model(), tile=tile)(picture)).mean((0, 1))
    matched = values(Stylizer(painting_model(), tile=tile, preserve_color="hist")(picture)).mean(
        (0, 1)
    )
    assert np.abs(plain - wanted).max() > 10
    assert np.abs(matched - wanted).max() < (1 if tile is None else 8)


def test_the_palette_is_not_that_of_one_side(painting_model):
    wide = np.zeros((180, 270, 3), np.uint8)
    wide[:, :50], wide[:, 50:] = (200, 40, 30), (30, 60, 200)
    noise = np.random.default_rng(0).integers(0, 40, wide.shape, np.uint8)
    for picture in (wide + noise, (wide + noise).transpose(1, 0, 2).copy()):
        matched = values(Stylizer(painting_model(), tile=SIDE, preserve_color="hist")(picture))
        assert np.abs(matched.mean((0, 1)) - picture.mean((0, 1))).max() < 40


def test_half_transparent_stays_what_it_is_at_strength_zero(painting_model):
    picture = Image.new("RGBA", (40, 40), (200, 0, 0, 128))
    assert Stylizer(painting_model(), strength=0)(picture).getpixel((9, 9)) == (200, 0, 0, 128)


def test_a_mask_of_sixteen_bits(painting_model, photograph):
    picture = photograph(60, 40)
    grey = Image.fromarray(np.full((40, 60), 32768, np.uint16))
    half = Stylizer(painting_model(), mask=grey)(picture)
    assert distance(half, Stylizer(painting_model(), strength=0.5)(picture)).max() <= 2


def test_a_mask_for_a_panorama(painting_model):
    mask = Image.new("L", (9000, 70), 255)
    assert Stylizer(painting_model(), mask=mask, size=20)(mask.convert("RGB")).height == 20


@pytest.mark.parametrize(
    "wish",
    [
        {"preserve_color": "luminance"},
        {"style_scale": 0},
        {"style_scale": float("nan")},
        {"size": 0},
        {"tile": "off"},
    ],
)
def test_wishes_are_checked(painting_model, wish):
    with pytest.raises(UserError, match=next(iter(wish))):
        Stylizer(painting_model(), **wish)


def test_pictures_painted_together_keep_their_own_palettes(painting_model, photograph):
    stylizer = Stylizer(painting_model(), preserve_color="hist")
    pictures = [photograph(40, 30, seed) for seed in range(2)]
    for together, picture in zip(stylizer.paint(pictures), pictures, strict=True):
        assert distance(together, stylizer(picture)).max() <= 1


@pytest.fixture
def half():
    """White on the left."""
    mask = Image.new("L", (60, 40))
    ImageDraw.Draw(mask).rectangle((0, 0, 29, 39), 255)
    return mask


@pytest.mark.parametrize("tile", [None, SIDE])
def test_a_mask_is_painted_inside_only(painting_model, photograph, half, tile):
    picture = photograph(240, 160)
    painted = Stylizer(painting_model(), tile=None)(picture)
    masked = Stylizer(painting_model(), mask=half, tile=tile)(picture)
    left, right = (0, 0, 112, 160), (128, 0, 240, 160)
    assert distance(masked.crop(left), painted.crop(left)).max() <= (1 if tile is None else CLOSE)
    assert distance(masked.crop(right), picture.crop(right)).max() <= 1
    between = values(masked)[:, 114:126]
    steps = np.abs(np.diff(between, axis=1)).max()
    assert steps < distance(painted, picture)[:, 119:121].max()


def test_a_second_style_outside_the_mask(painting_model, photograph, half, tmp_path):
    picture = photograph(60, 40)
    half.save(tmp_path / "mask.png")
    one, two = Stylizer(painting_model(0)), Stylizer(painting_model(1))
    both = Stylizer([painting_model(0), painting_model(1)], mask=tmp_path / "mask.png")
    assert both.style == {"name": "style0_style1", "title": "Style0 + Style1"}
    painted = both(picture)
    assert distance(painted.crop((0, 0, 27, 40)), one(picture).crop((0, 0, 27, 40))).max() <= 1
    assert distance(painted.crop((33, 0, 60, 40)), two(picture).crop((33, 0, 60, 40))).max() <= 1
    assert distance(one(picture), two(picture)).mean() > 10


@pytest.mark.parametrize("tile", [None, SIDE])
def test_a_blend_of_styles(painting_model, photograph, tile):
    picture = photograph(200, 120)
    one, two = (values(Stylizer(painting_model(seed), tile=None)(picture)) for seed in (0, 1))
    blend = Stylizer([painting_model(0), painting_model(1)], blend=[0.25, 0.75], tile=tile)(picture)
    assert distance(blend, 0.25 * one + 0.75 * two).max() <= (1 if tile is None else CLOSE)


@pytest.mark.parametrize("tile", [None, SIDE])
@pytest.mark.parametrize("scale", [2, 0.5])
def test_style_scale_paints_at_another_size(painting_model, photograph, scale, tile):
    picture = photograph(241, 163)
    painted = Stylizer(painting_model(), style_scale=scale, tile=tile)(picture)
    assert painted.size == (241, 163)
    working = tuple(round(length / scale) for length in picture.size)
    elsewhere = Stylizer(painting_model(), tile=None)(
        picture.resize(working, Image.Resampling.LANCZOS)
    )
    expected = elsewhere.resize(picture.size, Image.Resampling.LANCZOS)
    assert distance(painted, expected).mean() < 1
    assert distance(Stylizer(painting_model(), tile=None)(picture), expected).mean() > 2


def test_outside_the_mask_nothing_is_lost_at_another_scale(painting_model, photograph, half):
    picture = photograph(240, 160)
    masked = Stylizer(painting_model(), mask=half, style_scale=2)(picture)
    right = (128, 0, 240, 160)
    assert distance(masked.crop(right), picture.crop(right)).max() <= 1


def test_too_small_at_that_scale(painting_model, photograph):
    with pytest.raises(UserError, match="15x10"):
        Stylizer(painting_model(), style_scale=2)(photograph(30, 20))


def test_a_mask_of_another_form_is_refused(painting_model, photograph, half):
    with pytest.raises(UserError, match="proportions"):
        Stylizer(painting_model(), mask=half)(photograph(40, 60))
