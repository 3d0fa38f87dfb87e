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
    With many style images each picture has one of them as its aim, unless `regions` are given.

    Args:
        loss_network: gives the activations.
        style_images: `(1, 3, H, W)` each, RGB in [0, 1]; what the style loss needs of them is
            computed here, once.
        measure: `relative` or `johnson2016`.
        style_loss: of `fastnst.losses.style`.
        content_layers, style_layers: weight of each layer by its name.
        content_weight, style_weight, tv_weight: weights of the three terms; the last two for all
            style images or for each.
        regions: `(R, 1, H, W)` in [0, 1], of the pictures' proportions: where each of R style
            images is to be in every picture. Each counts by its area.
    """

    regions: Tensor | None
    style_weights: Tensor
    tv_weights: Tensor

    def __init__(
        self,
        loss_network: LossNetwork,
        style_images: Sequence[Tensor],
        measure: Measure,
        style_loss: str,
        content_layers: Mapping[str, float],
        style_layers: Mapping[str, float],
        content_weight: float,
        style_weight: float | Sequence[float],
        tv_weight: float | Sequence[float],
        regions: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.loss_network = loss_network
        self.content_loss = CONTENT_LOSSES[measure]
        self.style_loss = build_style_loss(style_loss, measure)
        self.content_layers = self._layer_weights(measure, content_layers)
        self.style_layers = self._layer_weights(measure, style_layers)
        self.content_weight = content_weight
        count, layers = len(style_images), self.style_layers
        with torch.no_grad():
            seen = [self._targets(loss_network(image, layers)) for image in style_images]
        kept = {f"style_{layer}": _together([every[layer] for every in seen]) for layer in layers}
        device = next(iter(kept.values())).device
        kept["style_weights"] = torch.tensor(style_weight, device=device).expand(count)
        kept["tv_weights"] = torch.tensor(tv_weight, device=device).expand(count)
        for name, values in kept.items():
            self.register_buffer(name, values, persistent=False)
        self.register_buffer("regions", regions, persistent=False)

    def _targets(self, activations: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {layer: self.style_loss.target(seen) for layer, seen in activations.items()}

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
        return {name: values.mean() for name, values in self.each(output, target).items()}

    def each(
        self, output: Tensor, target: Mapping[str, Tensor], styles: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The terms of each picture, `(N,)`, which `forward` averages.

        Args:
            output: `(N, 3, H, W)`, the stylized photographs.
            target: what `content_target` gave for these.
            styles: int64 `(N,)`, which of the style images is the aim of each; None: the first.
        """
        aims = slice(0, 1) if styles is None else styles
        features = self.loss_network(output, self.content_layers.keys() | self.style_layers.keys())
        by_layer = {layer: self._style(features[layer], layer, aims) for layer in self.style_layers}
        # Any: to the type checker a sum may be 0, the one of nothing
        content: Any = sum(
            weight * self.content_loss(features[layer], target[layer])
            for layer, weight in self.content_layers.items()
        )
        style: Any = sum(weight * by_layer[layer] for layer, weight in self.style_layers.items())
        raw: dict[str, Tensor] = {"content": content, "style": style, "tv": total_variation(output)}
        weighted = {
            "weighted_content": self.content_weight * content,
            "weighted_style": self.style_weights[aims] * style,
            "weighted_tv": self.tv_weights[aims] * raw["tv"],
        }
        total: Any = sum(weighted.values())
        return {
            "total": total,
            **raw,
            **weighted,
            **{f"style_{layer}": value for layer, value in by_layer.items()},
        }

    def _style(self, features: Tensor, layer: str, aims: Tensor | slice) -> Tensor:
        targets: Tensor = getattr(self, f"style_{layer}")
        if self.regions is None:
            return self.style_loss(features, targets[aims])
        areas = self.regions.mean((1, 2, 3)) / self.regions.mean((1, 2, 3)).sum()
        weights = F.interpolate(self.regions, features.shape[2:], mode="area")
        total: Any = sum(
            areas[number]
            * self.style_loss(features, targets[number : number + 1], weights[number : number + 1])
            for number in range(len(weights))
        )
        return total


def _together(targets: Sequence[Tensor]) -> Tensor:
    """`(1, ., .)` each -> `(S, ., .)`; samples of a small picture are repeated, evenly over it, so
    that all have as many as that with the most."""
    most = max(target.shape[1] for target in targets)
    rows = torch.arange(most)
    return torch.cat([target[:, rows * target.shape[1] // most] for target in targets])
