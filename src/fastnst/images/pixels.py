"""The way between Pillow and the pixel contract, and the sizes of pictures.

Between modules a batch of images is float, RGB, [0, 1], `(N, 3, H, W)`.
"""

import numpy as np
import torch
from PIL import Image, ImageChops, ImageFilter, ImageOps
from torch import Tensor

RADII = (1, 2, 4, 8)  # pixels: how far colours go into what is transparent, step by step
SPREAD = sum(RADII)
FEWEST = 16  # of 255: share of a neighbourhood that has to have colours; of fewer 8 bits are few


def flatten(image: Image.Image) -> Image.Image:
    """Composite a picture with transparency over white."""
    if image.mode == "RGB":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")


def spread_colors(image: Image.Image) -> Image.Image:
    """The colours of an RGBA picture without its transparency: what is translucent is opaque, and
    they go on for `SPREAD` pixels into what is wholly transparent.

    Returns:
        RGBA; farther on everything stays as it was.
    """
    filled = image.copy()
    known = image.getchannel("A").point([0] + [255] * 255)
    for radius in RADII:
        if known.getextrema() == (255, 255):
            break
        filled.putalpha(known)
        # in RGBa colours are weighed: there are none where nothing is known
        spread = filled.convert("RGBa").filter(ImageFilter.BoxBlur(radius)).convert("RGBA")
        reached = spread.getchannel("A").point([0] * FEWEST + [255] * (256 - FEWEST))
        filled.paste(spread, mask=ImageChops.subtract(reached, known))
        known = ImageChops.lighter(reached, known)
    filled.putalpha(known)
    return filled


def without_needless_alpha(image: Image.Image) -> Image.Image:
    """The same as RGB, if it is RGBA and nothing in it is transparent."""
    if image.mode != "RGBA" or image.getchannel("A").getextrema() != (255, 255):
        return image
    return image.convert("RGB")


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


def to_bytes(images: Tensor) -> np.ndarray:
    """`(N, 3, H, W)` in [0, 1] -> uint8 `(N, H, W, 3)`, rounded."""
    return images.permute(0, 2, 3, 1).mul(255).round().byte().cpu().numpy()


def bare(image: Image.Image) -> Image.Image:
    """The same pixels, without what else was in the file."""
    image.load()
    # `_new` is `Image.copy` without the pixels; those of a mapped file change with the file
    bare = image.copy() if image.readonly else image._new(image.im)  # pyright: ignore[reportPrivateUsage]  # see above
    bare.info = {}
    return bare
