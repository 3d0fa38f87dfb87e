"""Pixel losses: how far a picture is from the one that it should be."""

import torch
from torch import Tensor

TINY = 1e-4  # of a variance, in squared units of [0, 1]


def pixel_loss(images: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean squared difference, `sum_p w[p] |y[p] - t[p]|^2 / (3 sum_p w[p])` (Johnson et al. 2016,
    section 3.2, where all weights are 1).

    Args:
        images, target: `(N, 3, H, W)`.
        weights: `(N, 1, H, W)` or what becomes that, not negative; where all are 0 the loss is 0.

    Returns:
        `(N,)`, in squared units of [0, 1] values.
    """
    squares = (images.float() - target).square().mean(1, keepdim=True)
    weights = weights.expand_as(squares)
    return (weights * squares).sum((1, 2, 3)) / _positive(weights.sum((1, 2, 3)))


def relative_pixel_loss(images: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """The same as a share of the target's variance, for each picture `(N,)`.

    Dimensionless: 0 is the target, 1 a picture of its mean colour, 2 are two pictures of the same
    contrasts that have nothing to do with each other. The variance is taken as given: a target of
    more contrast is no way to come nearer.
    """
    given = target.detach()
    total = _positive(weights.expand_as(given[:, :1]).sum((2, 3), keepdim=True))
    means = (weights * given).sum((2, 3), keepdim=True) / total
    return pixel_loss(images, target, weights) / (pixel_loss(means, given, weights) + TINY)


def _positive(value: Tensor) -> Tensor:
    return torch.where(value > 0, value, 1.0)


PIXEL_LOSSES = {"relative": relative_pixel_loss, "johnson2016": pixel_loss}
