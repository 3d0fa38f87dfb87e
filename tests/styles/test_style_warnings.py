"""What is said of style pictures that will not make a good style."""

import numpy as np
import pytest
from PIL import Image

from fastnst.styles.image import load_style_image


@pytest.fixture
def said(tmp_path, caplog):
    """What is said of a picture used at 64 pixels."""

    def load(picture, size=64):
        path = tmp_path / "style.png"
        picture.save(path)
        load_style_image("mine", str(path), size)
        assert all(str(path) in line and "\n" not in line for line in caplog.messages)
        return caplog.messages

    return load


@pytest.mark.parametrize("noise", [0, 6])
def test_a_flat_picture(said, noise):
    pixels = 128 + np.random.default_rng(0).integers(-noise, noise + 1, (64, 80, 3))
    (line,) = said(Image.fromarray(pixels.astype(np.uint8)))
    for word in ("nearly flat", "texture", "Gram matrices"):
        assert word in line


def test_a_few_lines_on_white_are_not_flat(said):
    pixels = np.full((64, 80, 3), 255, np.uint8)
    pixels[30] = 0
    assert not said(Image.fromarray(pixels))


@pytest.mark.parametrize(("side", "warned"), [(40, True), (43, False), (64, False), (100, False)])
def test_a_picture_that_is_much_enlarged(said, photograph, side, warned):
    lines = said(photograph(side, side + 10))
    assert len(lines) == warned
    for word in (f"{side}x{side + 10} pixels", "enlarged to 64", f"style.size={side}", "blurred"):
        assert all(word in line for line in lines)


@pytest.mark.parametrize(("clear", "warned"), [(32, True), (3, False), (0, False)])
def test_a_picture_that_is_transparent(said, photograph, clear, warned):
    picture = photograph(64, 64).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 64, clear))
    lines = said(picture)
    assert len(lines) == warned
    assert all("transparent in 50 % of it, which is taken as white" in line for line in lines)


def test_glass_is_transparent_too(said, photograph):
    picture = photograph(64, 64)
    picture.putalpha(128)
    (line,) = said(picture)
    assert "transparent in 50 %" in line


def test_each_fault_is_told(said):
    assert len(said(Image.new("RGBA", (20, 20)))) == 3


@pytest.mark.slow
def test_paintings_have_no_faults(shared, caplog):
    paintings = sorted((shared / "styles").glob("*.jpg"))
    assert len(paintings) >= 9
    for path in paintings:
        load_style_image("mine", str(path), 256)
    load_style_image("brush_strokes", "builtin:brush_strokes", 64)
    assert not caplog.messages
