"""A small transformation network, for webcams, phones and browsers."""

import torch
import torch.nn.functional as F
from pydantic import ConfigDict, validate_call
from torch import Tensor, nn

from fastnst.networks.layers import InstanceNorm2d, replication_pad
from fastnst.networks.network import QuarterNetwork
from fastnst.networks.resnet import Blocks, ResidualBlock, Width, conv
from fastnst.networks.upsample_conv import UpsampleConv2d


class UpsampleToRGB(nn.Conv2d):
    """Nearest-neighbour upsampling to twice the size, 5x5 convolution to RGB, all in one.

    Five neighbouring rows of the larger picture are copies of three of the smaller one, in one way
    for even and in another for odd rows. So four 3x3 kernels of sums of the weights make four
    pixels at once, and no features of the full resolution have to be there. Outside, the outermost
    pixel is repeated.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__(inputs, 3, 5)

    def forward(self, input: Tensor) -> Tensor:
        """`(N, inputs, H, W)` -> `(N, 3, 2 H, 2 W)`, of the type of the weights."""
        weight, bias = self.four_kernels()
        every = F.conv2d(replication_pad(input, 1), weight, bias)
        return F.pixel_shuffle(every, 2).to(self.weight.dtype)

    def four_kernels(self) -> tuple[Tensor, Tensor]:
        """Weights `(12, inputs, 3, 3)` and biases `(12,)`: for each colour four pixels, by rows."""
        kernels = _thirds(_thirds(self.weight, 2), 4)  # column parity, row parity, outputs, ...
        assert self.bias is not None
        weight = kernels.permute(2, 1, 0, 3, 4, 5).reshape(-1, self.in_channels, 3, 3)
        return weight, self.bias.repeat_interleave(4)


def _thirds(weight: Tensor, dim: int) -> Tensor:
    """Five taps on doubled rows -> three taps on the rows themselves, for even and for odd rows."""
    first, second, middle, fourth, last = weight.unbind(dim)
    even = torch.stack((first + second, middle + fourth, last), dim)
    odd = torch.stack((first, second + middle, fourth + last), dim)
    return torch.stack((even, odd))


class Light(QuarterNetwork):
    """Residual transformation network of which nothing but the picture has the full resolution.

    7x7 conv of stride 2 to `width`, 3x3 conv of stride 2 to 4 times that; `blocks` residual blocks;
    upsampling to `width` at half the resolution, and from there to RGB. Reflection padding and
    instance normalisation as in `ResNet`. 318,723 parameters with the default settings.

    Args:
        width: channels at half the resolution, up to 1024.
        blocks: number of residual blocks, up to 100.

    Raises:
        ValueError: if an argument is none of these, as it may be in a file from somewhere.
    """

    @validate_call(config=ConfigDict(strict=True))
    def __init__(self, width: Width = 16, blocks: Blocks = 4) -> None:
        super().__init__()
        self.downsample = nn.Sequential(
            conv(3, width, 7, stride=2),
            InstanceNorm2d(width),
            nn.ReLU(inplace=True),
            conv(width, 4 * width, 3, stride=2),
            InstanceNorm2d(4 * width),
            nn.ReLU(inplace=True),
        )
        self.residual = nn.Sequential(
            *(ResidualBlock(4 * width, "instance") for _ in range(blocks))
        )
        self.upsample = nn.Sequential(
            UpsampleConv2d(4 * width, width), InstanceNorm2d(width), nn.ReLU(inplace=True)
        )
        self.to_rgb = UpsampleToRGB(width)
        # in pixels: 7x7 conv 3, 3x3 at half the resolution 2, blocks 2 x 4, upsamplings 4 and 3
        self.reach = 3 + 2 + 8 * blocks + 4 + 3
