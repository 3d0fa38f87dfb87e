"""What a predictor of styles sees of a painting: statistics of the compact loss network's features.

For each layer that a style loss looks at, and at each of two sizes: mean and deviation of each
channel, and how the channels go together, which is what a Gram matrix says, seen in the few
directions in which paintings differ most.
"""

from collections.abc import Iterable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from fastnst.losses import EXPOSED, LossNetwork

SCALES = (1.0, 0.5)  # of the painting
DIRECTIONS = {"relu1_2": 16, "relu2_2": 32, "relu3_3": 32, "relu4_3": 48}
TINY = 1e-5  # of a channel that never changes, the logarithm would be infinite


@torch.no_grad()
def directions(loss_network: LossNetwork, paintings: Iterable[Tensor]) -> dict[str, Tensor]:
    """The directions of each layer in which its activations differ most.

    Args:
        loss_network: the compact one.
        paintings: `(1, 3, H, W)` each, RGB in [0, 1].

    Returns:
        `(C, D)` by layer; activations have a deviation of about 1 along each.
    """
    totals: dict[str, list[Tensor]] = {layer: [] for layer in EXPOSED}
    for painting in paintings:
        for layer, features in loss_network(painting, EXPOSED).items():
            totals[layer].append(_covariance(features))
    found: dict[str, Tensor] = {}
    for layer, covariances in totals.items():
        mean = torch.stack(covariances).mean(0)
        # on the CPU: not every PyTorch has this for Apple's GPUs
        values, vectors = (part.to(mean.device) for part in torch.linalg.eigh(mean.cpu()))
        count = DIRECTIONS[layer]
        found[layer] = vectors[:, -count:] / (values[-count:] + TINY).sqrt()
    return found


@torch.no_grad()
def painting_statistics(
    loss_network: LossNetwork, painting: Tensor, along: Mapping[str, Tensor]
) -> Tensor:
    """The statistics of one painting.

    Args:
        loss_network: the compact one.
        painting: `(1, 3, H, W)`, RGB in [0, 1].
        along: what `directions` found.

    Returns:
        `(F,)`, float32.
    """
    rows: list[Tensor] = []
    for scale in SCALES:
        seen = painting if scale == 1 else _smaller(painting, scale)
        for layer, features in loss_network(seen, EXPOSED).items():
            flat = features.float()[0].flatten(1)
            # at relu4_3 a small painting has one position only
            rows += [flat.mean(1), (flat.std(1, correction=0) + TINY).log()]
            together = _covariance(features, along[layer])
            above = torch.triu_indices(*together.shape)
            # a few pairs go together far more than the rest
            rows.append(together[above[0], above[1]].asinh())
    return torch.cat(rows)


def kinds_of_statistics() -> list[int]:
    """How many numbers in a row of `painting_statistics` are of one kind: means, deviations or
    covariances of one layer at one size."""
    return [
        length
        for _ in SCALES
        for layer, channels in EXPOSED.items()
        for length in (channels, channels, DIRECTIONS[layer] * (DIRECTIONS[layer] + 1) // 2)
    ]


def _smaller(painting: Tensor, scale: float) -> Tensor:
    return F.interpolate(painting, scale_factor=scale, mode="bilinear", antialias=True)


def _covariance(features: Tensor, along: Tensor | None = None) -> Tensor:
    """Of the channels of one picture over its positions, `(1, C, H, W)` -> `(C, C)`, or of what
    they are along some directions, `(C, D)` -> `(D, D)`; in float32 outside autocast."""
    with torch.autocast(features.device.type, enabled=False):
        flat = features[0].float().flatten(1)
        centred = flat - flat.mean(1, keepdim=True)
        if along is not None:
            centred = along.T @ centred
        return centred @ centred.T / centred.shape[1]
