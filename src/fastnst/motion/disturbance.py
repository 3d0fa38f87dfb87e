"""What changes between two frames though nothing moves: light, noise, compression."""

import torch
from torch import Tensor

from fastnst.motion.chance import normal

DRAWN = 7  # random numbers for the light of a frame
BLOCK = 8  # pixels, of JPEG and of most video


def change_light(images: Tensor, chances: Tensor, most: float) -> Tensor:
    """The same scene in other light.

    Args:
        images: `(N, 3, H, W)` in [0, 1].
        chances: `(N, DRAWN)`, in [0, 1).
        most: of the exposure's logarithm; the lamp's colour and a shade across the picture change
            by a third of it.
    """
    change = most * (2 * chances - 1)
    exposure, slope_x, slope_y, bend = change[:, 0], change[:, 1], change[:, 2], change[:, 3]
    lamp = change[:, 4:7] / 3
    height, width = images.shape[2:]
    x = torch.linspace(-1, 1, width, device=images.device)
    y = torch.linspace(-1, 1, height, device=images.device)[:, None]
    of_pictures = (slice(None), None, None, None)
    shade = (slope_x[of_pictures] * x + slope_y[of_pictures] * y) / 3
    gain = (exposure[of_pictures] + shade + lamp[..., None, None]).exp()
    gamma = (bend[of_pictures]).exp()
    return (gain * images.clamp(1e-4, 1) ** gamma).clamp(0, 1)


def add_noise(images: Tensor, seeds: Tensor, deviations: Tensor) -> Tensor:
    """Noise of its own in each pixel: int64 `(N,)`, deviations `(N,)` in units of [0, 1]."""
    noise = normal(seeds, images[0].numel()).view(images.shape)
    return (images + deviations[:, None, None, None] * noise).clamp(0, 1)


def compress(images: Tensor, steps: Tensor) -> Tensor:
    """What is left after the coefficients of blocks are rounded, as JPEG and video do.

    Args:
        images: `(N, 3, H, W)` in [0, 1]; what is left of a side over whole blocks stays.
        steps: `(N,)`, to which the coarsest coefficients are rounded, in units of [0, 1]; the
            finest to eight times as much. 0 for none.
    """
    height, width = (length - length % BLOCK for length in images.shape[2:])
    basis = _cosines(images)
    blocks = images[..., :height, :width].unflatten(3, (-1, BLOCK)).unflatten(2, (-1, BLOCK))
    found = torch.einsum("uy,ncaybx,vx->ncaubv", basis, blocks, basis)
    place = torch.arange(BLOCK, device=images.device)
    coarseness = 1 + (place[:, None, None] + place) / 2  # (u, 1, v), as blocks lie
    step = (steps.clamp_min(1e-4)[:, None, None, None, None, None]) * coarseness
    rounded = (found / step).round() * step
    back = torch.einsum("uy,ncaubv,vx->ncaybx", basis, rounded, basis)
    result = images.clone()
    result[..., :height, :width] = back.flatten(4, 5).flatten(2, 3)
    return torch.where((steps > 0)[:, None, None, None], result.clamp(0, 1), images)


def luminance(images: Tensor) -> Tensor:
    """`(N, 3, H, W)` -> `(N, 1, H, W)` (ITU-R BT.601)."""
    red, green, blue = images.split(1, 1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _cosines(like: Tensor) -> Tensor:
    """The orthonormal discrete cosine transform: `(BLOCK, BLOCK)`, a frequency in each row."""
    place = torch.arange(BLOCK, device=like.device, dtype=like.dtype)
    rows = (torch.pi / BLOCK * place[:, None] * (place + 0.5)).cos() * (2 / BLOCK) ** 0.5
    rows[0] /= 2**0.5
    return rows
