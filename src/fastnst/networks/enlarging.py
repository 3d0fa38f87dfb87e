"""Networks that enlarge pictures 2, 4 or 8 times: super-resolution."""

from itertools import pairwise
from math import ceil
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import AfterValidator, ConfigDict, validate_call
from torch import Tensor, nn

from fastnst.networks.padding import check_size
from fastnst.networks.resnet import Blocks, Width
from fastnst.networks.upsample_conv import UpsampleConv2d

SCALES = (2, 4, 8)


def _is_scale(value: int) -> int:
    if isinstance(value, bool) or value not in SCALES:
        raise ValueError("should be 2, 4 or 8")
    return value


Scale = Annotated[int, AfterValidator(_is_scale)]
SRNorm = Literal["none", "batch"]


class EnlargingNetwork(nn.Module):
    """Enlarges pictures: `(N, 3, H, W)`, RGB in [0, 1] -> `(N, 3, scale H, scale W)`.

    Attributes:
        scale: 2, 4 or 8.
        reach: how far an input pixel's influence goes, in pixels of the input.
    """

    scale: int
    reach: int

    def forward(self, images: Tensor) -> Tensor:
        """Enlarge.

        Args:
            images: `(N, 3, H, W)`, RGB in [0, 1], H and W at least 16.

        Returns:
            `(N, 3, scale H, scale W)`, in [0, 1].

        Raises:
            ValueError: if a side is smaller than 16 pixels.
        """
        check_size(images)
        enlarged = self.enlarge(images)
        # not in training: a pixel that is beyond the end would get no gradient to come back
        return enlarged if self.training else enlarged.clamp(0, 1)

    def enlarge(self, images: Tensor) -> Tensor:
        """`forward`, of which a little may be out of range."""
        raise NotImplementedError


def same_conv(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    """A convolution that keeps the size, with zeros around the picture."""
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


def _norm(kind: SRNorm, channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels)] if kind == "batch" else []


class PlainResidualBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut; without normalisation that of Lim et al. 2017."""

    def __init__(self, channels: int, norm: SRNorm) -> None:
        super().__init__()
        self.body = nn.Sequential(
            same_conv(channels, channels, 3),
            *_norm(norm, channels),
            nn.ReLU(inplace=True),
            same_conv(channels, channels, 3),
            *_norm(norm, channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features + self.body(features)


class SR(EnlargingNetwork):
    """The default: nearly all of the work at the size of the input.

    3x3 conv to `width`; `blocks` residual blocks with a shortcut around all of them; nearest
    neighbour upsampling and 3x3 conv for each doubling, the last to 16 channels; a 3x3 conv to RGB,
    which is added to the picture enlarged by bicubic interpolation. What is even stays even: with
    the sub-pixel convolution of Shi et al. 2016 features asked for dots of the period of the scale.
    With the default settings 639,235 parameters at `scale=4`, and as many multiplications as
    `Johnson2016SR`.

    Args:
        scale: 2, 4 or 8.
        width: channels of the blocks, up to 1024.
        blocks: number of residual blocks, up to 100.
        norm: `none`, or `batch`.

    Raises:
        ValueError: if an argument is none of these, as it may be in a file from somewhere.
    """

    @validate_call(config=ConfigDict(strict=True))
    def __init__(
        self, scale: Scale = 4, width: Width = 64, blocks: Blocks = 8, norm: SRNorm = "none"
    ) -> None:
        super().__init__()
        self.scale = scale
        self.first = same_conv(3, width, 3)
        self.residual = nn.Sequential(*(PlainResidualBlock(width, norm) for _ in range(blocks)))
        channels = [width] * (scale.bit_length() - 1) + [16]
        self.upsample = nn.Sequential()
        for inputs, outputs in pairwise(channels):
            self.upsample.extend([UpsampleConv2d(inputs, outputs), nn.ReLU()])
        self.to_rgb = same_conv(16, 3, 3)
        # the picture begins as what bicubic interpolation makes of it
        nn.init.zeros_(self.to_rgb.weight)
        nn.init.zeros_(self.to_rgb.bias)  # pyright: ignore[reportArgumentType]  # it has one
        # in pixels of the input: conv 1, blocks 2 each, all that comes after them less than 2
        self.reach = 1 + 2 * blocks + 2

    def enlarge(self, images: Tensor) -> Tensor:
        """See `EnlargingNetwork`."""
        first = self.first(images)
        features = self.upsample(first + self.residual(first))
        # in float32, as cubic weights need; it is a thousandth of the work
        bicubic = F.interpolate(images.float(), scale_factor=self.scale, mode="bicubic")
        return (bicubic + self.to_rgb(features).float()).to(images.dtype)


class Johnson2016SR(EnlargingNetwork):
    """Network for super-resolution of Johnson et al. 2016, section 4.2 and supplementary Table 2.

    9x9 conv to 64 channels; four residual blocks; for each doubling a 3x3 convolution of stride
    1/2; 9x9 conv to RGB and a scaled tanh. Batch normalisation after all but the last, zeros around
    the picture.

    Args:
        scale: 2, 4 or 8.

    Raises:
        ValueError: if it is none of these.
    """

    @validate_call(config=ConfigDict(strict=True))
    def __init__(self, scale: Scale = 4) -> None:
        super().__init__()
        self.scale, doublings = scale, scale.bit_length() - 1
        self.first = nn.Sequential(same_conv(3, 64, 9), nn.BatchNorm2d(64), nn.ReLU(inplace=True))
        self.residual = nn.Sequential(*(PlainResidualBlock(64, "batch") for _ in range(4)))
        self.upsample = nn.Sequential(
            *(
                nn.Sequential(
                    nn.ConvTranspose2d(64, 64, 3, stride=2, padding=1, output_padding=1),
                    nn.BatchNorm2d(64),
                    nn.ReLU(inplace=True),
                )
                for _ in range(doublings)
            )
        )
        self.to_rgb = same_conv(64, 3, 9)
        # in pixels of the input: 9x9 conv 4, blocks 2 each, doublings 1 at most all together twice
        self.reach = 4 + 8 + 2 + ceil(4 / scale)

    def enlarge(self, images: Tensor) -> Tensor:
        """See `EnlargingNetwork`."""
        output = self.to_rgb(self.upsample(self.residual(self.first(images))))
        # a quarter, as in Johnson2016: the first steps shall not end where the tanh is flat
        return (0.5 + 0.5 * torch.tanh(output.float() / 4)).to(images.dtype)
