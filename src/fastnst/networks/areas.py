"""Several styles in one picture, each where it is wanted: numbers that vary from place to place.

Statistics are those of the whole picture, as for one style; what follows, scale and shift, is a
mean of the styles, weighted at each place by how much of each is wanted there. So styles flow into
each other inside the network, in one pass; pictures laid over each other are a double exposure.
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fastnst.networks.conditional import split_style
from fastnst.networks.layers import InstanceNorm2d
from fastnst.networks.network import TransformationNetwork
from fastnst.networks.padding import pad_to_multiple


class Modulation(nn.Module):
    """Scale and shift of normalised features by R styles.

    Args:
        scales, shifts: `(R, C)`.

    Attributes:
        shares: how much of each style is wanted at each place of the picture that is painted next,
            `(1, R, H, W)`, adding up to 1 over R, of the size of that picture.
    """

    scales: Tensor
    shifts: Tensor

    def __init__(self, scales: Tensor, shifts: Tensor) -> None:
        super().__init__()
        # as the 1x1 kernels of a convolution, which is what a weighted mean at each place is
        self.register_buffer("scales", scales.T[..., None, None].contiguous())
        self.register_buffer("shifts", shifts.T[..., None, None].contiguous())
        self.shares = torch.empty(0)

    def forward(self, features: Tensor) -> Tensor:
        """`(1, C, H, W)` -> the same."""
        wanted = F.interpolate(self.shares, features.shape[2:], mode="area")
        with torch.autocast(features.device.type, enabled=False):
            scale = F.conv2d(wanted, self.scales)
            shift = F.conv2d(wanted, self.shifts)
            return torch.addcmul(shift, features, scale).to(features.dtype)


def with_areas(network: TransformationNetwork, styles: Tensor) -> TransformationNetwork:
    """A copy of a network that paints several styles at once; see `want`.

    Args:
        network: with instance normalisations.
        styles: `(R, K)`, numbers of the styles.
    """
    network = copy.deepcopy(network)
    values = split_style(network, styles)
    for name, norm in [*network.named_modules()]:
        if isinstance(norm, InstanceNorm2d):
            after = Modulation(values[f"{name}.weight"], values[f"{name}.bias"])
            norm.reset_parameters()  # scales of 1, shifts of 0
            place, _, child = name.rpartition(".")
            setattr(network.get_submodule(place), child, nn.Sequential(norm, after))
    return network


def want(network: nn.Module, shares: Tensor) -> None:
    """Say how much of each style is wanted where, `(1, R, H, W)`, in what is painted next."""
    padded = pad_to_multiple(shares, 4)
    for module in network.modules():
        if isinstance(module, Modulation):
            module.shares = padded
