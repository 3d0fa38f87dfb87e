"""The stylizer as a Python class: what it takes, and how the picture can be made to look."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from fastnst import Stylizer, canvas
from fastnst import stylizer as module
from fastnst.errors import UserError
from fastnst.export import export_onnx
from fastnst.model_file import write_model
from fastnst.networks import build_network

ARCHITECTURE = {"name": "resnet", "width": 4, "blocks": 1}
CLOSE = 12  # of 255: statistics are taken in float16, and untrained networks magnify that
SIDE = 116  # of the smallest tiles that this network allows


@pytest.fixture
def model(tmp_path):
    """Makes networks of different colours that paint with contrast."""

    def make(seed=0, architecture=ARCHITECTURE):
        torch.manual_seed(seed)
        network = build_network(architecture)
        network.to_rgb[1].weight.data *= 20
        path = tmp_path / f"model{seed}.safetensors"
        write_model(path, network, architecture, {"name": f"style{seed}", "title": f"Style {seed}"})
        return path

    return make


@pytest.fixture(autouse=True)
def in_float32(monkeypatch):
    """Otherwise bfloat16 hides small mistakes."""
    monkeypatch.setattr("fastnst.painter.computes_bf16", lambda _: False)


def values(picture):
    return np.asarray(picture).astype(int)


def distance(one, other):
    return np.abs(values(one) - values(other))


def test_image_array_and_path_are_the_same(model, photograph, tmp_path):
    stylizer = Stylizer(model())
    picture = photograph(40, 30)
    picture.save(tmp_path / "photo.png")
    painted = stylizer(picture)
    assert painted.size == (40, 30)
    assert painted.mode == "RGB"
    assert values(painted).std() > 5
    for same in (np.asarray(picture), tmp_path / "photo.png", str(tmp_path / "photo.png")):
        assert distance(stylizer(same), painted).max() == 0


def test_pictures_of_any_mode(model, photograph):
    stylizer = Stylizer(model())
    grey = photograph(40, 30).convert("L")
    expected = stylizer(grey.convert("RGB"))
    for same in (grey, np.asarray(grey), grey.convert("P"), grey.convert("LA").convert("L")):
        assert distance(stylizer(same), expected).max() == 0
    clear = photograph(40, 30).convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize((40, 30)))
    assert stylizer(clear).getchannel("A").tobytes() == clear.getchannel("A").tobytes()


@pytest.mark.parametrize(
    "array", [np.zeros((40, 40, 3)), np.zeros((3, 40, 40), np.uint8), np.zeros(40, np.uint8)]
)
def test_other_arrays_are_refused(model, array):
    with pytest.raises(UserError, match=r"\(H, W, 3\)"):
        Stylizer(model())(array)


def test_tiles_are_the_whole_picture(model, photograph):
    picture = photograph(250, 170)
    whole, tiled = Stylizer(model(), tile=None)(picture), Stylizer(model(), tile=SIDE)(picture)
    assert distance(whole, tiled).mean() < 1
    assert distance(whole, tiled).max() <= CLOSE
    assert values(whole).std() > 10
    alone = Stylizer(model(), tile=None)(picture.crop((150, 70, 250, 170)))
    assert distance(alone, whole.crop((150, 70, 250, 170))).mean() > 3


def test_the_picture_given_is_not_painted_over(model, photograph):
    picture = photograph(250, 170)
    before = picture.tobytes()
    Stylizer(model(), tile=SIDE)(picture)
    assert picture.tobytes() == before


def test_transparency_survives_tiles(model, photograph):
    picture = photograph(250, 170).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize((250, 170)))
    whole, tiled = Stylizer(model(), tile=None)(picture), Stylizer(model(), tile=SIDE)(picture)
    assert tiled.getchannel("A").tobytes() == picture.getchannel("A").tobytes()
    assert distance(whole, tiled).max() <= CLOSE


def test_only_large_pictures_come_in_tiles(model, photograph, monkeypatch):
    monkeypatch.setattr(module, "TILED_FROM", 120 * 120)
    monkeypatch.setattr(module, "TILE_SIDE", SIDE)
    stylizer = Stylizer(model())
    sizes = []
    for name in ("whole", "tile"):
        function = getattr(stylizer.painters[0], name)

        def watched(*arguments, function=function, name=name):
            sizes.append((name, tuple(arguments[-2].shape[-2:])))
            return function(*arguments)

        monkeypatch.setattr(stylizer.painters[0], name, watched)
    stylizer(photograph(120, 120))
    assert sizes == [("whole", (120, 120))]
    sizes.clear()
    stylizer(photograph(124, 124))
    assert {name for name, _ in sizes} == {"tile"}
    assert max(max(size) for _, size in sizes) <= SIDE


def test_samples_stand_for_a_very_large_picture(model, monkeypatch, photograph):
    picture = photograph(400, 300)
    noise = np.random.default_rng(0).normal(0, 20, (300, 400, 3))
    picture = Image.fromarray((values(picture) + noise).clip(0, 255).astype(np.uint8))
    exact = Stylizer(model(), tile=SIDE)(picture)
    monkeypatch.setattr(canvas, "WHOLE", 1)
    monkeypatch.setattr(canvas, "SQUARE", 80)
    sampled = Stylizer(model(), tile=SIDE)(picture)
    assert 0 < distance(exact, sampled).mean() < 0.15 * values(exact).std()


def test_too_small_tiles_are_refused(model):
    with pytest.raises(UserError, match="at least 116"):
        Stylizer(model(), tile=90)


def test_strength_zero_is_the_photograph(model, photograph):
    picture = photograph(60, 40)
    assert distance(Stylizer(model(), strength=0)(picture), picture).max() <= 1
    half, whole = Stylizer(model(), strength=0.5)(picture), Stylizer(model())(picture)
    assert distance(half, (values(whole) + values(picture)) / 2).max() <= 1


def test_chrominance_of_the_photograph(model, photograph):
    picture = photograph(60, 40)
    grey = picture.convert("L").convert("RGB")
    painted = values(Stylizer(model(), preserve_color="lum")(grey))
    assert np.ptp(painted, axis=2).max() <= 1
    assert painted.std() > 10
    assert np.ptp(values(Stylizer(model())(grey)), axis=2).max() > 20


@pytest.mark.parametrize("tile", [None, SIDE])
def test_the_palette_of_the_photograph(model, photograph, tile):
    picture = Image.fromarray((values(photograph(250, 170)) // 3 + [90, 60, 40]).astype(np.uint8))
    wanted = values(picture).mean((0, 1))
    plain = values(Stylizer(model(), tile=tile)(picture)).mean((0, 1))
    matched = values(Stylizer(model(), tile=tile, preserve_color="hist")(picture)).mean((0, 1))
    assert np.abs(plain - wanted).max() > 10
    assert np.abs(matched - wanted).max() < (1 if tile is None else 8)


def test_the_palette_is_not_that_of_one_side(model):
    wide = np.zeros((180, 270, 3), np.uint8)
    wide[:, :50], wide[:, 50:] = (200, 40, 30), (30, 60, 200)
    noise = np.random.default_rng(0).integers(0, 40, wide.shape, np.uint8)
    for picture in (wide + noise, (wide + noise).transpose(1, 0, 2).copy()):
        matched = values(Stylizer(model(), tile=SIDE, preserve_color="hist")(picture))
        assert np.abs(matched.mean((0, 1)) - picture.mean((0, 1))).max() < 40


def test_half_transparent_stays_what_it_is_at_strength_zero(model):
    picture = Image.new("RGBA", (40, 40), (200, 0, 0, 128))
    assert Stylizer(model(), strength=0)(picture).getpixel((9, 9)) == (200, 0, 0, 128)


def test_an_opened_file_is_turned_like_its_path(model, photograph, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    photograph(40, 24).save(tmp_path / "turned.png", exif=exif)
    stylizer = Stylizer(model())
    with Image.open(tmp_path / "turned.png") as opened:
        assert distance(stylizer(opened), stylizer(tmp_path / "turned.png")).max() == 0
        assert stylizer(opened).size == (24, 40)


def test_a_mask_of_sixteen_bits(model, photograph):
    picture = photograph(60, 40)
    grey = Image.fromarray(np.full((40, 60), 32768, np.uint16))
    half = Stylizer(model(), mask=grey)(picture)
    assert distance(half, Stylizer(model(), strength=0.5)(picture)).max() <= 2


def test_a_strip_of_samples_is_not_black(model, monkeypatch, photograph):
    monkeypatch.setattr(canvas, "WHOLE", 1)
    painted = Stylizer(model(), tile=SIDE)(photograph(40, 900))
    assert values(painted).std() > 10


def test_a_mask_for_a_panorama(model):
    mask = Image.new("L", (9000, 70), 255)
    assert Stylizer(model(), mask=mask, size=20)(mask.convert("RGB")).height == 20


def test_how_many_together_counts_what_the_network_sees(model, monkeypatch):
    monkeypatch.setattr(module, "BATCH_PIXELS", 10_000)
    assert Stylizer(model()).together((50, 50)) == 4
    assert Stylizer(model(), style_scale=0.5).together((50, 50)) == 1
    assert Stylizer(model(), tile=SIDE).together((50, 50)) == 1
    assert Stylizer(model(), size=100).fitted((300, 200)) == (150, 100)


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
def test_wishes_are_checked(model, wish):
    with pytest.raises(UserError, match=next(iter(wish))):
        Stylizer(model(), **wish)


def test_pictures_painted_together_keep_their_own_palettes(model, photograph):
    stylizer = Stylizer(model(), preserve_color="hist")
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
def test_a_mask_is_painted_inside_only(model, photograph, half, tile):
    picture = photograph(240, 160)
    painted = Stylizer(model(), tile=None)(picture)
    masked = Stylizer(model(), mask=half, tile=tile)(picture)
    left, right = (0, 0, 112, 160), (128, 0, 240, 160)
    assert distance(masked.crop(left), painted.crop(left)).max() <= (1 if tile is None else CLOSE)
    assert distance(masked.crop(right), picture.crop(right)).max() <= 1
    between = values(masked)[:, 114:126]
    steps = np.abs(np.diff(between, axis=1)).max()
    assert steps < distance(painted, picture)[:, 119:121].max()


def test_a_second_style_outside_the_mask(model, photograph, half, tmp_path):
    picture = photograph(60, 40)
    half.save(tmp_path / "mask.png")
    one, two = Stylizer(model(0)), Stylizer(model(1))
    both = Stylizer([model(0), model(1)], mask=tmp_path / "mask.png")
    assert both.style == {"name": "style0_style1", "title": "Style 0 + Style 1"}
    painted = both(picture)
    assert distance(painted.crop((0, 0, 27, 40)), one(picture).crop((0, 0, 27, 40))).max() <= 1
    assert distance(painted.crop((33, 0, 60, 40)), two(picture).crop((33, 0, 60, 40))).max() <= 1
    assert distance(one(picture), two(picture)).mean() > 10


@pytest.mark.parametrize("tile", [None, SIDE])
def test_a_blend_of_styles(model, photograph, tile):
    picture = photograph(200, 120)
    one, two = (values(Stylizer(model(seed), tile=None)(picture)) for seed in (0, 1))
    blend = Stylizer([model(0), model(1)], blend=[0.25, 0.75], tile=tile)(picture)
    assert distance(blend, 0.25 * one + 0.75 * two).max() <= (1 if tile is None else CLOSE)


@pytest.mark.parametrize("tile", [None, SIDE])
@pytest.mark.parametrize("scale", [2, 0.5])
def test_style_scale_paints_at_another_size(model, photograph, scale, tile):
    picture = photograph(241, 163)
    painted = Stylizer(model(), style_scale=scale, tile=tile)(picture)
    assert painted.size == (241, 163)
    working = tuple(round(length / scale) for length in picture.size)
    elsewhere = Stylizer(model(), tile=None)(picture.resize(working, Image.Resampling.LANCZOS))
    expected = elsewhere.resize(picture.size, Image.Resampling.LANCZOS)
    assert distance(painted, expected).mean() < 1
    assert distance(Stylizer(model(), tile=None)(picture), expected).mean() > 2


def test_outside_the_mask_nothing_is_lost_at_another_scale(model, photograph, half):
    picture = photograph(240, 160)
    masked = Stylizer(model(), mask=half, style_scale=2)(picture)
    right = (128, 0, 240, 160)
    assert distance(masked.crop(right), picture.crop(right)).max() <= 1


def test_too_small_at_that_scale(model, photograph):
    with pytest.raises(UserError, match="15x10"):
        Stylizer(model(), style_scale=2)(photograph(30, 20))


def test_a_mask_of_another_form_is_refused(model, photograph, half):
    with pytest.raises(UserError, match="proportions"):
        Stylizer(model(), mask=half)(photograph(40, 60))


def test_an_exported_network_paints_the_same_but_whole(model, photograph, tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    export_onnx(model(), path)
    picture = photograph(61, 43)
    exported, plain = Stylizer(path), Stylizer(model())
    assert exported.style == plain.style
    assert distance(exported(picture), plain(picture)).max() <= 1
    monkeypatch.setattr(module, "TILED_FROM", 100)
    assert distance(Stylizer(path)(picture), plain(picture)).max() <= 1
    both = Stylizer([path, model(1)], blend=[1, 1])(picture)
    expected = (values(plain(picture)) + values(Stylizer(model(1))(picture))) / 2
    assert distance(both, expected).max() <= 1
    with pytest.raises(UserError, match="--tile off"):
        Stylizer(path, tile=200)
