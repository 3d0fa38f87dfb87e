"""Loss networks rescaled so that every filter is as active as any other."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from fastnst.losses.network import LossNetwork


def normalize_network(network: LossNetwork, pictures: Iterable[Tensor]) -> None:
    """Rescale the weights of a loss network, in place, so that the mean activation of each filter
    over pictures and positions is one (Gatys, Ecker, Bethge 2016, section 2).

    The network stays the same but for these factors: ReLU and pooling commute with positive ones,
    and what a filter's output is divided by the weights behind it are multiplied by. A filter that
    is never active keeps its weights.

    Args:
        network: of convolutions, ReLUs and pooling.
        pictures: `(N, 3, H, W)` each, RGB in [0, 1], of any sizes.
    """
    layers = {place - 1: name for name, place in network.layers.items()}  # by their convolutions
    sums: dict[str, Any] = dict.fromkeys(layers.values(), 0)
    positions: dict[str, Any] = dict.fromkeys(layers.values(), 0)
    with torch.no_grad():
        for picture in pictures:
            for name, features in network(picture, sums).items():
                sums[name] = sums[name] + features.double().sum((0, 2, 3))
                positions[name] += features[:, 0].numel()
        before = None  # factors of the layer before
        for place, name in layers.items():
            layer = network.features[place]
            assert isinstance(layer, nn.Conv2d)
            assert layer.bias is not None
            if before is not None:
                layer.weight.mul_(before[None, :, None, None])
            mean = (sums[name] / positions[name]).float()
            before = torch.where(mean > 0, mean, 1.0)
            layer.weight.div_(before[:, None, None, None])
            layer.bias.div_(before)
