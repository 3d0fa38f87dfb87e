"""Instance normalisation with the same statistics for every part of a huge picture.

Instance normalisation takes mean and deviation over the whole picture. A part of it has others, so
that parts painted on their own differ in colour and contrast, with seams where they meet. Chen et
al. 2022 (Towards ultra-resolution neural style transfer via thumbnail instance normalization)
therefore take the statistics once, and use them everywhere.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from fastnst.networks.layers import InstanceNorm2d


class _SharedNorm(nn.Module):
    """An instance normalisation that remembers statistics: `features * slope + shift`."""

    def __init__(self, norm: InstanceNorm2d) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps
        self.measuring = False
        # changed in place, so that a compiled network sees it
        self.register_buffer("slope", torch.ones_like(norm.weight).view(1, -1, 1, 1))
        self.register_buffer("shift", torch.zeros_like(norm.bias).view(1, -1, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        if self.measuring:
            self._measure(features)
        return torch.addcmul(self.shift, features, self.slope).to(features.dtype)

    def _measure(self, features: Tensor) -> None:
        variance, mean = torch.var_mean(features.float(), (0, 2, 3), correction=0, keepdim=True)
        self.slope.copy_(self.weight.view(1, -1, 1, 1) * torch.rsqrt(variance + self.eps))
        self.shift.copy_(self.bias.view(1, -1, 1, 1) - mean * self.slope)


def share_statistics(network: nn.Module) -> nn.Module:
    """A copy of the network whose instance normalisations keep the statistics of `measure`.

    A network without any, as with batch normalisation, paints parts like the whole as it is.
    """
    shared = copy.deepcopy(network)
    for parent in list(shared.modules()):
        for name, child in parent.named_children():
            if isinstance(child, InstanceNorm2d):
                setattr(parent, name, _SharedNorm(child))
    return shared


@contextmanager
def measure(shared: nn.Module) -> Iterator[None]:
    """While this lasts, take the statistics of what goes through, of all its pictures together.

    Args:
        shared: what `share_statistics` returned.
    """
    norms = [module for module in shared.modules() if isinstance(module, _SharedNorm)]
    for norm in norms:
        norm.measuring = True
    try:
        yield
    finally:
        for norm in norms:
            norm.measuring = False
