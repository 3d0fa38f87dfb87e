from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms
from small.profiles import ADOBE, SRGB, cmyk_profile, encode, grey_profile, rgb_profile, to_srgb

from fastnst.images import icc
from fastnst.images.read import as_read, read_image
from fastnst.images.write import write_image

INKS = np.zeros((2, 2, 2, 2, 3))  # Lab as bytes, by cyan, magenta, yellow, black
INKS[..., :] = (10, 128, 128)
INKS[0, 0, 0, 0] = (255, 128, 128)
INKS[1, 0, 0, 0] = (136, 128 + 80, 128 + 67)  # the red of sRGB, from "cyan"


def assert_close(image, expected, tolerance=1.6):
    np.testing.assert_allclose(np.array(image, float), expected, atol=tolerance)


def builtin_srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp", "a.avif"])
def test_rgb_is_converted(picture, name):
    before = read_image(picture(name))
    expected = to_srgb(np.array(before), ADOBE, 2.2)
    assert np.abs(expected - np.array(before)).max() > 20
    assert_close(read_image(picture(name, icc_profile=rgb_profile(ADOBE, 2.2))), expected)


@pytest.mark.parametrize("draft_side", [None, 16])
def test_a_jpeg_is_converted_drafted_or_not(picture, draft_side):
    plain = picture("plain.jpg", size=(320, 240), quality=100)
    path = picture("photo.jpg", size=(320, 240), quality=100, icc_profile=rgb_profile())
    image, before = (read_image(one, draft_side) for one in (path, plain))
    assert image.size == before.size == ((320, 240) if draft_side is None else (80, 60))
    assert_close(image, to_srgb(np.array(before), ADOBE, 2.2))


@pytest.mark.parametrize("name", ["a.png", "a.tif", "raw.tif"])
def test_transparency_is_exactly_kept(tmp_path, photograph, name):
    image = photograph(48, 32).convert("RGBA")
    alpha = np.arange(48 * 32).reshape(32, 48).astype(np.uint8)
    image.putalpha(Image.fromarray(alpha))
    compression = {} if name != "a.tif" else {"compression": "tiff_lzw"}
    image.save(tmp_path / name, icc_profile=rgb_profile(), **compression)
    before = (tmp_path / name).read_bytes()
    read = read_image(tmp_path / name)
    assert read.mode == "RGBA"
    np.testing.assert_array_equal(np.array(read)[..., 3], alpha)
    assert_close(read.convert("RGB"), to_srgb(np.array(photograph(48, 32)), ADOBE, 2.2))
    read.paste("red", (0, 0, 5, 5))  # an uncompressed TIFF is mapped into memory
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("mode", ["L", "LA"])
@pytest.mark.parametrize("kind", ["grey", "rgb"])
def test_grey_is_converted(tmp_path, mode, kind):
    values = np.arange(256).reshape(16, 16).astype(np.uint8)
    image = Image.fromarray(values).convert(mode)
    if mode == "LA":
        image.putalpha(Image.fromarray(255 - values))
    profile = grey_profile(1.8) if kind == "grey" else rgb_profile(ADOBE, 1.8)
    image.save(tmp_path / "grey.png", icc_profile=profile)
    read = read_image(tmp_path / "grey.png")
    for channel in np.moveaxis(np.array(read.convert("RGB")), -1, 0):
        assert_close(channel, encode((values / 255) ** 1.8))
    if mode == "LA":
        np.testing.assert_array_equal(np.array(read)[..., 3], 255 - values)


def test_sixteen_bits_are_converted(tmp_path):
    values = np.linspace(0, 65535, 256).reshape(16, 16).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png", icc_profile=grey_profile(1.8))
    read = np.array(read_image(tmp_path / "deep.png"))[..., 0]
    assert_close(read, encode((values / 65535) ** 1.8))


def test_a_picture_that_is_handed_over_stays_as_it_is(picture):
    with Image.open(picture(icc_profile=rgb_profile(ADOBE, 2.2))) as image:
        before = np.array(image)
        read = as_read(image)
        assert np.array_equal(image, before)
    assert not np.array_equal(read, before)


def test_a_palette_is_converted(tmp_path):
    image = Image.new("P", (20, 16), 1)
    image.putpalette([0, 0, 0, 60, 150, 90])
    image.save(tmp_path / "palette.png", icc_profile=rgb_profile())
    expected = to_srgb(np.array([60, 150, 90]), ADOBE, 2.2)
    assert_close(read_image(tmp_path / "palette.png").getpixel((3, 3)), expected)


@pytest.mark.parametrize("name", ["inks.jpg", "inks.tif"])
def test_inks_go_through_their_profile(tmp_path, name):
    image = Image.new("CMYK", (32, 16), (255, 0, 0, 0))
    image.paste((0, 0, 0, 0), (16, 0, 32, 16))
    image.save(tmp_path / name, icc_profile=cmyk_profile(INKS))
    read = read_image(tmp_path / name)
    assert read.mode == "RGB"
    assert_close(read.getpixel((4, 8)), (255, 0, 0), 8)
    assert_close(read.getpixel((28, 8)), (255, 255, 255), 2)


def test_lab_is_converted(tmp_path):
    red = bytes([136, 80, 67])  # a and b are signed in the file
    Image.frombytes("RGB", (20, 16), red * 320).save(tmp_path / "lab.tif", tiffinfo={262: 8})
    assert_close(read_image(tmp_path / "lab.tif").getpixel((3, 3)), (255, 0, 0), 8)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("profile", [b"nonsense", rgb_profile()[:200], cmyk_profile(INKS)[:900],
    rgb_profile()[:16] + b"CMYK" + rgb_profile()[20:]])  # fmt: skip
def test_a_broken_profile_is_ignored(picture, mode, profile):
    with_profile = picture("broken.tif", mode=mode, icc_profile=profile)
    without = picture("plain.tif", mode=mode)
    assert np.array_equal(read_image(with_profile), read_image(without))


@pytest.mark.parametrize(("mode", "profile"), [("RGB", grey_profile(1.0)),
    ("RGB", cmyk_profile(INKS)), ("L", cmyk_profile(INKS)), ("CMYK", rgb_profile()),
    ("CMYK", grey_profile(1.0))])  # fmt: skip
def test_a_profile_of_another_kind_is_ignored(picture, mode, profile):
    with_profile = picture("other.tif", mode=mode, icc_profile=profile)
    assert np.array_equal(read_image(with_profile), read_image(picture("a.tif", mode=mode)))


def test_srgb_is_left_as_it_is_and_known_again(picture, photograph, monkeypatch):
    icc._transform.cache_clear()
    path = picture(icc_profile=builtin_srgb())
    assert np.array_equal(read_image(path), photograph(48, 32))
    monkeypatch.setattr(icc.ImageCms, "ImageCmsTransform", None)  # neither built nor applied
    assert np.array_equal(read_image(path), photograph(48, 32))
    assert icc._transform.cache_info().hits == 1


def test_nearly_srgb_is_not_srgb():
    source, transform = icc._transform(rgb_profile(SRGB, 2.2), "RGB")  # its dark tones differ
    assert (source, transform is None) == ("RGB ", False)
    assert icc._transform(builtin_srgb(), "RGBA") == ("RGB ", None)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp", "a.avif"])
def test_no_profile_is_passed_on(picture, tmp_path, name):
    image = read_image(picture(icc_profile=rgb_profile()))
    image.info["icc_profile"] = rgb_profile()
    write_image(image, tmp_path / name)
    with Image.open(tmp_path / name) as written:
        assert not written.info.get("icc_profile")


def test_the_profiles_of_these_tests_are_profiles():
    for made, space in ((rgb_profile(), "RGB "), (grey_profile(1), "GRAY"),
                        (cmyk_profile(INKS), "CMYK")):  # fmt: skip
        assert ImageCms.ImageCmsProfile(BytesIO(made)).profile.xcolor_space == space
