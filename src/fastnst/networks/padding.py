"""The size of images: the smallest that will do, and reflection padding of any amount."""

import torch
from torch import Tensor

SMALLEST_SIDE = 16  # pixels: what the transformation networks can take


def check_size(images: Tensor) -> None:
    """Raise a `ValueError` if a side of `(N, C, H, W)` images is shorter than `SMALLEST_SIDE`."""
    height, width = images.shape[-2:]
    if min(height, width) < SMALLEST_SIDE:
        raise ValueError(
            f"images of at least {SMALLEST_SIDE}x{SMALLEST_SIDE} pixels are needed, "
            f"got {width}x{height}"
        )


def reflect_pad(images: Tensor, left: int, right: int, top: int, bottom: int) -> Tensor:
    """Pad by reflection without repeating the border, by any number of pixels.

    `torch.nn.functional.pad` refuses to reflect by the image's size or more; this goes to and fro
    between the borders as often as it takes.

    Args:
        images: `(N, C, H, W)` with H and W at least 2.
        left, right, top, bottom: pixels to add on each side, 0 or more.

    Returns:
        `(N, C, H + top + bottom, W + left + right)`.
    """
    rows = _to_and_fro(images.shape[-2], top, bottom, images.device)
    columns = _to_and_fro(images.shape[-1], left, right, images.device)
    return images.index_select(-2, rows).index_select(-1, columns)


def _to_and_fro(length: int, before: int, after: int, device: torch.device) -> Tensor:
    # a tensor, for ONNX: the exporter takes the remainder by a size that varies for a constant
    period = torch.full((), 2 * (length - 1), device=device)
    place = torch.arange(-before, length + after, device=device) % period
    return torch.minimum(place, period - place)


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Pad by reflection at the right and the bottom until both sides divide by `multiple`."""
    height, width = images.shape[-2:]
    if height % multiple == 0 and width % multiple == 0:
        return images
    return reflect_pad(images, 0, -width % multiple, 0, -height % multiple)
