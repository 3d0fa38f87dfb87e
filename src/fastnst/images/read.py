"""Reading and writing pictures, and the way between Pillow and the pixel contract.

Between modules a batch of images is float, RGB, [0, 1], `(N, 3, H, W)`.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps
from torch import Tensor

from fastnst.errors import UserError
from fastnst.files import whole_file
from fastnst.icc import to_srgb
from fastnst.metadata import Metadata, metadata_options
from fastnst.picture_files import FORMATS, SUFFIXES, decode, open_picture

KEEP_ALPHA = frozenset({"PNG", "WEBP", "TIFF", "AVIF", "HEIF"})
LONGEST = {"JPEG": 65500, "WEBP": 16383, "GIF": 65535, "AVIF": 32768}  # side that a format holds
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PHOTOMETRIC, PREDICTOR = 262, 317  # tags of TIFF
EIGHT_BITS = np.rint(np.arange(2**16) / 257).astype(np.uint8)  # of sixteen


def read_image(
    path: str | Path, draft_side: int | None = None, max_megapixels: float | None = None
) -> Image.Image:
    """Read a picture as 8-bit sRGB, or RGBA where it has transparency, the right way up.

    EXIF orientation and ICC profile are applied; grayscale, palette, CMYK, Lab, 16-bit and float
    pictures are converted; of an animation or of several pages the first is taken. Nothing else of
    the file comes with it: see `fastnst.metadata`.

    Args:
        path: the file.
        draft_side: if given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size (much faster) as
            long as its short side stays at least twice this long, in pixels.
        max_megapixels: refuse larger pictures, in millions of pixels; None: Pillow's limit, 179.

    Raises:
        UserError: if the file is not there, is no picture, is damaged or too large.
    """
    with open_picture(path, max_megapixels) as image:
        if draft_side is not None:
            scale = 2 * draft_side / min(image.size)
            image.draft("RGB", tuple(round(side * scale) for side in image.size))
        decode(image)
        upright = to_srgb(_eight_bits(image), image.info.get("icc_profile"))
        turn = TURNS.get(_orientation(image))
        return _bare(upright if turn is None else upright.transpose(turn))


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
            return image.size[::-1] if _orientation(image) >= 5 else image.size
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


def _bare(image: Image.Image) -> Image.Image:
    """The same pixels, without what else was in the file."""
    image.load()
    # `_new` is `Image.copy` without the pixels; those of a mapped file change with the file
    bare = image.copy() if image.readonly else image._new(image.im)
    bare.info = {}
    return bare


def flatten(image: Image.Image) -> Image.Image:
    """Composite a picture with transparency over white."""
    if image.mode == "RGB":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")


def resize_short_side(image: Image.Image, side: int) -> Image.Image:
    """Scale so that the short side has `side` pixels, aspect kept."""
    return image.resize(with_short_side(image.size, side), Image.Resampling.LANCZOS)


def with_short_side(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Width and height scaled so that the shorter is `side`."""
    scale = side / min(size)
    width, height = (max(side, round(length * scale)) for length in size)
    return width, height


def crop_center(image: Image.Image, side: int) -> Image.Image:
    """Square of `side` pixels: the short side scaled to it, the middle of the long one."""
    return ImageOps.fit(image, (side, side), Image.Resampling.LANCZOS)


def to_tensor(image: Image.Image) -> Tensor:
    """RGB picture -> `(3, H, W)` float32 in [0, 1]."""
    pixels = np.array(image.convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def to_image(pixels: Tensor) -> Image.Image:
    """`(3, H, W)` in [0, 1], of any float type and device -> RGB picture, rounded to 8 bits."""
    values = pixels.detach().float().clamp(0, 1).mul(255).round().byte()
    return Image.fromarray(values.permute(1, 2, 0).cpu().contiguous().numpy())


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
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{path}: end the name in one of {', '.join(sorted(SUFFIXES))}.")
    format = FORMATS[suffix]
    if max(image.size) > LONGEST.get(format, math.inf):
        raise UserError(
            f"{path}: {format} holds at most {LONGEST[format]} pixels a side, and the picture is "
            f"{image.width}x{image.height}: write it as PNG or TIFF."
        )
    options = _save_options(format, quality or 95, metadata or Metadata())
    try:
        with whole_file(path) as temporary:
            kept = image if format in KEEP_ALPHA else flatten(image)
            _bare(kept).save(temporary, format=format, **options)
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"Cannot write {path}: {error}.") from error


def _save_options(format: str, quality: int, metadata: Metadata) -> dict[str, Any]:
    options = metadata_options(metadata, format)
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


def list_images(folder: Path) -> list[Path]:
    """Every picture below a folder, by extension, sorted; hidden files and folders are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
