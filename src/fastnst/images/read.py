"""Reading and writing pictures, and the way between Pillow and the pixel contract.

Between modules a batch of images is float, RGB, [0, 1], `(N, 3, H, W)`.
"""

import math
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from PIL import ExifTags, Image, ImageFile

from fastnst.images.formats import decode, open_picture
from fastnst.images.icc import to_srgb
from fastnst.images.pixels import bare
from fastnst.machine import UserError

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
BEYOND = 0.1  # of white, that pixels with 32 bits may be brighter than it or darker than black
BITS, PHOTOMETRIC = 258, 262  # tags of TIFF
EIGHT_BITS = np.rint(np.arange(2**16) / 257).astype(np.uint8)  # of sixteen


def read_image(
    path: str | Path | BinaryIO, draft_side: int | None = None, max_megapixels: float | None = None
) -> Image.Image:
    """Read a picture as 8-bit sRGB, or RGBA where it has transparency, the right way up.

    EXIF orientation and ICC profile are applied; grayscale, palette, CMYK, Lab, 16-bit and float
    pictures are converted; of an animation or of several pages the first is taken. Nothing else of
    the file comes with it: see `fastnst.images.metadata`.

    Args:
        path: the file, by its name or open for reading.
        draft_side: if given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size (much faster) as
            long as its short side stays at least twice this long, in pixels.
        max_megapixels: refuse larger pictures, in millions of pixels; None: Pillow's limit, 179.

    Raises:
        UserError: if the file is not there, is no picture, is damaged or too large.
    """
    with open_picture(path, max_megapixels) as image:
        if draft_side is not None:
            scale = 2 * draft_side / min(image.size)
            width, height = (round(side * scale) for side in image.size)
            image.draft("RGB", (width, height))
        _round_key(image)
        decode(image)
        upright = to_srgb(_eight_bits(image), image.info.get("icc_profile"))
        turn = TURNS.get(_orientation(image))
        return bare(upright if turn is None else upright.transpose(turn))


def as_read(image: Image.Image) -> Image.Image:
    """A picture of any mode as `read_image` would have given it: a copy in 8-bit sRGB, or RGBA.

    Raises:
        UserError: if it has pixels that are no finite numbers.
    """
    try:
        eight_bits = _eight_bits(image)
    except ValueError as error:
        raise UserError(f"The picture cannot be painted: {error}.") from error
    if eight_bits is image:
        eight_bits = image.copy()  # its colours may be changed in place
    converted = to_srgb(eight_bits, image.info.get("icc_profile"))
    turn = TURNS.get(_orientation(image))
    return converted if turn is None else converted.transpose(turn)


def read_size(path: str | Path, max_megapixels: float | None = None) -> tuple[int, int] | None:
    """Width and height as `read_image` will have them, without decoding; None if it will fail."""
    try:
        with open_picture(path, max_megapixels) as image:
            # Pillow turns a TIFF itself, and says so from the start
            turned = _orientation(image) >= 5 and image.format != "TIFF"
            return (image.height, image.width) if turned else image.size
    except (UserError, MemoryError):
        return None


def _round_key(image: ImageFile.ImageFile) -> None:
    """Of PNGs with three times 16 bits Pillow keeps the high bytes, but compares the low ones with
    the one colour that is transparent."""
    key = image.info.get("transparency")
    if isinstance(key, tuple) and any(tile.args == "RGB;16B" for tile in image.tile):
        image.info["transparency"] = tuple(value >> 8 for value in cast("tuple[int, ...]", key))


def _orientation(image: Image.Image) -> int:
    try:  # not with the PNG's own method, which decodes the picture
        value = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:  # the bytes are foreign
        return 1
    return value if value in TURNS else 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """The same with 8 bits per channel; Pillow's own conversion clips at 255 instead of scaling.

    Raises:
        ValueError: if a value is no finite number.
    """
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image)
    # 16 bits are scaled alike, whatever they show; Pillow has those of a PPM in an array of 32
    if values.itemsize == 2 or (image.mode == "I" and image.format == "PPM"):
        if getattr(image, "tag_v2", {}).get(BITS) == (12,):  # which Pillow does not scale
            values = values.astype(np.uint32) * 65535 // 4095
        grey = EIGHT_BITS[values.clip(0, 65535)]
    else:
        black, white = _ends(values)
        scaled = (values - black) * (255 / (white - black))
        grey = np.rint(scaled).clip(0, 255).astype(np.uint8)
    if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == 0:  # is white
        grey = 255 - grey
    clear = image.info.get("transparency")  # the one value, of a PNG, that is transparent
    if not isinstance(clear, int):
        return Image.fromarray(grey)
    opaque = np.where(values == clear, 0, 255).astype(np.uint8)
    return Image.fromarray(np.stack((grey, opaque), axis=-1))


def _ends(values: np.ndarray) -> tuple[float, float]:
    """Which numbers are black and white: files with 32 bits do not say it, but what they hold does.

    Black is 0; white the smallest that the brightest pixel comes up to of 1 (of floats), 255 and
    (of integers) 65535, or that pixel itself. What little is beyond, as sharpening leaves it, is
    clipped; where much is below 0 the darkest pixel is black and the brightest white.
    """
    lowest, highest = float(values.min()), float(values.max())
    if not math.isfinite(lowest) or not math.isfinite(highest):
        raise ValueError(
            "it has pixels that are no finite numbers (NaN or infinite); give them a value and "
            "save it again"
        )
    usual = (1, 255) if values.dtype.kind == "f" else (255, 65535)
    white = next((end for end in usual if highest <= end * (1 + BEYOND)), highest)
    if lowest >= -BEYOND * white:
        return 0, white
    return lowest, highest if highest > lowest else lowest + 1
