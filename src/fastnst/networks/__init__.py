"""Transformation networks: float RGB in [0, 1], `(N, 3, H, W)`, in and out."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from fastnst.networks.johnson2016 import Johnson2016
from fastnst.networks.padding import SMALLEST_SIDE
from fastnst.networks.pytorch_examples import PyTorchExamples
from fastnst.networks.resnet import ResNet

NETWORKS = {"resnet": ResNet, "johnson2016": Johnson2016, "pytorch_examples": PyTorchExamples}


def build_network(architecture: Mapping[str, Any]) -> nn.Module:
    """Build a transformation network from its plain description, as stored with its weights.

    Its weights are in channels-last order, the faster one for convolutions.

    Args:
        architecture: `name` (a key of `NETWORKS`) and the arguments of that network.
    """
    arguments = dict(architecture)
    network = NETWORKS[arguments.pop("name")](**arguments)
    return network.to(memory_format=torch.channels_last)


__all__ = ["NETWORKS", "SMALLEST_SIDE", "Johnson2016", "PyTorchExamples", "ResNet", "build_network"]
