"""What a painted picture keeps of its photograph, and patterns that belong to neither."""

import torch
import torch.nn.functional as F
from torch import Tensor

from fastnst.images import luminance

SMALLEST_JUDGED = 128  # pixels: of a window in which a lattice is looked for
POSITIONS = 1024  # at most, that self-similarity compares
WINDOW, DEVIATION = 11, 1.5  # pixels, of the structural similarity of Wang et al. 2004


def self_similarity(features: Tensor, others: Tensor) -> float:
    """How differently the parts of two pictures resemble one another (Kolkin, Salavon,
    Shakhnarovich 2019, "Style transfer by relaxed optimal transport and self-similarity", eq. 5).

    `D[i, j]` is the cosine distance of the features at two positions, as a share of its column's
    sum: mean over columns of `sum_i |D[i, j] - D'[i, j]|`, 0 to 2.

    Args:
        features, others: `(1, C, H, W)` of both pictures, of the same size.
    """
    relations: list[Tensor] = []
    for values in (features, others):
        flat = values.float().flatten(2)[0]
        step = -(-flat.shape[1] // POSITIONS)
        directions = F.normalize(flat[:, ::step], dim=0)
        distances = (1 - directions.T @ directions).clamp_min(0)
        relations.append(distances / distances.sum(0).clamp_min(1e-8))
    first, second = relations
    return (first - second).abs().sum(0).mean().item()


def luminance_structure(picture: Tensor, photograph: Tensor) -> float:
    """Structure of luminance that is lost: 1 less the structure term of structural similarity
    (Wang, Bovik, Sheikh, Simoncelli 2004, eq. 10), that is the correlation within small windows.

    Args:
        picture, photograph: `(1, 3, H, W)`, RGB in [0, 1].

    Returns:
        0 for the same structure, 1 for none, up to 2 for the opposite.
    """
    x, y = luminance(picture), luminance(photograph)
    mean_x, mean_y = _local_mean(x), _local_mean(y)
    variance_x = (_local_mean(x * x) - mean_x**2).clamp_min(0)
    variance_y = (_local_mean(y * y) - mean_y**2).clamp_min(0)
    together = _local_mean(x * y) - mean_x * mean_y
    steady = 0.03**2 / 2
    correlation = (together + steady) / ((variance_x * variance_y).sqrt() + steady)
    return 1 - correlation.mean().item()


def _local_mean(values: Tensor) -> Tensor:
    place = torch.arange(WINDOW, device=values.device) - WINDOW // 2
    bell = torch.exp(-(place**2) / (2 * DEVIATION**2))
    bell = bell / bell.sum()
    return F.conv2d(F.conv2d(values, bell.view(1, 1, 1, -1)), bell.view(1, 1, -1, 1))


def lattice(picture: Tensor) -> float:
    """How much of the detail finer than 1/16 cycle to the pixel repeats every 4 or 8 pixels.

    The share of the energy that lies within one step of the multiples of 1/8 cycle to the pixel in
    both directions, mean over windows of 128x128; 0.035 where energy is spread evenly. Windows that
    hold no more detail than the rounding to 8 bits are left out.

    Args:
        picture: `(3, H, W)` with sides of at least 128 pixels.
    """
    frequencies = torch.fft.fftfreq(128)
    high = torch.hypot(frequencies[:, None], frequencies) > 1 / 16
    place = torch.arange(128) % 16
    near = torch.minimum(place, 16 - place) <= 1
    repeated = high & near[:, None] & near
    window = torch.hann_window(128, periodic=False)
    tiles = picture.unfold(1, 128, 64).unfold(2, 128, 64).flatten(1, 2)
    tiles = (tiles - tiles.mean(dim=(2, 3), keepdim=True)) * window[:, None] * window
    energy = torch.fft.fft2(tiles).abs().square().sum(0)
    detail = energy[:, high].sum(1)
    rounding = 128**2 * window.square().sum() ** 2 * len(picture) / (12 * 255**2)
    seen = detail > rounding
    if not seen.any():
        return float(repeated.sum() / high.sum())
    return float((energy[:, repeated].sum(1)[seen] / detail[seen]).mean())


def frame(picture: Tensor) -> float:
    """How much the 8 outermost rows and columns differ from the next 8, as a multiple of what two
    neighbouring strips of 8 differ inside the picture; about 1 where there is no frame.

    Args:
        picture: `(3, H, W)` with sides of at least 48 pixels.
    """
    outer: list[Tensor] = []
    inner: list[Tensor] = []
    sides = (picture, picture.transpose(1, 2))
    for turned in (*sides, *(side.flip(1) for side in sides)):
        strips = turned[:, : turned.shape[1] // 8 * 8].unflatten(1, (-1, 8)).mean((2, 3))
        steps = strips.diff(dim=1).abs().mean(0)
        outer.append(steps[:1])
        inner.append(steps[2:-2])
    return float(torch.cat(outer).mean() / torch.cat(inner).mean().clamp_min(1e-6))
