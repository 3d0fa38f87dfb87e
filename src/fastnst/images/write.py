"""Writing pictures: each format with what it can hold, whole or not at all."""

import math
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from fastnst.images.formats import FORMATS, SUFFIXES
from fastnst.images.metadata import Metadata, metadata_options
from fastnst.images.pixels import bare, flatten
from fastnst.machine import UserError, whole_file

KEEP_ALPHA = frozenset({"PNG", "WEBP", "TIFF", "AVIF", "HEIF"})
LONGEST = {"JPEG": 65500, "WEBP": 16383, "GIF": 65535, "AVIF": 32768}  # side that a format holds
PREDICTOR = 317  # a tag of TIFF


def write_image(
    image: Image.Image,
    path: Path,
    *,
    quality: int | None = None,
    metadata: Metadata | None = None,
) -> None:
    """Write a picture by its extension, whole or not at all.

    Transparency is kept in PNG, WebP, TIFF, AVIF and HEIC and composited over white in every other
    format.

    Args:
        image: RGB or RGBA, in the colours of sRGB.
        path: where to; missing folders are made.
        quality: of JPEG, WebP, AVIF and HEIC, 1 to 100; None: 95.
        metadata: what to write beside the pixels, as far as the format can hold it.

    Raises:
        UserError: if the extension is unknown, the picture is too large for the format, or the file
            cannot be written.
    """
    format = check_writable(path, image.size)
    options = save_options(format, quality, metadata)
    try:
        with whole_file(path) as temporary:
            kept = image if format in KEEP_ALPHA else flatten(image)
            bare(kept).save(temporary, format=format, **options)
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"Cannot write {path}: {error}.") from error


def check_writable(path: Path, size: tuple[int, int]) -> str:
    """Pillow's name of the format that a picture is written in.

    Args:
        path: of the file that is to be; its extension decides.
        size: width and height of the picture, in pixels.

    Raises:
        UserError: if the extension is unknown, or the picture is too large for the format.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{path}: end the name in one of {', '.join(sorted(SUFFIXES))}.")
    check_side(path, FORMATS[suffix], size)
    return FORMATS[suffix]


def check_side(path: Path, format: str, size: tuple[int, int]) -> None:
    """Raise a `UserError` if a picture is too wide or high for a format, by Pillow's name."""
    if max(size) > LONGEST.get(format, math.inf):
        raise UserError(
            f"{path}: {format} holds at most {LONGEST[format]} pixels a side, and the picture is "
            f"{size[0]}x{size[1]}: write it as PNG or TIFF."
        )


def save_options(format: str, quality: int | None, metadata: Metadata | None) -> dict[str, Any]:
    """What Pillow's `save` needs for a format, by its name; see `write_image`."""
    quality = quality or 95
    options = metadata_options(metadata or Metadata(), format)
    if format == "PNG":
        options["compress_level"] = 1  # four times as fast as usual, for 9 % more bytes
    elif format == "TIFF":
        if not {ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo} & {*options["exif"]}:
            # with these directories Pillow can write no compressed TIFF
            options["compression"] = "tiff_lzw"
            options["exif"][PREDICTOR] = 2  # differences of neighbours: half the bytes
    elif format in ("JPEG", "WEBP", "AVIF", "HEIF"):
        options["quality"] = quality
        if quality >= 90 and format in ("JPEG", "AVIF"):
            options["subsampling"] = "4:4:4"  # colour changes abruptly at the edge of a stroke
        if format == "AVIF":
            options["speed"] = 8  # 2.5 times as fast as usual, for 7 % more bytes
    return options
