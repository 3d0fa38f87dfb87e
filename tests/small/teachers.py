"""A teacher that the compact loss network could equal."""

import torch
from torch import nn

from fastnst.losses.compact import MEAN, STD, WIDTHS, compact_features
from fastnst.losses.network import LossNetwork, compact_layer_indices


def equal_teacher() -> LossNetwork:
    """As wide as the student, with the same scaling. What it has besides, VGG's relu3_2, changes
    nothing."""
    torch.manual_seed(0)
    features = compact_features()
    layers = [*features]
    after = compact_layer_indices(features)["relu3_1"] + 1
    width = WIDTHS["relu3_1"]
    idle = nn.Conv2d(width, width, 3, padding=1)
    nn.init.dirac_(idle.weight)
    nn.init.zeros_(idle.bias)
    layers[after:after] = [idle, nn.ReLU()]
    return LossNetwork(nn.Sequential(*layers), MEAN, STD)
