"""Colours of the photograph on a stylized picture, and mixing the two.

All functions take and return RGB in [0, 1] as it is stored (with its gamma), `(N, 3, H, W)`.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

PreserveColor = Literal["lum", "hist"]
LUMA = (0.299, 0.587, 0.114)  # of the Y in YIQ (Rec. 601), which Gatys et al. take


def luminance(images: Tensor) -> Tensor:
    """`(N, 3, H, W)` -> Y of YIQ, `(N, 1, H, W)`."""
    return (images * images.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def keep_chrominance(painted: Tensor, photograph: Tensor) -> Tensor:
    """Luminance of the painted picture, I and Q of YIQ of the photograph.

    Gatys, Bethge, Hertzmann, Shechtman 2016, "Preserving color in neural artistic style transfer",
    section 3.2. Where the colour does not exist that bright or that dark it is made paler, so that
    the strokes, which are in the luminance, stay as they are; they clip.
    """
    bright = luminance(painted).clamp(0, 1)
    chroma = photograph - luminance(photograph)  # in RGB, I and Q are what grey is not
    room = torch.where(chroma > 0, 1 - bright, bright) / chroma.abs().clamp_min(1e-6)
    return bright + chroma * room.amin(1, keepdim=True).clamp_max(1)


class ColorMap(NamedTuple):
    """A linear map of colours, `matrix @ color + shift`: `(3, 3)` and `(3,)`, float32."""

    matrix: Tensor
    shift: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        """Map `(N, 3, H, W)`; colours that leave [0, 1] are clipped."""
        mapped = torch.einsum("ij,njhw->nihw", self.matrix, images)
        return (mapped + self.shift.view(1, 3, 1, 1)).clamp(0, 1)


def match_colors(painted: Tensor, photograph: Tensor) -> ColorMap:
    """The map that gives the colours of a painted picture mean and covariance of its photograph's.

    `matrix = S_photograph^(1/2) S_painted^(-1/2)`, Gatys et al. 2016 as above, section 3.1, with
    the square roots of Image Analogies (equation 3). They recolour the painting before the style
    is learned from it; a network that has learned it already can only be recoloured afterwards.

    Args:
        painted, photograph: `(1, 3, H, W)`, of any two sizes.
    """
    mean_from, root_from = _mean_and_root(painted, -0.5)
    mean_to, root_to = _mean_and_root(photograph, 0.5)
    matrix = root_to @ root_from
    return ColorMap(matrix, mean_to - matrix @ mean_from)


def _mean_and_root(images: Tensor, power: float) -> tuple[Tensor, Tensor]:
    colors = images.float().transpose(0, 1).flatten(1)
    # a picture of one colour has no inverse; one grey level of variance does not show
    covariance = colors.cov().cpu().double() + torch.eye(3).double() / 255**2
    values, vectors = torch.linalg.eigh(covariance)
    root = vectors @ torch.diag(values.pow(power)) @ vectors.T
    return colors.mean(1), root.to(colors)
