"""Temporal loss: the same thing is to be painted the same way in the next frame."""

import torch
from torch import Tensor

from fastnst.losses.style import Measure
from fastnst.motion import follow

TINY = 1e-4  # of a variance, in squared units of [0, 1]


def temporal_loss(later: Tensor, expected: Tensor, visible: Tensor) -> Tensor:
    """Mean squared difference where both frames show the same thing.

    `sum_p V[p] |y2[p] - e[p]|^2 / (3 sum_p V[p])`, with what is expected, e, the first frame
    painted and moved to the second (Ruder, Dosovitskiy, Brox 2016, eq. 7), plus the change of the
    source's luminance (Gao, Gu, Zhang, Yu 2018, "ReCoNet", eq. 5).

    Args:
        later: `(N, 3, H, W)`, the second frame, painted.
        expected: `(N, 3, H, W)`.
        visible: `(N, 1, H, W)`, weight of each pixel.

    Returns:
        `(N,)`, in squared units of [0, 1] values.
    """
    return _mean((later.float() - expected).square(), visible)


def relative_temporal_loss(later: Tensor, expected: Tensor, visible: Tensor) -> Tensor:
    """The same as a share of the variance of what is expected, for each picture `(N,)`.

    Dimensionless: 0 is perfectly calm, 2 are two paintings of the same contrasts that have nothing
    to do with each other. The variance is taken as given: less contrast is no way to be calm.
    """
    target = expected.detach()
    count = visible.sum((2, 3), keepdim=True).clamp_min(1)
    means = (visible * target).sum((2, 3), keepdim=True) / count
    variance = _mean((target - means).square(), visible)
    return temporal_loss(later, expected, visible) / (variance + TINY)


def _mean(values: Tensor, visible: Tensor) -> Tensor:
    """Over colours and visible pixels."""
    total = (visible * values.mean(1, keepdim=True)).sum((1, 2, 3))
    return total / visible.sum((1, 2, 3)).clamp_min(1)


TEMPORAL_LOSSES = {"relative": relative_temporal_loss, "johnson2016": temporal_loss}


class TemporalLoss:
    """The temporal loss of pairs of frames, see `fastnst.motion.Frames`.

    Args:
        measure: as a share of the painting's variance (`relative`) or in absolute units.
        weight: of the term.
    """

    def __init__(self, measure: Measure, weight: float) -> None:
        self.loss, self.weight = TEMPORAL_LOSSES[measure], weight

    def __call__(
        self, first: Tensor, later: Tensor, places: Tensor, visible: Tensor, change: Tensor
    ) -> dict[str, Tensor]:
        """`temporal` and `weighted_temporal`, `(N,)` each.

        Args:
            first, later: `(N, 3, H, W)`, the two frames, painted.
            places, visible, change: of the frames.
        """
        with torch.autocast(first.device.type, enabled=False):
            value = self.loss(later, follow(first, places) + change, visible)
        return {"temporal": value, "weighted_temporal": self.weight * value}
