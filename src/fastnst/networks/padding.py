"""Reflection padding of any amount."""

import torch.nn.functional as F
from torch import Tensor


def reflect_pad(images: Tensor, left: int, right: int, top: int, bottom: int) -> Tensor:
    """Pad by reflection without repeating the border, by any number of pixels.

    `torch.nn.functional.pad` refuses to reflect by the image's size or more; this reflects as
    often as it takes.

    Args:
        images: `(N, C, H, W)` with H and W at least 2.
        left, right, top, bottom: pixels to add on each side, 0 or more.

    Returns:
        `(N, C, H + top + bottom, W + left + right)`.
    """
    while left or right or top or bottom:
        height, width = images.shape[-2:]
        now = (
            min(left, width - 1),
            min(right, width - 1),
            min(top, height - 1),
            min(bottom, height - 1),
        )
        images = F.pad(images, now, mode="reflect")
        left, right, top, bottom = left - now[0], right - now[1], top - now[2], bottom - now[3]
    return images


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Pad by reflection at the right and the bottom until both sides divide by `multiple`."""
    height, width = images.shape[-2:]
    return reflect_pad(images, 0, -width % multiple, 0, -height % multiple)
