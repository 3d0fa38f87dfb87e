"""The training objective: content, style and total variation, seen through a loss network."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from fastnst import losses
from fastnst.loss_network import LossNetwork

MEASURES = {
    "relative": (losses.relative_feature_loss, losses.relative_style_loss),
    "johnson2016": (losses.feature_loss, losses.style_loss),
}


class PerceptualLoss(nn.Module):
    """Weighted sum of feature reconstruction, style reconstruction and total variation losses.

    With the measure `relative` layers are averaged by their weights, so that a term keeps its
    meaning whatever the number of layers; with `johnson2016` they are summed, as the paper does.

    Args:
        loss_network: gives the activations.
        style_image: `(1, 3, H, W)`, RGB in [0, 1]; its Gram matrices are computed here, once.
        measure: `relative` or `johnson2016`.
        content_layers, style_layers: weight of each layer by its name.
        content_weight, style_weight, tv_weight: weights of the three terms.
    """

    def __init__(
        self,
        loss_network: LossNetwork,
        style_image: Tensor,
        measure: Literal["relative", "johnson2016"],
        content_layers: Mapping[str, float],
        style_layers: Mapping[str, float],
        content_weight: float,
        style_weight: float,
        tv_weight: float,
    ) -> None:
        super().__init__()
        self.loss_network = loss_network
        self.content_loss, self.style_loss = MEASURES[measure]
        self.content_layers = self._layer_weights(measure, content_layers)
        self.style_layers = self._layer_weights(measure, style_layers)
        self.term_weights = {"content": content_weight, "style": style_weight, "tv": tv_weight}
        with torch.no_grad():
            activations = loss_network(style_image, self.style_layers)
        for layer, features in activations.items():
            gram = losses.gram_matrix(features)
            self.register_buffer(f"gram_{layer}", gram, persistent=False)

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
        with torch.no_grad():
            target = self.loss_network(photographs, self.content_layers)
        features = self.loss_network(output, self.content_layers.keys() | self.style_layers.keys())
        by_layer = {
            layer: self.style_loss(
                losses.gram_matrix(features[layer]), getattr(self, f"gram_{layer}")
            )
            for layer in self.style_layers
        }
        raw = {
            "content": sum(
                weight * self.content_loss(features[layer], target[layer])
                for layer, weight in self.content_layers.items()
            ),
            "style": sum(weight * by_layer[layer] for layer, weight in self.style_layers.items()),
            "tv": losses.total_variation(output),
        }
        weighted = {f"weighted_{term}": self.term_weights[term] * raw[term] for term in raw}
        return {
            "total": sum(weighted.values()),
            **raw,
            **weighted,
            **{f"style_{layer}": value for layer, value in by_layer.items()},
        }
