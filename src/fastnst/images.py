"""Reading and writing pictures, and the way between Pillow and the pixel contract.

Between modules a batch of images is float, RGB, [0, 1], `(N, 3, H, W)`.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from fastnst.errors import UserError
from fastnst.files import whole_file

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm"}
)
KEEP_ALPHA = frozenset({".png", ".webp", ".tif", ".tiff"})


def read_image(path: str | Path, draft_side: int | None = None) -> Image.Image:
    """Read a picture as 8-bit RGB, or RGBA where it has transparency, the right way up.

    EXIF orientation is applied; grayscale, palette, CMYK, 16-bit and float pictures are converted;
    of an animation the first frame is taken.

    Args:
        path: the file.
        draft_side: if given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size (much faster) as
            long as its short side stays at least twice this long, in pixels.

    Raises:
        UserError: if the file is not there, is no picture, or is damaged.
    """
    try:
        with Image.open(path) as image:
            if draft_side is not None:
                scale = 2 * draft_side / min(image.size)
                image.draft("RGB", tuple(round(side * scale) for side in image.size))
            return _eight_bit_rgb(ImageOps.exif_transpose(image))
    except FileNotFoundError as error:
        raise UserError(f"There is no image {path}: check the name.") from error
    except UnidentifiedImageError as error:
        raise UserError(f"{path} is not an image that Pillow can read.") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"The image {path} cannot be read: {error}.") from error


def read_size(path: str | Path) -> tuple[int, int] | None:
    """Width and height as `read_image` will have them, without decoding; None if it will fail."""
    try:
        with Image.open(path) as image:
            sideways = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
            return image.size[::-1] if sideways else image.size
    except (OSError, ValueError, SyntaxError, TypeError, Image.DecompressionBombError):
        return None


def _eight_bit_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        # Pillow's own conversion clips at 255 instead of scaling
        values = np.asarray(image, np.float32)
        full = 1.0 if image.mode == "F" else 65535.0
        return Image.fromarray(np.rint(values / full * 255).clip(0, 255).astype(np.uint8)).convert(
            "RGB"
        )
    transparent = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if transparent else "RGB")


def flatten(image: Image.Image) -> Image.Image:
    """Composite a picture with transparency over white."""
    if image.mode == "RGB":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")


def resize_short_side(image: Image.Image, side: int) -> Image.Image:
    """Scale so that the short side has `side` pixels, aspect kept."""
    scale = side / min(image.size)
    width, height = (max(side, round(length * scale)) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


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


def write_image(image: Image.Image, path: Path) -> None:
    """Write a picture by its extension, whole or not at all.

    Transparency is kept in PNG, WebP and TIFF and composited over white in every other format.

    Raises:
        UserError: if the extension is unknown or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{path}: end the name in one of {', '.join(sorted(SUFFIXES))}.")
    options = {"quality": 95} if suffix in (".jpg", ".jpeg", ".jfif", ".webp") else {}
    try:
        with whole_file(path) as temporary:
            (image if suffix in KEEP_ALPHA else flatten(image)).save(temporary, **options)
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot write {path}: {error}.") from error


def list_images(folder: Path) -> list[Path]:
    """Every picture below a folder, by extension, sorted; hidden files and folders are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
