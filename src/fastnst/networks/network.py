"""What all transformation networks have in common."""

from torch import nn


class TransformationNetwork(nn.Module):
    """Repaints photographs: `(N, 3, H, W)`, RGB in [0, 1], in and out.

    Attributes:
        reach: how far an input pixel's influence goes, statistics aside, in pixels.
    """

    reach: int
