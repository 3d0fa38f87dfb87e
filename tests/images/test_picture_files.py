import struct
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from fastnst.images import formats as picture_files
from fastnst.images.formats import FORMATS, SUFFIXES, optional_formats
from fastnst.images.read import read_image, read_size
from fastnst.images.write import write_image
from fastnst.machine.errors import UserError

LOSSY = ("JPEG", "WEBP", "AVIF", "HEIF")


@pytest.mark.parametrize("suffix", sorted(SUFFIXES | {*picture_files.HEIF}))
def test_every_format_is_written_and_read(tmp_path, photograph, suffix):
    if suffix not in SUFFIXES:
        pytest.skip("pillow_heif is not installed")
    path = tmp_path / f"picture{suffix}"
    before = photograph(96, 64)
    write_image(before, path)
    with Image.open(path) as stored:
        assert stored.format == FORMATS[suffix]
    after = read_image(path)
    assert (after.mode, after.size, read_size(path)) == ("RGB", before.size, before.size)
    difference = np.abs(np.array(after, int) - np.array(before, int))
    assert difference.mean() < (3 if FORMATS[suffix] in (*LOSSY, "GIF") else 1e-9)


@pytest.mark.parametrize("suffix", [".avif", ".heic"])
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_a_truncated_file_of_a_newer_format_is_named(tmp_path, photograph, suffix, share):
    if suffix not in SUFFIXES:
        pytest.skip(f"no {suffix}")
    path = tmp_path / f"cut{suffix}"
    write_image(photograph(200, 150), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match=f"cut{suffix}"):
        read_image(path)


def test_without_the_library_for_heic_its_installation_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    formats = optional_formats()
    assert ".heic" not in formats
    monkeypatch.setattr(picture_files, "SUFFIXES", SUFFIXES - {*picture_files.HEIF})
    (tmp_path / "phone.HEIC").write_bytes(b"what Pillow does not know")
    with pytest.raises(UserError, match=r"phone\.HEIC is not .*pip install 'fastnst\[heif\]'"):
        read_image(tmp_path / "phone.HEIC")


def test_of_a_phones_two_pictures_the_first_is_taken(tmp_path, photograph):
    first, second = photograph(64, 48), photograph(32, 24, seed=1)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "phone.jpg"
    first.save(path, "MPO", save_all=True, append_images=[second], quality=95, exif=exif)
    with Image.open(path) as stored:
        assert (stored.format, stored.n_frames) == ("MPO", 2)
    image = read_image(path)
    assert image.size == read_size(path) == (48, 64)
    turned = np.array(first.transpose(Image.Transpose.ROTATE_270), int)
    assert np.abs(np.array(image, int) - turned).mean() < 5
    write_image(image, tmp_path / "painted.jpg")
    with Image.open(tmp_path / "painted.jpg") as written:
        assert written.format == "JPEG"


def test_of_several_pages_the_first_is_taken(tmp_path, photograph):
    pages = [photograph(40, 30, seed) for seed in range(3)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    assert np.array_equal(read_image(tmp_path / "pages.tif"), pages[0])


@pytest.fixture
def small_limit(monkeypatch):
    """Pillow warns above 1000 pixels and refuses above 2000."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.gif", "a.webp", "a.bmp"])
def test_what_pillow_warns_of_is_read_without_a_warning(picture, small_limit, name):
    assert read_image(picture(name, (50, 40))).size == (50, 40)


def test_what_pillow_refuses_is_refused_with_its_size(picture, small_limit):
    path = picture("large.png", (50, 41))
    with pytest.raises(UserError, match=r"large\.png has 0\.00205 megapixels.*0\.002 allowed: sc"):
        read_image(path)
    assert read_size(path) is None


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.gif", "a.webp"])
def test_the_limit_is_for_one_picture(picture, small_limit, name):
    path = picture(name, (80, 60))
    assert read_image(path, max_megapixels=0.0048).size == (80, 60)
    assert read_size(path, max_megapixels=0.0048) == (80, 60)
    with pytest.raises(UserError, match=r"more than the 0\.0047 allowed"):
        read_image(path, max_megapixels=0.0047)
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_the_limit_is_as_before_after_a_failure(tmp_path, small_limit):
    for name in ("missing.png", "empty.png"):
        (tmp_path / "empty.png").touch()
        with pytest.raises(UserError):
            read_image(tmp_path / name, max_megapixels=5)
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_threads_have_limits_of_their_own(picture, small_limit):
    path = picture("a.png", (80, 60))

    def read(number):
        try:
            return read_image(path, max_megapixels=1 if number % 2 else None).size
        except UserError:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(read, range(200))] == [None, (80, 60)] * 100
    assert Image.MAX_IMAGE_PIXELS == 1000


def test_a_size_is_known_without_decoding(picture, monkeypatch):
    path = picture()
    decoded = []
    monkeypatch.setattr(
        "PIL.PngImagePlugin.PngImageFile.load_prepare", lambda self: decoded.append(self)
    )
    assert read_size(path) == (48, 32)
    assert not decoded


def test_a_picture_does_not_change_with_its_file(picture, photograph):
    path = picture("raw.tif", mode="RGBA")  # Pillow maps it into memory
    image = read_image(path)
    with path.open("r+b") as file:
        file.write(b"\0" * path.stat().st_size)
    assert np.array_equal(image.convert("RGB"), photograph(48, 32))


def test_no_limit_of_pillow_is_no_limit(picture, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert read_image(picture()).size == (48, 32)


@pytest.mark.parametrize(("name", "largest"), [("a.jpg", 65500), ("a.webp", 16383),
    ("a.gif", 65535), ("a.avif", 32768)])  # fmt: skip
def test_what_a_format_cannot_hold_goes_into_another(tmp_path, name, largest):
    write_image(Image.new("RGB", (largest, 1)), tmp_path / name)
    assert read_image(tmp_path / name).size == (largest, 1)
    for size in ((largest + 1, 1), (1, largest + 1)):
        with pytest.raises(
            UserError, match=rf"at most {largest} pixels .* write it as PNG or TIFF"
        ):
            write_image(Image.new("RGB", size), tmp_path / f"large_{name}")
        write_image(Image.new("RGB", size), tmp_path / "large.png")
        write_image(Image.new("RGB", size), tmp_path / "large.tif")
    assert not (tmp_path / f"large_{name}").exists()


@pytest.mark.parametrize("suffix", ["jpg", "webp", "avif", "heic"])
def test_quality_changes_the_size(tmp_path, photograph, suffix):
    if f".{suffix}" not in SUFFIXES:
        pytest.skip(f"no {suffix}")
    sizes = []
    for quality in (30, 60, None):
        path = tmp_path / f"{quality}.{suffix}"
        write_image(photograph(200, 150), path, quality=quality)
        sizes.append(path.stat().st_size)
    assert sizes == sorted({*sizes})
    write_image(photograph(200, 150), tmp_path / f"95.{suffix}", quality=95)
    assert (tmp_path / f"95.{suffix}").stat().st_size == sizes[-1]


@pytest.mark.parametrize(("quality", "blur"), [(95, False), (90, False), (85, True)])
def test_colours_are_not_shared_at_high_quality(tmp_path, quality, blur):
    stripes = np.zeros((16, 32, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    stripes[:, 1::2] = (0, 0, 255)
    write_image(Image.fromarray(stripes), tmp_path / "stripes.jpg", quality=quality)
    difference = np.abs(np.array(read_image(tmp_path / "stripes.jpg"), int) - stripes)
    assert (difference.mean() > 40) == blur


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_tiff_is_compressed_without_loss(tmp_path, photograph, mode):
    image = photograph(200, 150).convert(mode)
    write_image(image, tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as stored:
        assert (stored.info["compression"], stored.tag_v2[317]) == ("tiff_lzw", 2)
    assert np.array_equal(read_image(tmp_path / "a.tif"), image)
    assert (tmp_path / "a.tif").stat().st_size < 200 * 150 * len(mode) / 2


def deep_tiff(values, deflate):
    """A TIFF of 16 bits per channel."""
    height, width, bands = values.shape
    data = values.astype("<u2").tobytes()
    data = zlib.compress(data) if deflate else data
    entries = {256: width, 257: height, 259: 8 if deflate else 1, 262: 2, 273: 256, 277: bands,
               278: height, 279: len(data)} | ({338: 2} if bands == 4 else {})  # fmt: skip
    directory = struct.pack("<HHII", 258, 3, bands, 240)
    for tag, value in entries.items():
        directory += struct.pack("<HHII", tag, 4, 1, value)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries) + 1) + directory
    return head.ljust(240, b"\0") + struct.pack("<4H", *[16] * 4).ljust(16, b"\0") + data


def deep_png(values):
    """A PNG of 16 bits per channel."""
    height, width, bands = values.shape
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    chunks = {
        b"IHDR": struct.pack(">IIBB3x", width, height, 16, 2 if bands == 3 else 6),
        b"IDAT": zlib.compress(lines),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


@pytest.mark.parametrize("kind", ["plain.tif", "deflate.tif", "lzw.tif", "a.png"])
@pytest.mark.parametrize("bands", [3, 4])
def test_sixteen_bits_are_scaled(tmp_path, kind, bands):
    values = np.linspace(0, 65535, 16 * 20 * bands).reshape(16, 20, bands).astype(np.uint16)
    path = tmp_path / kind
    if kind == "lzw.tif":
        order = [2, 1, 0, 3][:bands]  # OpenCV has blue first
        pytest.importorskip("cv2").imwrite(str(path), np.ascontiguousarray(values[..., order]))
    else:
        deflated = kind.startswith("deflate")
        path.write_bytes(deep_png(values) if kind == "a.png" else deep_tiff(values, deflated))
    image = read_image(path)
    assert image.mode == ("RGB" if bands == 3 else "RGBA")
    np.testing.assert_allclose(np.array(image), values / 257, atol=1)


def test_a_grey_tiff_may_have_white_as_zero(tmp_path):
    values = np.linspace(0, 65535, 320).reshape(16, 20).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.tif", tiffinfo={262: 0})
    grey = np.array(read_image(tmp_path / "a.tif"))[..., 0]
    np.testing.assert_allclose(grey, 255 - values / 257, atol=0.6)


def test_a_tiff_that_pillow_refuses_is_named_with_what_helps(tmp_path):
    content = deep_tiff(np.zeros((16, 20, 3)), deflate=False)
    (tmp_path / "odd.tif").write_bytes(
        content.replace(struct.pack("<4H", *[16] * 4), b"\x18\0" * 4)
    )
    with pytest.raises(UserError, match=r"odd\.tif is not .* 8 or 16 bits"):
        read_image(tmp_path / "odd.tif")
