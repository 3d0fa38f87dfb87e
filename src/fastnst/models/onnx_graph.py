"""What is exported: a network of layers that runtimes have fast code for."""

import copy
import re
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from fastnst.networks import (
    FewOutputsConv2d,
    InstanceNorm2d,
    UpsampleConv2d,
    UpsampleToRGB,
    split_style,
)


class Graph(nn.Module):
    """What goes into the file: a copy of the network, and around it all that depends on the size
    of the pictures, or on their form."""

    def __init__(self, network: nn.Module, uint8: bool, dtype: torch.dtype) -> None:
        super().__init__()
        self.styled = network
        self.network = _replaced(copy.deepcopy(network), _plain).to(dtype)
        if dtype != torch.float32:
            self.network = _replaced(self.network, _in_float32)
        self.uint8, self.dtype = uint8, dtype
        self.eval()

    def forward(self, images: Tensor, style: Tensor | None = None) -> Tensor:
        if self.uint8:
            images = images.permute(0, 3, 1, 2).float() / 255
        height, width = images.shape[-2:]
        # The network does this itself, but decides by the size it is exported with. Written so
        # that the exporter sees multiples of 4, it is faster than with the remainder.
        right, bottom = (4 * ((length + 3) // 4) - length for length in (width, height))
        padded = F.pad(images, (0, right, 0, bottom), "reflect").to(self.dtype)
        painted = self._painted(padded, style)[..., :height, :width].float()
        if self.uint8:
            painted = painted.mul(255).round().to(torch.uint8).permute(0, 2, 3, 1)
        return painted

    def _painted(self, images: Tensor, style: Tensor | None) -> Tensor:
        if style is None:
            return self.network(images)
        values = split_style(self.styled, style)
        if self.dtype != torch.float32:  # where each normalisation lies in an `_InFloat32`
            values = {re.sub(r"\.(\w+)$", r".module.\1", name): it for name, it in values.items()}
        return functional_call(self.network, values, (images,))


class EnlargingGraph(nn.Module):
    """What goes into the file of a network that enlarges."""

    def __init__(self, network: nn.Module, uint8: bool, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = _replaced(copy.deepcopy(network), _plain).to(dtype)
        if dtype != torch.float32:
            self.network = _replaced(self.network, _in_float32)
        self.uint8, self.dtype = uint8, dtype
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        if self.uint8:
            images = images.permute(0, 3, 1, 2).float() / 255
        enlarged = self.network(images.to(self.dtype)).float()
        if self.uint8:
            enlarged = enlarged.mul(255).round().to(torch.uint8).permute(0, 2, 3, 1)
        return enlarged


def _replaced(module: nn.Module, replace: Callable[[nn.Module], nn.Module | None]) -> nn.Module:
    """The module with each part replaced for which there is something else."""
    for name, child in module.named_children():
        setattr(module, name, replace(child) or _replaced(child, replace))
    return module


def _plain(module: nn.Module) -> nn.Module | None:
    """What runtimes have fast code for, in place of what is fast in PyTorch."""
    if isinstance(module, InstanceNorm2d):
        return _take(nn.InstanceNorm2d(module.num_features, module.eps, affine=True), module)
    if isinstance(module, FewOutputsConv2d):
        height, width = module.kernel_size
        plain = nn.Conv2d(module.in_channels, module.out_channels, (height, width))
        return _take(plain, module)
    if isinstance(module, UpsampleToRGB):
        return _plain_upsample_to_rgb(module)
    return _PlainUpsampleConv2d(module) if isinstance(module, UpsampleConv2d) else None


def _take(module: nn.Module, other: nn.Module) -> nn.Module:
    module.load_state_dict(other.state_dict())
    return module


def _plain_upsample_to_rgb(module: UpsampleToRGB) -> nn.Module:
    """The four kernels, made beforehand."""
    weight, bias = (values.detach() for values in module.four_kernels())
    plain = nn.Conv2d(module.in_channels, len(bias), 3)
    plain.load_state_dict({"weight": weight, "bias": bias})
    return nn.Sequential(nn.ReplicationPad2d(1), plain, nn.PixelShuffle(2))


class _PlainUpsampleConv2d(nn.Module):
    """`UpsampleConv2d` step by step."""

    def __init__(self, module: UpsampleConv2d) -> None:
        super().__init__()
        self.weight, self.bias = module.weight, module.bias

    def forward(self, features: Tensor) -> Tensor:
        larger = F.interpolate(features, scale_factor=2, mode="nearest")
        return F.conv2d(F.pad(larger, (1, 1, 1, 1), "reflect"), self.weight, self.bias)


def _in_float32(module: nn.Module) -> nn.Module | None:
    norm = isinstance(module, nn.InstanceNorm2d | nn.BatchNorm2d)
    return _InFloat32(module) if norm else None


class _InFloat32(nn.Module):
    """A normalisation whose sums and squares float16 could not hold."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module.float()

    def forward(self, features: Tensor) -> Tensor:
        return self.module(features.float()).to(features.dtype)
