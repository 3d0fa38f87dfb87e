"""What all transformation networks have in common, and those with a quarter of the resolution."""

import torch
from torch import Tensor, nn

from fastnst.networks.padding import check_size, pad_to_multiple


class TransformationNetwork(nn.Module):
    """Repaints photographs: `(N, 3, H, W)`, RGB in [0, 1], in and out.

    Attributes:
        reach: how far an input pixel's influence goes, statistics aside, in pixels.
    """

    reach: int

    def forward(self, images: Tensor) -> Tensor:
        """Stylize.

        Args:
            images: `(N, 3, H, W)`, RGB in [0, 1], H and W at least 16.

        Returns:
            The same shape, in [0, 1].

        Raises:
            ValueError: if a side is smaller than 16 pixels.
        """
        check_size(images)
        height, width = images.shape[-2:]
        return self.repaint(pad_to_multiple(images, 4))[..., :height, :width]

    def repaint(self, images: Tensor) -> Tensor:
        """`forward` for sides that are multiples of 4."""
        raise NotImplementedError


class QuarterNetwork(TransformationNetwork):
    """One whose residual blocks work at a quarter of the resolution.

    Attributes:
        downsample: `(N, 3, 4 H, 4 W)` -> `(N, C, H, W)`.
        residual: blocks, which keep that.
        upsample: to features of at least half the resolution.
        to_rgb: from these to `(N, 3, 4 H, 4 W)`.
    """

    downsample: nn.Sequential
    residual: nn.Sequential
    upsample: nn.Sequential
    to_rgb: nn.Module

    def repaint(self, images: Tensor) -> Tensor:
        """See `TransformationNetwork`."""
        return self.finish(self.residual(self.downsample(images)))

    def finish(self, features: Tensor) -> Tensor:
        """The second half: `(N, C, H, W)`, from the residual blocks -> `(N, 3, 4 H, 4 W)`."""
        return self.into_range(self.to_rgb(self.upsample(features)))

    def into_range(self, output: Tensor) -> Tensor:
        """What the last convolution makes -> [0, 1]."""
        # many hundreds of weights add up to one value, and a step of Adam moves all of them at
        # once: halved, the first steps do not overshoot, and training is well ahead after the
        # first hundred
        return torch.sigmoid(output / 2)
