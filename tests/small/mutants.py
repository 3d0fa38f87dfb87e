"""Small files of every kind, and damaged ones made from them."""

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from fastnst.images.formats import SUFFIXES
from small.fixtures import draw

EXTREMES = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\1\0\0"]
TIFF_COMPRESSIONS = (None, "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits", "zstd")


def seed_pictures() -> dict[str, bytes]:
    """Sound pictures of about 40 x 32 pixels, by file name."""
    rgb = draw(40, 32)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif.update({0x010E: "a text", 0x0112: 6, 0x8298: "somebody"})
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "plain", zip=True)
    texts.add_itxt("Title", "international")
    rgba = rgb.convert("RGBA")
    rgba.putalpha(rgb.convert("L"))
    deep = Image.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 257)
    frames = [draw(40, 32, seed) for seed in range(3)]
    made = {
        "plain.jpg": (rgb, {}),
        "progressive.jpg": (rgb, {"progressive": True, "exif": exif, "icc_profile": profile}),
        "ink.jpg": (rgb.convert("CMYK"), {"comment": b"ink"}),
        "grey.jpeg": (rgb.convert("L"), {"dpi": (72, 72)}),
        "plain.png": (rgb, {}),
        "rich.png": (rgba, {"exif": exif, "icc_profile": profile, "pnginfo": texts}),
        "deep.png": (deep, {}),
        "palette.png": (rgb.convert("P"), {"transparency": 3}),
        "one_bit.png": (rgb.convert("1"), {}),
        "plain.webp": (rgb, {}),
        "lossless.webp": (rgba, {"lossless": True, "exif": exif, "icc_profile": profile}),
        "moving.webp": (frames[0], {"save_all": True, "append_images": frames[1:]}),
        "still.gif": (rgb.convert("P"), {"comment": b"a comment"}),
        "moving.gif": (frames[0], {"save_all": True, "append_images": frames[1:]}),
        "plain.bmp": (rgb, {}),
        "palette.bmp": (rgb.convert("P"), {}),
        "plain.ppm": (rgb, {}),
        "deep.tif": (deep, {}),
        "clear.tiff": (rgba, {"exif": exif, "icc_profile": profile}),
        "plain.avif": (rgb, {"exif": exif}),
        "plain.heic": (rgb, {"exif": exif}),
    }
    for compression in TIFF_COMPRESSIONS:
        made[f"{compression}.tif"] = (rgb, {"compression": compression})
    contents = {"interlaced.png": _interlaced()}
    for name, (picture, options) in made.items():
        suffix = name[name.rindex(".") :]
        if suffix not in SUFFIXES:
            continue
        file = io.BytesIO()
        formats = {".heic": "HEIF", ".ppm": "PPM", ".tif": "TIFF", ".jpg": "JPEG"}
        picture.save(file, formats.get(suffix, suffix[1:].upper()), **options)
        contents[name] = file.getvalue()
    return contents


def _interlaced() -> bytes:
    """A grey PNG of 16 x 16 pixels in seven passes, which Pillow reads and does not write."""
    passes = [(2, 2), (2, 2), (4, 2), (4, 4), (8, 4), (8, 8), (16, 8)]
    rows = b"".join(b"\0" + bytes(range(width)) for width, count in passes for _ in range(count))
    return grey_png(16, 16, rows, interlaced=True)


def grey_png(width: int, height: int, rows: bytes, interlaced: bool = False) -> bytes:
    """A PNG of 8 bits that says it has this size, with any bytes for rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, interlaced)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, *zip(*parts, strict=True)))


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def mutants(seeds: dict[str, bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Damaged files with new names: always the same for a seed."""
    rng = np.random.default_rng(seed)
    names = sorted(seeds)
    for index in range(count):
        name = names[index % len(names)]
        content = bytearray(seeds[name])
        for _ in range(rng.choice([1, 1, 2, 4])):
            if content:
                content = _damage(content, seeds[names[rng.integers(len(names))]], rng)
        if name.endswith(".png") and rng.random() < 0.7:
            content = _with_right_sums(content)
        yield f"{index:05}_{name}", bytes(content)


def _damage(content: bytearray, other: bytes, rng: np.random.Generator) -> bytearray:
    length = len(content)
    # headers decide most: every other place is near the start
    place = int(rng.integers(min(length, 100) if rng.random() < 0.5 else length))
    size = int(rng.integers(1, 40))
    way = rng.integers(8)
    if way == 0:
        content[place] ^= 1 << int(rng.integers(8))
    elif way == 1:
        content[place : place + size] = rng.bytes(size)
    elif way == 2:
        del content[place : place + size]
    elif way == 3:
        content[place:place] = content[place : place + 4 * size]
    elif way == 4:
        extreme = EXTREMES[rng.integers(len(EXTREMES))]
        extreme = extreme[: int(rng.choice([1, 2, 4]))]
        if rng.random() < 0.5:
            extreme = extreme[::-1]
        content[place : place + len(extreme)] = extreme
    elif way == 5:
        del content[place:]
    elif way == 6:
        content[place:] = other[int(rng.integers(len(other))) :]
    else:
        content[place : place + size] = bytes([int(rng.integers(256))]) * size
    return content


def _with_right_sums(content: bytearray) -> bytearray:
    """Of a PNG, for its damaged parts to be read."""
    mended, place = content[:8], 8
    while place + 12 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        if place + 12 + size > len(content):
            break
        mended += _chunk(
            bytes(content[place + 4 : place + 8]), bytes(content[place + 8 : place + 8 + size])
        )
        place += 12 + size
    return mended + content[place:]
