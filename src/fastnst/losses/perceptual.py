"""The objective of training and optimisation: content, style and total variation, seen through a
loss network."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fastnst.losses.functional import feature_loss, relative_feature_loss, total_variation
from fastnst.losses.network import LossNetwork
from fastnst.losses.style import Measure, build_style_loss

CONTENT_LOSSES = {"relative": relative_feature_loss, "johnson2016": feature_loss}


class PerceptualLoss(nn.Module):
    """Weighted sum of feature reconstruction, style reconstruction and total variation losses.

    With the measure `relative` layers are averaged by their weights, so that a term keeps its
    meaning whatever the number of layers; with `johnson2016` they are summed, as the paper does.

    Args:
        loss_network: gives the activations.
        style_images: `(1, 3, H, W)` each, RGB in [0, 1]; what the style loss needs of them is
            computed here, once.
        measure: `relative` or `johnson2016`.
        style_loss: of `fastnst.losses.style`.
        content_layers, style_layers: weight of each layer by its name.
        content_weight, style_weight, tv_weight: weights of the three terms.
        regions: `(R, 1, H, W)` in [0, 1], of the pictures' proportions: where each of R style
            images is to be, if there is more than one. Each counts by its area.
    """

    regions: Tensor | None

    def __init__(
        self,
        loss_network: LossNetwork,
        style_images: Sequence[Tensor],
        measure: Measure,
        style_loss: str,
        content_layers: Mapping[str, float],
        style_layers: Mapping[str, float],
        content_weight: float,
        style_weight: float,
        tv_weight: float,
        regions: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.loss_network = loss_network
        self.content_loss = CONTENT_LOSSES[measure]
        self.style_loss = build_style_loss(style_loss, measure)
        self.content_layers = self._layer_weights(measure, content_layers)
        self.style_layers = self._layer_weights(measure, style_layers)
        self.term_weights = {"content": content_weight, "style": style_weight, "tv": tv_weight}
        for number, style_image in enumerate(style_images):
            with torch.no_grad():
                activations = loss_network(style_image, self.style_layers)
            for layer, features in activations.items():
                target = self.style_loss.target(features)
                self.register_buffer(f"style{number}_{layer}", target, persistent=False)
        self.register_buffer("regions", regions, persistent=False)

    @staticmethod
    def _layer_weights(measure: str, layers: Mapping[str, float]) -> dict[str, float]:
        total = sum(layers.values()) if measure == "relative" else 1.0
        return {layer: weight / total for layer, weight in layers.items()}

    def forward(self, output: Tensor, photographs: Tensor) -> dict[str, Tensor]:
        """Loss of stylized photographs.

        Args:
            output: `(N, 3, H, W)`, the stylized photographs.
            photographs: `(N, 3, H, W)`, RGB in [0, 1].

        Returns:
            Scalars: `total`; the raw terms `content`, `style` and `tv`; the same as they enter the
            total, `weighted_content` and so on; the raw style loss of each layer, `style_relu1_2`
            and so on.
        """
        return self.compare(output, self.content_target(photographs))

    def content_target(self, photographs: Tensor) -> dict[str, Tensor]:
        """What `compare` needs of the photographs, `(N, 3, H, W)`."""
        with torch.no_grad():
            return self.loss_network(photographs, self.content_layers)

    def compare(self, output: Tensor, target: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """`forward` with what `content_target` gave."""
        features = self.loss_network(output, self.content_layers.keys() | self.style_layers.keys())
        by_layer = {layer: self._style(features[layer], layer) for layer in self.style_layers}
        # Any: to the type checker a sum may be 0, the one of nothing
        content: Any = sum(
            weight * self.content_loss(features[layer], target[layer])
            for layer, weight in self.content_layers.items()
        )
        style: Any = sum(weight * by_layer[layer] for layer, weight in self.style_layers.items())
        raw: dict[str, Tensor] = {"content": content, "style": style, "tv": total_variation(output)}
        weighted = {f"weighted_{term}": self.term_weights[term] * raw[term] for term in raw}
        total: Any = sum(weighted.values())
        return {
            "total": total,
            **raw,
            **weighted,
            **{f"style_{layer}": value for layer, value in by_layer.items()},
        }

    def _style(self, features: Tensor, layer: str) -> Tensor:
        if self.regions is None:
            return self.style_loss(features, getattr(self, f"style0_{layer}"))
        areas = self.regions.mean((1, 2, 3)) / self.regions.mean((1, 2, 3)).sum()
        weights = F.interpolate(self.regions, features.shape[2:], mode="area")
        total: Any = sum(
            areas[number]
            * self.style_loss(
                features, getattr(self, f"style{number}_{layer}"), weights[number : number + 1]
            )
            for number in range(len(weights))
        )
        return total
