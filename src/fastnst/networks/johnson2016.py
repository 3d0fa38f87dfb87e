"""The transformation network of Johnson, Alahi, Fei-Fei 2016, as their supplement has it."""

import torch
from torch import Tensor, nn

from fastnst.networks.network import TransformationNetwork
from fastnst.networks.padding import reflect_pad


class UnpaddedResidualBlock(nn.Module):
    """Two unpadded 3x3 convolutions; the shortcut is cropped by 2 pixels on each side to fit."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3),
            nn.BatchNorm2d(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features[..., 2:-2, 2:-2] + self.body(features)


class Johnson2016(TransformationNetwork):
    """Transformation network of Johnson et al. 2016, supplementary material, Table 1.

    The input is padded by 40 pixels of reflection, which the five residual blocks (4 pixels each,
    at a quarter of the resolution) take away again. Fractionally strided convolutions, batch
    normalisation, and a tanh scaled to [0, 1].
    """

    def __init__(self) -> None:
        super().__init__()
        self.downsample = nn.Sequential(
            nn.Conv2d(3, 32, 9, padding=4),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.Conv2d(64, 128, 3, stride=2, padding=1),
            nn.BatchNorm2d(128),
            nn.ReLU(),
        )
        self.residual = nn.Sequential(*(UnpaddedResidualBlock(128) for _ in range(5)))
        self.upsample = nn.Sequential(
            nn.ConvTranspose2d(128, 64, 3, stride=2, padding=1, output_padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
        )
        self.to_rgb = nn.Conv2d(32, 3, 9, padding=4)
        self.reach = 4 + 1 + 2 + 5 * 8 + 4 + 2 + 4  # in pixels

    def repaint(self, images: Tensor) -> Tensor:
        """See `TransformationNetwork`."""
        features = self.residual(self.downsample(reflect_pad(images, 40, 40, 40, 40)))
        output = self.to_rgb(self.upsample(features))
        # a quarter, as in ResNet.into_range: otherwise the first steps of Adam can drive pixels to
        # where the tanh is flat, and there they stay
        return 0.5 + 0.5 * torch.tanh(output / 4)
