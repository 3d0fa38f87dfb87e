"""Reading and writing pictures, and the way between Pillow and the pixel contract.

Between modules a batch of images is float, RGB, [0, 1], `(N, 3, H, W)`.
"""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image

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
PHOTOMETRIC = 262  # a tag of TIFF
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
        decode(image)
        upright = to_srgb(_eight_bits(image), image.info.get("icc_profile"))
        turn = TURNS.get(_orientation(image))
        return bare(upright if turn is None else upright.transpose(turn))


def as_read(image: Image.Image) -> Image.Image:
    """A picture of any mode as `read_image` would have given it: a copy in 8-bit sRGB, or RGBA."""
    converted = to_srgb(_eight_bits(image), image.info.get("icc_profile"))
    turn = TURNS.get(_orientation(image))
    if turn is not None:
        return converted.transpose(turn)
    return converted.copy() if converted is image else converted


def read_size(path: str | Path, max_megapixels: float | None = None) -> tuple[int, int] | None:
    """Width and height as `read_image` will have them, without decoding; None if it will fail."""
    try:
        with open_picture(path, max_megapixels) as image:
            turned = _orientation(image) >= 5
            return (image.height, image.width) if turned else image.size
    except (UserError, MemoryError):
        return None


def _orientation(image: Image.Image) -> int:
    try:  # not with the PNG's own method, which decodes the picture
        value = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:  # the bytes are foreign
        return 1
    return value if value in TURNS else 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """The same with 8 bits per channel; Pillow's own conversion clips at 255 instead of scaling."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image)
    if image.mode == "F":
        grey = np.rint(values * np.float32(255)).clip(0, 255).astype(np.uint8)
    else:
        grey = EIGHT_BITS[values if values.itemsize == 2 else values.clip(0, 65535)]
    if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == 0:  # is white
        grey = 255 - grey
    return Image.fromarray(grey)
