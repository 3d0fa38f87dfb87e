"""Temporal loss: the same thing is to be painted the same way in the next frame."""

from typing import Any

import torch
from torch import Tensor

from fastnst.losses.network import LossNetwork
from fastnst.losses.perceptual import CONTENT_LOSSES
from fastnst.losses.pixels import PIXEL_LOSSES
from fastnst.losses.style import Measure
from fastnst.motion import follow

LAYERS = ("relu1_2", "relu2_2")  # what sees strokes, and not yet what they make up


class TemporalLoss:
    """The temporal loss of pairs of frames, see `fastnst.motion.Frames`.

    The pixel loss of the second frame, painted, where both show the same thing (Ruder, Dosovitskiy,
    Brox 2018, eq. 7). What it is to be is the first frame, painted and moved to the second, plus
    the change of the source's luminance (Gao, Gu, Zhang, Yu 2018, "ReCoNet", eq. 5).

    And the feature loss of the same two, mean of `LAYERS` (Gao et al. compare features too, those
    of the transformation network): a stroke that is elsewhere is another feature, where a pixel
    may still have its colour. What both do not show is taken from the first in both.

    Args:
        measure: as shares of what it is to be (`relative`) or in absolute units.
        weight, feature_weight: of the two terms.
        loss_network: gives the features.
    """

    def __init__(
        self, measure: Measure, weight: float, feature_weight: float, loss_network: LossNetwork
    ) -> None:
        self.pixel_loss, self.weight = PIXEL_LOSSES[measure], weight
        self.feature_loss, self.feature_weight = CONTENT_LOSSES[measure], feature_weight
        self.loss_network = loss_network

    def __call__(
        self, first: Tensor, later: Tensor, places: Tensor, visible: Tensor, change: Tensor
    ) -> dict[str, Tensor]:
        """`temporal` and `temporal_feature`, if it has a weight, `(N,)` each; and weighted.

        Args:
            first, later: `(N, 3, H, W)`, the two frames, painted.
            places, visible, change: of the frames.
        """
        with torch.autocast(first.device.type, enabled=False):
            expected = follow(first, places) + change
            terms = {"temporal": self.pixel_loss(later, expected, visible)}
        weighted = {"weighted_temporal": self.weight * terms["temporal"]}
        if self.feature_weight:
            terms["temporal_feature"] = self._features(later, expected, visible)
            weighted["weighted_temporal_feature"] = self.feature_weight * terms["temporal_feature"]
        return terms | weighted

    def _features(self, later: Tensor, expected: Tensor, visible: Tensor) -> Tensor:
        both = torch.cat((visible * later + (1 - visible) * expected, expected))
        seen = self.loss_network(both.to(self.loss_network.mean.dtype), LAYERS)
        # Any: to the type checker a sum may be 0, the one of nothing
        total: Any = sum(self.feature_loss(*seen[layer].chunk(2)) for layer in LAYERS)
        return total / len(LAYERS)
