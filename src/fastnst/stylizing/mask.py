"""A mask: where in a picture one style goes and where another, or the photograph."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from fastnst.images import as_read, read_image
from fastnst.machine import UserError

SOFTNESS = 0.01  # of the short side: over this radius edges go from one side to the other
LARGEST = 2048  # pixels on the long side: what a mask with soft edges can show


class Mask:
    """White inside, black outside, grey in between; the edges are made soft.

    Args:
        source: a picture or its file, of any size; it is stretched over the picture to paint, which
            should have its proportions. Transparent parts are outside.
        max_megapixels: refuse a larger file, in millions of pixels; None: Pillow's limit, 179.

    Raises:
        UserError: if the file is no picture, or too large.
    """

    def __init__(
        self, source: str | Path | Image.Image, max_megapixels: float | None = None
    ) -> None:
        if isinstance(source, Image.Image):
            picture = as_read(source)
        else:
            picture = read_image(source, max_megapixels=max_megapixels)
        self.size = picture.size
        black = Image.new("RGBA", picture.size, "black")
        grey = Image.alpha_composite(black, picture.convert("RGBA")).convert("L")
        grey.thumbnail((LARGEST, LARGEST))
        self.image = grey.filter(ImageFilter.GaussianBlur(SOFTNESS * min(grey.size)))

    def check(self, size: tuple[int, int]) -> None:
        """Raise a `UserError` if a picture of this width and height has other proportions."""
        width, height = self.size
        if abs(width * size[1] / (height * size[0]) - 1) > 0.02:
            raise UserError(
                f"the mask has the proportions {width}:{height}, the picture {size[0]}:{size[1]}; "
                f"draw the mask over this picture"
            )

    def part(self, size: tuple[int, int], box: tuple[int, int, int, int]) -> Tensor:
        """How much each pixel in a part of the picture is inside.

        Args:
            size: width and height of the whole picture.
            box: left, upper, right and lower edge of the part, in pixels of the picture.

        Returns:
            `(1, 1, H, W)` float32 in [0, 1], of the part.
        """
        across, down = (own / other for own, other in zip(self.image.size, size, strict=True))
        left, upper, right, lower = box
        source = (left * across, upper * down, right * across, lower * down)
        part = self.image.resize(
            (right - left, lower - upper), Image.Resampling.BILINEAR, box=source
        )
        return torch.from_numpy(np.asarray(part, np.float32) / 255)[None, None]
