"""Transformation networks, and those that enlarge.

In: a batch of photographs, float RGB in [0, 1], `(N, 3, H, W)`, H and W at least 16. Out: the same
shape and range, repainted; or 2, 4 or 8 times the size. Needs PyTorch only: use them in a training
loop of your own.
"""

from collections.abc import Mapping
from typing import Any

import torch

from fastnst.networks.areas import want, with_areas
from fastnst.networks.conditional import (
    has_styles,
    paint_styles,
    rows_of,
    set_style,
    share_convolutions,
    split_style,
    style_of,
)
from fastnst.networks.eight_bit import in_eight_bits
from fastnst.networks.enlarging import SCALES, SR, EnlargingNetwork, Johnson2016SR, Scale, SRNorm
from fastnst.networks.johnson2016 import Johnson2016
from fastnst.networks.layers import FewOutputsConv2d, InstanceNorm2d
from fastnst.networks.light import Light, UpsampleToRGB
from fastnst.networks.network import QuarterNetwork, TransformationNetwork
from fastnst.networks.padding import SMALLEST_SIDE, check_size
from fastnst.networks.pytorch_examples import PyTorchExamples, convert, find_theirs
from fastnst.networks.resnet import Blocks, Norm, ResNet, Upsample, Width
from fastnst.networks.shared_statistics import Sample, measure, share_statistics
from fastnst.networks.upsample_conv import UpsampleConv2d

NETWORKS = {
    "resnet": ResNet,
    "light": Light,
    "johnson2016": Johnson2016,
    "pytorch_examples": PyTorchExamples,
}
ENLARGERS = {"sr": SR, "johnson2016_sr": Johnson2016SR}


def build_network(architecture: Mapping[str, Any]) -> TransformationNetwork:
    """Build a transformation network from its plain description, as stored with its weights.

    Its weights are in channels-last order, the faster one for convolutions.

    Args:
        architecture: `name` (a key of `NETWORKS`) and the arguments of that network.
    """
    arguments = dict(architecture)
    network = NETWORKS[arguments.pop("name")](**arguments)
    return network.to(memory_format=torch.channels_last)


def build_enlarger(architecture: Mapping[str, Any]) -> EnlargingNetwork:
    """As `build_network`, for the networks of `ENLARGERS`, which enlarge pictures."""
    arguments = dict(architecture)
    network = ENLARGERS[arguments.pop("name")](**arguments)
    return network.to(memory_format=torch.channels_last)


__all__ = [
    "ENLARGERS",
    "NETWORKS",
    "SCALES",
    "SMALLEST_SIDE",
    "SR",
    "Blocks",
    "EnlargingNetwork",
    "FewOutputsConv2d",
    "InstanceNorm2d",
    "Johnson2016",
    "Johnson2016SR",
    "Light",
    "Norm",
    "PyTorchExamples",
    "QuarterNetwork",
    "ResNet",
    "SRNorm",
    "Sample",
    "Scale",
    "TransformationNetwork",
    "Upsample",
    "UpsampleConv2d",
    "UpsampleToRGB",
    "Width",
    "build_enlarger",
    "build_network",
    "check_size",
    "convert",
    "find_theirs",
    "has_styles",
    "in_eight_bits",
    "measure",
    "paint_styles",
    "rows_of",
    "set_style",
    "share_convolutions",
    "share_statistics",
    "split_style",
    "style_of",
    "want",
    "with_areas",
]
