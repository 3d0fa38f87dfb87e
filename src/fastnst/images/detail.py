"""How much fine detail a picture has, and how much of a painted one's is noise."""

import torch
import torch.nn.functional as F
from torch import Tensor

from fastnst.images.colors import luminance

FLAT = 1e-6  # variance that rounding to 8 bits leaves
LEAST = 1e-4  # share of detail; below it a picture has none to speak of


def fine_detail(images: Tensor) -> Tensor:
    """Share of a picture's contrast that is as fine as single pixels.

    `d = mean((Y - B Y)^2) / var(Y)`, Y the luminance and B the binomial blur of 3x3 pixels,
    `[1, 2, 1] / 4` in both directions; the outermost pixels are left out. Without unit: about 0.64
    for white noise, 0.02 to 0.1 for paintings and photographs with a short side of 256 pixels.
    Relative to the variance, so that a paler picture does not pass for a smoother one.

    Args:
        images: `(N, 3, H, W)`, RGB in [0, 1], H and W at least 3.

    Returns:
        `(N,)`.
    """
    bright = luminance(images.float())
    # the mean of 2x2 means: [1, 1] / 2 twice is [1, 2, 1] / 4
    blurred = F.avg_pool2d(F.avg_pool2d(bright, 2, 1), 2, 1)
    fine = (bright[..., 1:-1, 1:-1] - blurred).square().mean((1, 2, 3))
    return fine / bright.var((1, 2, 3), correction=0).clamp_min(FLAT)


def noise(painted: Tensor, style: Tensor) -> Tensor:
    """Fine detail of painted pictures beyond what the style picture has.

    `max(0, ln(d(painted) / d(style)))`: 0 up to as much as the style picture has, 0.69 for twice as
    much, 1 for 2.7 times as much. The logarithm, and not the ratio, because ratios of powers have
    no upper end: a mean over photographs would be that of the few with the most, and a weave of
    ten times the detail would outweigh all of content and style, which are of the order of 1. Near
    a ratio of 1, where the choice is made, both have the same slope.

    Args:
        painted: `(N, 3, H, W)`, RGB in [0, 1].
        style: `(1, 3, H, W)`, at the size at which it was learned.

    Returns:
        `(N,)`.
    """
    ratio = fine_detail(painted).clamp_min(LEAST) / fine_detail(style).clamp_min(LEAST)
    return torch.log(ratio).clamp_min(0)
