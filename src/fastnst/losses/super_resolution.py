"""The objective of super-resolution: the picture itself, and what a loss network sees of it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from fastnst.losses.functional import relative_feature_loss
from fastnst.losses.network import LossNetwork
from fastnst.losses.pixels import pixel_loss


class SuperResolutionLoss(nn.Module):
    """Weighted sum of pixel loss and feature reconstruction loss (Johnson et al. 2016, section 3).

    The paper has either the one, `|y - t|^2 / (3 H W)`, or the other, at relu2_2; here that is a
    share of the truth's own, `|F(y) - F(t)|^2 / |F(t)|^2`, averaged over layers by their weights.

    Args:
        loss_network: gives the activations.
        pixel_weight, feature_weight: of the two terms.
        feature_layers: weight of each layer by its name.
    """

    def __init__(
        self,
        loss_network: LossNetwork,
        pixel_weight: float,
        feature_weight: float,
        feature_layers: Mapping[str, float],
    ) -> None:
        super().__init__()
        self.loss_network = loss_network
        self.pixel_weight, self.feature_weight = pixel_weight, feature_weight
        total = sum(feature_layers.values())
        self.feature_layers = {layer: weight / total for layer, weight in feature_layers.items()}

    def forward(self, enlarged: Tensor, truth: Tensor) -> dict[str, Tensor]:
        """Loss of each picture, `(N,)`.

        Args:
            enlarged, truth: `(N, 3, H, W)`, RGB in [0, 1].

        Returns:
            `total`; the raw terms `pixel` and, where it has a weight, `feature`; the same as they
            enter the total, `weighted_pixel` and so on.
        """
        raw = {"pixel": pixel_loss(enlarged, truth, enlarged.new_ones(1, 1, 1, 1))}
        weighted = {"weighted_pixel": self.pixel_weight * raw["pixel"]}
        if self.feature_weight:  # looking takes most of the time
            raw["feature"] = self._feature(enlarged, truth)
            weighted["weighted_feature"] = self.feature_weight * raw["feature"]
        total: Any = sum(weighted.values())
        return {"total": total, **raw, **weighted}

    def _feature(self, enlarged: Tensor, truth: Tensor) -> Tensor:
        with torch.no_grad():
            aims = self.loss_network(truth, self.feature_layers)
        seen = self.loss_network(enlarged, self.feature_layers)
        total: Any = sum(
            weight * relative_feature_loss(seen[layer], aims[layer])
            for layer, weight in self.feature_layers.items()
        )
        return total
