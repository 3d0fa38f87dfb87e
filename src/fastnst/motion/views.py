"""Smooth motion of a camera over a picture: shift, zoom, turn, perspective.

Places are x and y in a picture whose sides reach from -1 to 1, as `torch.nn.functional.grid_sample`
has them with `align_corners=False`; a view, `(N, 3, 3)`, takes those of the second frame to those
of the first.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, library

DRAWN = 8  # random numbers for a view


def draw_views(
    chances: Tensor, shift: float, zoom: float, turn: float, perspective: float
) -> Tensor:
    """Views, most of them of little motion, as frames of films have it.

    Args:
        chances: `(N, DRAWN)`, in [0, 1).
        shift: at most, as a share of the picture's side.
        zoom: at most, as the logarithm of the factor.
        turn: at most, in degrees.
        perspective: at most, how much nearer one edge comes than the middle, as a share.

    Returns:
        `(N, 3, 3)`.
    """
    # all of a view together: a still camera does not turn, and a quick one does not stand still
    quickness = chances[:, :1].square()
    across, down, larger, angle, nearer_x, nearer_y, squeeze = (
        quickness * (2 * chances[:, 1:] - 1)
    ).unbind(1)
    factor, angle = (zoom * larger).exp(), angle * turn * torch.pi / 180
    cos, sin = factor * angle.cos(), factor * angle.sin()
    stretch = (zoom / 4 * squeeze).exp()  # a camera that swings sees things narrower
    rows = [
        [cos * stretch, -sin, 2 * shift * across],
        [sin * stretch, cos, 2 * shift * down],
        [perspective * nearer_x, perspective * nearer_y, torch.ones_like(factor)],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], 1)


def places_of(side: int, like: Tensor) -> Tensor:
    """Of the pixels of a picture, `(side, side, 2)`."""
    middles = (2 * torch.arange(side, device=like.device, dtype=like.dtype) + 1) / side - 1
    y, x = torch.meshgrid(middles, middles, indexing="ij")
    return torch.stack((x, y), -1)


def seen_at(views: Tensor, places: Tensor) -> Tensor:
    """Places of the second frame in the first: `(N, 3, 3)`, `(H, W, 2)` -> `(N, H, W, 2)`."""
    whole = F.pad(places, (0, 1), value=1.0)
    moved = torch.einsum("nij,hwj->nhwi", views, whole)
    return moved[..., :2] / moved[..., 2:]


def follow(images: Tensor, places: Tensor) -> Tensor:
    """Pictures as they look from the second frame; beyond their edges mirrored.

    Cubic: what is between pixels must not be blurred, or blurred pictures would seem calm.

    Args:
        images: `(N, C, H, W)`.
        places: `(N, H, W, 2)`.
    """
    return _follow(images.float(), places)


# An operation of its own, which the compiler leaves as it is: it would write out all sixteen
# neighbours of each pixel, for minutes, and be no faster.
@library.custom_op("fastnst::follow", mutates_args=())
def _follow(images: Tensor, places: Tensor) -> Tensor:
    return F.grid_sample(images, places, "bicubic", "reflection", align_corners=False)


@_follow.register_fake
def _(images: Tensor, places: Tensor) -> Tensor:
    return images.new_empty(*images.shape[:2], *places.shape[1:3])


def _keep(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
    ctx.save_for_backward(*inputs)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
    images, places = ctx.saved_tensors
    how = 2, 2, False, [True, False]  # bicubic, reflection, no corners; not for the places
    return torch.ops.aten.grid_sampler_2d_backward(grad, images, places, *how)[0], None


_follow.register_autograd(_backward, setup_context=_keep)


def follows(device: torch.device) -> bool:
    """Whether PyTorch can do this on a device, and learn: on Apple's GPUs only newer ones can."""
    images = torch.zeros(1, 1, 2, 2, device=device, requires_grad=True)
    try:
        follow(images, places_of(2, images)[None]).sum().backward()
    except NotImplementedError:
        return False
    return True
