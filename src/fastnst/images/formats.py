"""Files of pictures: which formats there are, and how a file is opened."""

import ctypes
import math
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError, features

from fastnst.images.png import Chunks
from fastnst.machine import UserError

HEIF = {".heic": "HEIF", ".heif": "HEIF"}
_limit_lock = threading.Lock()


def optional_formats() -> dict[str, str]:
    """Extensions, with Pillow's names, of the formats that not every installation has."""
    formats = {".avif": "AVIF"} if features.check("avif") else {}
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return formats
    register_heif_opener()
    return formats | HEIF


FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".gif": "GIF",
    ".ppm": "PPM",
    **optional_formats(),
}
SUFFIXES = frozenset(FORMATS)
with suppress(AttributeError, OSError):  # where Pillow's libtiff is a library of its own
    # it would write about damaged files to stderr, in the midst of what is said there
    ctypes.CDLL(Image.core.__file__).TIFFSetErrorHandler(None)


@contextmanager
def open_picture(
    path: str | Path | BinaryIO, max_megapixels: float | None = None
) -> Generator[ImageFile.ImageFile]:
    """Open a file; its pixels are decoded when they are first asked for, within the block.

    Args:
        path: the file.
        max_megapixels: refuse larger pictures, in millions of pixels; None: those that Pillow
            refuses (179 unless set otherwise).

    Raises:
        UserError: if the file is not there, is no picture, is too large, or, from within the
            block, is damaged.
    """
    try:
        with _no_limit():
            opened = Image.open(path)
        with opened as image:
            _check_size(path, image.size, max_megapixels)
            yield image
    except (UserError, MemoryError):
        raise
    except FileNotFoundError as error:
        if re.match(r"(?i)https?:/", str(path)):
            advice = "an address is not read, download the picture first"
        else:
            advice = "check the name"
        raise UserError(f"There is no image {path}: {advice}.") from error
    except UnidentifiedImageError as error:
        raise UserError(f"{path} is not an image that Pillow can read{_hint(path)}.") from error
    except Exception as error:  # decoders raise whatever foreign bytes lead them to
        reason = " ".join(str(error).split()).rstrip(".")
        raise UserError(f"The image {path} cannot be read: {reason}.") from error


def decode(image: ImageFile.ImageFile) -> None:
    """`image.load()` of what `open_picture` has let pass."""
    # a TIFF is checked a second time; only huge ones are to wait for each other
    huge = image.format == "TIFF" and image.width * image.height > _warning_limit()
    with _no_limit() if huge else nullcontext():
        image.load()


def _warning_limit() -> float:
    with _limit_lock:
        return Image.MAX_IMAGE_PIXELS or math.inf


@contextmanager
def _no_limit() -> Generator[None]:
    """Pillow has one limit for all threads, and warns well below what it refuses; so has it one
    reader of PNG's chunks, which a picture keeps from when it was opened."""
    with _limit_lock:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        usual, PngImagePlugin.PngStream = PngImagePlugin.PngStream, Chunks
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, PngImagePlugin.PngStream = limit, usual


def _check_size(
    path: str | Path | BinaryIO, size: tuple[int, int], max_megapixels: float | None
) -> None:
    limit = 2 * _warning_limit() / 1e6 if max_megapixels is None else max_megapixels
    megapixels = size[0] * size[1] / 1e6
    if megapixels > limit:
        raise UserError(
            f"{path} has {megapixels:.4g} megapixels, more than the {limit:.4g} allowed: scale it "
            f"down, or allow more with --max-megapixels."
        )


def _hint(path: str | Path | BinaryIO) -> str:
    suffix = Path(str(path)).suffix.lower()
    if suffix in HEIF and suffix not in SUFFIXES:
        return ": pip install 'fastnst[heif]'"
    if suffix in (".tif", ".tiff"):
        return ": save it with 8 or 16 bits per channel"
    return ""
