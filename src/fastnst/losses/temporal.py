"""Temporal loss: the same thing is to be painted the same way in the next frame."""

import torch
from torch import Tensor

from fastnst.losses.pixels import PIXEL_LOSSES
from fastnst.losses.style import Measure
from fastnst.motion import follow


class TemporalLoss:
    """The temporal loss of pairs of frames, see `fastnst.motion.Frames`.

    The pixel loss of the second frame, painted, where both show the same thing (Ruder, Dosovitskiy,
    Brox 2018, eq. 7). What it is to be is the first frame, painted and moved to the second, plus
    the change of the source's luminance (Gao, Gu, Zhang, Yu 2018, "ReCoNet", eq. 5).

    Args:
        measure: as a share of the painting's variance (`relative`) or in absolute units.
        weight: of the term.
    """

    def __init__(self, measure: Measure, weight: float) -> None:
        self.loss, self.weight = PIXEL_LOSSES[measure], weight

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
