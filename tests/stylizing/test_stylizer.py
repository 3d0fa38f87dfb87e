"""The stylizer as a Python class: what it takes, and tiles."""

import numpy as np
import pytest
from PIL import Image
from small.stylizing import CLOSE, SIDE, distance, values

from fastnst import Stylizer
from fastnst.machine.errors import UserError
from fastnst.models.export import export_onnx
from fastnst.stylizing import canvas
from fastnst.stylizing import stylizer as module

pytestmark = pytest.mark.usefixtures("in_float32")


def test_image_array_and_path_are_the_same(painting_model, photograph, tmp_path):
    stylizer = Stylizer(painting_model())
    picture = photograph(40, 30)
    picture.save(tmp_path / "photo.png")
    painted = stylizer(picture)
    assert painted.size == (40, 30)
    assert painted.mode == "RGB"
    assert values(painted).std() > 5
    for same in (np.asarray(picture), tmp_path / "photo.png", str(tmp_path / "photo.png")):
        assert distance(stylizer(same), painted).max() == 0


def test_pictures_of_any_mode(painting_model, photograph):
    stylizer = Stylizer(painting_model())
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
def test_other_arrays_are_refused(painting_model, array):
    with pytest.raises(UserError, match=r"\(H, W, 3\)"):
        Stylizer(painting_model())(array)


def test_tiles_are_the_whole_picture(painting_model, photograph):
    picture = photograph(250, 170)
    whole, tiled = (
        Stylizer(painting_model(), tile=None)(picture),
        Stylizer(painting_model(), tile=SIDE)(picture),
    )
    assert distance(whole, tiled).mean() < 1
    assert distance(whole, tiled).max() <= CLOSE
    assert values(whole).std() > 10
    alone = Stylizer(painting_model(), tile=None)(picture.crop((150, 70, 250, 170)))
    assert distance(alone, whole.crop((150, 70, 250, 170))).mean() > 3


def test_the_picture_given_is_not_painted_over(painting_model, photograph):
    picture = photograph(250, 170)
    before = picture.tobytes()
    Stylizer(painting_model(), tile=SIDE)(picture)
    assert picture.tobytes() == before


def test_transparency_survives_tiles(painting_model, photograph):
    picture = photograph(250, 170).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize((250, 170)))
    whole, tiled = (
        Stylizer(painting_model(), tile=None)(picture),
        Stylizer(painting_model(), tile=SIDE)(picture),
    )
    assert tiled.getchannel("A").tobytes() == picture.getchannel("A").tobytes()
    assert distance(whole, tiled).max() <= CLOSE


def test_only_large_pictures_come_in_tiles(painting_model, photograph, monkeypatch):
    monkeypatch.setattr(module, "TILED_FROM", 120 * 120)
    monkeypatch.setattr(module, "TILE_SIDE", SIDE)
    stylizer = Stylizer(painting_model())
    sizes = []
    for name in ("whole", "tile"):
        function = getattr(stylizer.painters[0], name)

        def watched(*arguments, function=function, name=name):
            sizes.append((name, tuple(arguments[-2].shape[-2:])))
            return function(*arguments)

        monkeypatch.setattr(stylizer.painters[0], name, watched)
    stylizer(photograph(120, 120))
    assert sizes == [("whole", (168, 168))]  # with its margin
    sizes.clear()
    stylizer(photograph(124, 124))
    assert {name for name, _ in sizes} == {"tile"}
    assert max(max(size) for _, size in sizes) <= SIDE


@pytest.mark.slow
def test_samples_stand_for_a_very_large_picture(painting_model, monkeypatch, photograph):
    monkeypatch.setattr(canvas, "MARGIN", 0)  # no small part of a picture as small as this
    picture = photograph(400, 300)
    noise = np.random.default_rng(0).normal(0, 20, (300, 400, 3))
    picture = Image.fromarray((values(picture) + noise).clip(0, 255).astype(np.uint8))
    exact = Stylizer(painting_model(), tile=SIDE)(picture)
    monkeypatch.setattr(canvas, "WHOLE", 1)
    monkeypatch.setattr(canvas, "SQUARE", 80)
    sampled = Stylizer(painting_model(), tile=SIDE)(picture)
    assert 0 < distance(exact, sampled).mean() < 0.15 * values(exact).std()


def test_too_small_tiles_are_refused(painting_model):
    with pytest.raises(UserError, match="at least 116"):
        Stylizer(painting_model(), tile=90)


def test_an_opened_file_is_turned_like_its_path(painting_model, photograph, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    photograph(40, 24).save(tmp_path / "turned.png", exif=exif)
    stylizer = Stylizer(painting_model())
    with Image.open(tmp_path / "turned.png") as opened:
        assert distance(stylizer(opened), stylizer(tmp_path / "turned.png")).max() == 0
        assert stylizer(opened).size == (24, 40)


def test_a_strip_of_samples_is_not_black(painting_model, monkeypatch, photograph):
    monkeypatch.setattr(canvas, "WHOLE", 1)
    painted = Stylizer(painting_model(), tile=SIDE)(photograph(40, 900))
    assert values(painted).std() > 10


@pytest.mark.slow
def test_an_exported_network_paints_the_same_but_whole(
    painting_model, photograph, tmp_path, monkeypatch
):
    path = tmp_path / "model.onnx"
    export_onnx(painting_model(), path)
    picture = photograph(61, 43)
    exported, plain = Stylizer(path), Stylizer(painting_model())
    assert exported.style == plain.style
    assert distance(exported(picture), plain(picture)).max() <= 1
    monkeypatch.setattr(module, "TILED_FROM", 100)
    assert distance(Stylizer(path)(picture), plain(picture)).max() <= 1
    both = Stylizer([path, painting_model(1)], blend=[1, 1])(picture)
    expected = (values(plain(picture)) + values(Stylizer(painting_model(1))(picture))) / 2
    assert distance(both, expected).max() <= 1
    with pytest.raises(UserError, match="--tile off"):
        Stylizer(path, tile=200)


def test_how_many_together_counts_what_the_network_sees(painting_model, monkeypatch):
    monkeypatch.setattr(module, "BATCH_PIXELS", 10_000)
    assert Stylizer(painting_model()).together((50, 50)) == 4
    assert Stylizer(painting_model(), style_scale=0.5).together((50, 50)) == 1
    assert Stylizer(painting_model(), tile=SIDE).together((50, 50)) == 1
    assert Stylizer(painting_model(), size=100).fitted((300, 200)) == (150, 100)


@pytest.mark.gpu
@pytest.mark.parametrize("tile", [None, 320])
def test_a_gpu_paints_what_a_processor_does(painting_model, photograph, tile):
    photo = photograph(420, 380)
    painted = [
        np.asarray(Stylizer(painting_model(), device, tile=tile)(photo.copy())).astype(int)
        for device in ("cpu", "cuda")
    ]
    assert np.abs(painted[0] - painted[1]).mean() < 1


def test_what_is_translucent_is_painted_in_its_own_colours(painting_model, photograph):
    """Not as it looks on white, which would then show through it a second time."""
    picture = photograph(120, 90)
    opaque = Stylizer(painting_model())(picture)
    picture.putalpha(100)
    painted = Stylizer(painting_model())(picture)
    assert distance(painted.convert("RGB"), opaque).max() == 0


@pytest.mark.parametrize("scale", [1, 1.5, 0.6])
def test_transparency_survives_tiles_of_another_size(painting_model, photograph, scale):
    picture = photograph(250, 170).convert("RGBA")
    alpha = Image.new("L", picture.size)
    alpha.paste(Image.linear_gradient("L").resize((130, 90)), (60, 40))
    picture.putalpha(alpha)
    whole, tiled = (
        Stylizer(painting_model(), tile=tile, style_scale=scale)(picture) for tile in (None, SIDE)
    )
    assert tiled.getchannel("A").tobytes() == alpha.tobytes()
    assert distance(whole, tiled).max() <= CLOSE
