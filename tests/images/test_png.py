"""PNG files with texts and profiles that Pillow alone would not read."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin
from small.profiles import ADOBE, rgb_profile, to_srgb

from fastnst.images.metadata import read_metadata
from fastnst.images.read import read_image, read_size

COLOR = (10, 200, 30)
MILLION = 10**6


def chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def packed_text(count: int) -> bytes:
    return chunk(b"zTXt", b"note\0\0" + zlib.compress(b"x" * count))


def unicode_text(count: int) -> bytes:
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"x" * count))


def plain_text(count: int) -> bytes:
    return chunk(b"tEXt", b"note\0" + b"x" * count)


def profile(count: int) -> bytes:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(srgb + bytes(count)))


@pytest.fixture
def png(tmp_path):
    """Writes a picture of one colour with chunks before and after its pixels."""

    def write(before: bytes = b"", after: bytes = b""):
        file = io.BytesIO()
        Image.new("RGB", (8, 6), COLOR).save(file, "PNG")
        content = file.getvalue()
        path = tmp_path / "picture.png"
        path.write_bytes(content[:33] + before + content[33:-12] + after + content[-12:])
        return path

    return write


@pytest.mark.parametrize(
    "chunks",
    [
        packed_text(2 * MILLION),
        unicode_text(2 * MILLION),
        packed_text(MILLION) * 70,  # 64 MB in all are too many for Pillow
        profile(3 * MILLION),
        profile(100 * MILLION),  # a bomb
        packed_text(300 * MILLION),
    ],
    ids=["text", "xmp", "texts", "profile", "huge profile", "huge text"],
)
@pytest.mark.parametrize("place", ["before", "after"])
def test_they_are_read_and_memory_stays_bounded(chunks, place, png):
    path = png(**{place: chunks})
    tracemalloc.start()
    try:
        assert read_image(path).getpixel((4, 3)) == COLOR
        assert read_size(path) == (8, 6)
        read_metadata(path, everything=True)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 150 * MILLION


@pytest.mark.slow
def test_of_plain_texts_no_more_is_kept_than_of_packed_ones(png):
    path = png(plain_text(MILLION) + plain_text(68 * MILLION))
    assert read_image(path).getpixel((4, 3)) == COLOR
    ((key, text),) = read_metadata(path, everything=True).text
    assert (key, len(text)) == ("note", MILLION)


def test_a_long_profile_is_applied(png):
    packed = zlib.compress(rgb_profile(ADOBE, 2.2) + bytes(2 * MILLION))
    expected = to_srgb(np.array([[COLOR]], np.uint8), ADOBE, 2.2)[0, 0]
    assert np.abs(expected - COLOR).max() > 5
    color = read_image(png(chunk(b"iCCP", b"name\0\0" + packed))).getpixel((4, 3))
    np.testing.assert_allclose(color, expected, atol=2)


def test_pillow_is_as_it_was_for_others(png):
    read_image(png(packed_text(2 * MILLION)))
    with pytest.raises(ValueError, match="too large"):
        Image.open(png(packed_text(2 * MILLION)))
    assert PngImagePlugin.PngStream.__module__ == "PIL.PngImagePlugin"


def test_the_colour_of_sixteen_bits_that_is_transparent(tmp_path):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 1, 16, 2, 0, 0, 0))
    key, low, other = (0x1234, 0x5678, 0x9ABC), (0x3400, 0x7800, 0xBC00), (0xFFFF, 0, 0)
    row = b"\0" + b"".join(struct.pack(">HHH", *color) for color in (key, low, other))
    content = (
        header + chunk(b"tRNS", struct.pack(">HHH", *key)) + chunk(b"IDAT", zlib.compress(row))
    )
    path = tmp_path / "key.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content + chunk(b"IEND", b""))
    picture = read_image(path)
    assert [picture.getpixel((x, 0))[3] for x in range(3)] == [0, 255, 255]


@pytest.mark.parametrize("place", ["before", "after"])
def test_exif_is_found_wherever_it_is_and_pixels_are_decoded_for_it_alone(place, png, monkeypatch):
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "somebody"
    path = png(**{place: chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))})
    assert b"somebody" in read_metadata(path).exif

    def refuse(*_):
        pytest.fail("the pixels were decoded")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", refuse)
    if place == "before":
        assert b"somebody" in read_metadata(path).exif
    assert read_metadata(png()).exif == b""
