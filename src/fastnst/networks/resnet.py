"""The default transformation network: residual, with instance normalisation."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, validate_call
from torch import Tensor, nn

from fastnst.networks.layers import (
    FewOutputsConv2d,
    InstanceNorm2d,
    ReflectionPad2d,
)
from fastnst.networks.network import QuarterNetwork
from fastnst.networks.upsample_conv import UpsampleConv2d

Width = Annotated[int, Field(ge=1, le=1024)]
Blocks = Annotated[int, Field(ge=0, le=100)]
Norm = Literal["instance", "batch"]
Upsample = Literal["nearest", "transposed"]


def normalization(kind: Norm, channels: int) -> nn.Module:
    """Affine instance normalisation without running statistics, or batch normalisation."""
    if kind == "instance":
        return InstanceNorm2d(channels)
    return nn.BatchNorm2d(channels)


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Reflection-padded convolution; zero padding would draw a frame around every picture."""
    return nn.Sequential(ReflectionPad2d(kernel // 2), nn.Conv2d(inputs, outputs, kernel, stride))


def upsampling(kind: Upsample, inputs: int, outputs: int) -> nn.Module:
    """Double height and width."""
    if kind == "nearest":
        return UpsampleConv2d(inputs, outputs)
    return nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut and no ReLU after the addition."""

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(channels, channels, 3),
            normalization(norm, channels),
            nn.ReLU(inplace=True),
            conv(channels, channels, 3),
            normalization(norm, channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features + self.body(features)


class ResNet(QuarterNetwork):
    """Residual transformation network after Johnson, Alahi, Fei-Fei 2016, with reflection padding,
    nearest-neighbour upsampling and instance normalisation (Ulyanov, Vedaldi, Lempitsky 2016).

    9x9 conv to `width`; two stride-2 3x3 convs to 2 and 4 times that; `blocks` residual blocks; two
    upsamplings back to `width`; 9x9 conv to RGB, kept in range by a sigmoid. 1,679,235 parameters
    with the default settings.

    Args:
        width: channels of the first layer, up to 1024.
        blocks: number of residual blocks, up to 100.
        norm: `instance` (affine, no running statistics) or `batch`.
        upsample: `nearest` (then a 3x3 conv) or `transposed` (3x3 convolution of stride 1/2).

    Raises:
        ValueError: if an argument is none of these, as it may be in a file from somewhere.
    """

    @validate_call(config=ConfigDict(strict=True))
    def __init__(
        self,
        width: Width = 32,
        blocks: Blocks = 5,
        norm: Norm = "instance",
        upsample: Upsample = "nearest",
    ) -> None:
        super().__init__()
        self.downsample = nn.Sequential(
            conv(3, width, 9),
            normalization(norm, width),
            nn.ReLU(inplace=True),
            conv(width, 2 * width, 3, stride=2),
            normalization(norm, 2 * width),
            nn.ReLU(inplace=True),
            conv(2 * width, 4 * width, 3, stride=2),
            normalization(norm, 4 * width),
            nn.ReLU(inplace=True),
        )
        self.residual = nn.Sequential(*(ResidualBlock(4 * width, norm) for _ in range(blocks)))
        self.upsample = nn.Sequential(
            upsampling(upsample, 4 * width, 2 * width),
            normalization(norm, 2 * width),
            nn.ReLU(inplace=True),
            upsampling(upsample, 2 * width, width),
            normalization(norm, width),
            nn.ReLU(inplace=True),
        )
        self.to_rgb = nn.Sequential(ReflectionPad2d(4), FewOutputsConv2d(width, 3, 9))
        # in pixels: 9x9 convs 4 each, strided 1 and 2, blocks 2 x 4, upsamplings 4 and 2 at most
        self.reach = 4 + 1 + 2 + 8 * blocks + 4 + 2 + 4
