import struct

import numpy as np
import pytest
from PIL import ExifTags, Image
from small.same import assert_same

from fastnst.images.folders import list_images
from fastnst.images.read import as_read, read_image, read_size
from fastnst.machine.errors import UserError


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (6, Image.Transpose.ROTATE_270),
        (8, Image.Transpose.ROTATE_90),
    ],
)
def test_the_orientation_is_applied(picture, photograph, orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = photograph(48, 32)
    image = read_image(picture(exif=exif))
    assert_same(image, upright if turn is None else upright.transpose(turn))


def test_rgb_is_read_as_it_is(picture, photograph):
    assert_same(read_image(picture()), photograph(48, 32))


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_opaque_modes_become_rgb(picture, mode):
    path = picture(mode=mode)
    assert_same(read_image(path), Image.open(path).convert("RGB"))


def test_cmyk_becomes_rgb(picture, photograph):
    image = read_image(picture("cmyk.jpg", mode="CMYK", quality=100))
    assert image.mode == "RGB"
    difference = np.abs(np.array(image, int) - np.array(photograph(48, 32)))
    assert difference.mean() < 8


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_kept(tmp_path, fading, mode):
    path = tmp_path / "fading.png"
    fading.convert(mode).save(path)
    assert_same(read_image(path), fading.convert(mode).convert("RGBA"))


def test_one_grey_of_sixteen_bits_may_be_transparent(tmp_path):
    grey = np.array([[0, 2**15], [2**16 - 1, 300]], np.uint16)
    Image.fromarray(grey).save(tmp_path / "a.png", transparency=300)
    read = read_image(tmp_path / "a.png")
    assert read.mode == "RGBA"
    assert np.array(read)[..., 3].tolist() == [[255, 255], [255, 0]]
    assert np.array(read)[..., 0].tolist() == [[0, 128], [255, 1]]


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_transparent_palette_becomes_rgba(tmp_path, suffix):
    image = Image.new("P", (20, 16), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 10, 16))
    path = tmp_path / f"palette.{suffix}"
    image.save(path, transparency=0)
    read = read_image(path)
    assert read.mode == "RGBA"
    assert read.getpixel((2, 2))[3] == 0
    assert read.getpixel((15, 2)) == (0, 0, 255, 255)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    values = np.linspace(0, 65535, 20 * 16).reshape(16, 20)
    path = tmp_path / "deep.png"
    Image.fromarray(values.astype(np.uint16)).save(path)
    with Image.open(path) as stored:
        assert stored.mode.startswith("I")
    image = read_image(path)
    assert image.mode == "RGB"
    for channel in np.moveaxis(np.array(image), -1, 0):
        np.testing.assert_allclose(channel, values / 257, atol=0.6)


def test_float_pictures_are_scaled(tmp_path):
    values = np.linspace(0, 1, 20 * 16, dtype=np.float32).reshape(16, 20)
    path = tmp_path / "float.tiff"
    Image.fromarray(values).save(path)
    np.testing.assert_allclose(np.array(read_image(path))[..., 1], values * 255, atol=0.6)


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0, 1e9, 255, 65535, 2**31 - 1])
@pytest.mark.parametrize("in_file", [True, False])
def test_pictures_of_32_bits_are_scaled_by_what_they_hold(tmp_path, white, in_file):
    share = np.linspace(0, 1, 20 * 16).reshape(16, 20)
    kind = np.float32 if isinstance(white, float) else np.int32
    stored = Image.fromarray((share * white).astype(kind))
    stored.save(tmp_path / "deep.tif")
    image = read_image(tmp_path / "deep.tif") if in_file else as_read(stored)
    np.testing.assert_allclose(np.array(image)[..., 1], share * 255, atol=1.1)


def test_pictures_with_numbers_below_0(tmp_path):
    share = np.linspace(0, 1, 20 * 16, dtype=np.float32).reshape(16, 20)
    Image.fromarray(share * 2 - 1).save(tmp_path / "normal.tif")  # -1 to 1
    image = np.array(read_image(tmp_path / "normal.tif"))[..., 1]
    np.testing.assert_allclose(image, share * 255, atol=0.6)
    Image.fromarray(share * 1.1 - 0.05).save(tmp_path / "sharpened.tif")
    image = np.array(read_image(tmp_path / "sharpened.tif"))[..., 1]
    np.testing.assert_allclose(image, (share * 1.1 - 0.05).clip(0, 1) * 255, atol=0.6)
    Image.fromarray(share * 0 - 5).save(tmp_path / "flat.tif")
    assert not np.array(read_image(tmp_path / "flat.tif")).any()


def test_a_dark_picture_of_16_bits_stays_dark(tmp_path):
    (tmp_path / "dark.ppm").write_bytes(b"P5 2 2 65535 " + bytes([0, 200] * 4))
    assert np.array(read_image(tmp_path / "dark.ppm")).max() == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_finite_number_is_one_sentence(tmp_path, value):
    values = np.full((16, 20), 0.5, np.float32)
    values[3, 4] = value
    stored = Image.fromarray(values)
    stored.save(tmp_path / "hole.tif")
    with pytest.raises(UserError, match=r"hole\.tif cannot be read: .* no finite numbers"):
        read_image(tmp_path / "hole.tif")
    with pytest.raises(UserError, match="no finite numbers"):
        as_read(stored)


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.new("RGB", (20, 16), colour) for colour in ("red", "blue")]
    path = tmp_path / "moving.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert read_image(path).convert("RGB").getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("side", "size"), [(None, (800, 600)), (32, (100, 75)), (64, (200, 150)), (150, (400, 300)),
                       (151, (800, 600)), (2000, (800, 600))]
)  # fmt: skip
def test_a_draft_keeps_twice_the_side(picture, side, size):
    path = picture("photo.jpg", size=(800, 600))
    image = read_image(path, draft_side=side)
    assert image.size == size
    assert image.mode == "RGB"


def test_a_draft_of_a_png_changes_nothing(picture, photograph):
    assert_same(read_image(picture(), draft_side=4), photograph(48, 32))


@pytest.mark.parametrize("name", ["gone.png", "gone/gone.jpg"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(UserError, match=rf"no image .*{name}"):
        read_image(tmp_path / name)


def test_what_is_no_image_is_named(tmp_path):
    path = tmp_path / "note.jpg"
    path.write_text("this is no picture")
    with pytest.raises(UserError, match=r"note\.jpg is not an image"):
        read_image(path)


@pytest.mark.parametrize(
    "name", ["cut.jpg", "cut.png", "cut.webp", "cut.bmp", "cut.gif", "cut.tif"]
)
@pytest.mark.parametrize("share", [0.6, 0.9])
def test_a_truncated_image_is_named(picture, name, share):
    path = picture(name, size=(200, 150))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match=name):
        read_image(path)


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_image(tmp_path)


def test_images_are_listed_sorted_with_the_folders_below(tmp_path, picture):
    names = ["b.png", "a/2.JPG", "a/deep/3.webp", "a/1.jpeg", "c.tif"]
    for name in [*names, ".hidden.png", ".cache/4.png", "a/.git/5.png"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "a" / "note.txt").touch()
    (tmp_path / "album.jpg").mkdir()
    assert list_images(tmp_path) == sorted(tmp_path / name for name in names)


def test_a_hidden_folder_above_does_not_matter(tmp_path):
    folder = tmp_path / ".data" / "photos"
    folder.mkdir(parents=True)
    (folder / "a.png").touch()
    assert list_images(folder) == [folder / "a.png"]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_the_size_is_known_without_decoding(picture, name, orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = picture(name, (40, 24), exif=exif)
    assert read_size(path) == read_image(path).size == ((40, 24) if orientation < 5 else (24, 40))


def test_what_is_no_picture_has_no_size(tmp_path):
    (tmp_path / "text.jpg").write_text("text")
    assert read_size(tmp_path / "text.jpg") is None
    assert read_size(tmp_path / "missing.jpg") is None


def test_twelve_bits_of_a_microscope_are_scaled(tmp_path):
    row = int("".join(f"{value:012b}" for value in (0, 4095, 2048, 1024)), 2).to_bytes(6, "big")
    tags = {256: 4, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: len(row)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    path = tmp_path / "cells.tif"
    path.write_bytes(
        struct.pack("<2sHI", b"II", 42, 8 + len(row))
        + row
        + struct.pack("<H", len(tags))
        + entries
        + bytes(4)
    )
    assert np.asarray(read_image(path))[0, :, 0].tolist() == [0, 255, 128, 64]
