"""How well a network does what it was trained for, and how long optimisation takes to do as well.

Feed-forward networks approximate optimisation-based transfer (Gatys et al. 2016): of one picture
and with the same loss, so and so many iterations of L-BFGS are as good as one pass through the
network. Johnson et al. 2016, section 4.1, find 50 to 100.
"""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor, nn

from fastnst.optimization import optimize
from fastnst.perceptual_loss import PerceptualLoss

REPETITIONS = 5  # of a pass through the network, to time it


class Optimization(NamedTuple):
    """Of one picture.

    Attributes:
        totals: the loss before the first iteration and after each.
        seconds: that an iteration takes, a median.
        picture: `(1, 3, H, W)` in [0, 1], the result.
    """

    totals: list[float]
    seconds: float
    picture: Tensor


def paint(network: nn.Module, photographs: Tensor) -> tuple[Tensor, float]:
    """Stylize photographs one at a time, in float32 as the optimisation works.

    Args:
        network: a transformation network.
        photographs: `(N, 3, H, W)`, RGB in [0, 1].

    Returns:
        `(N, 3, H, W)`, and the seconds that one takes, a median.
    """
    painted, seconds = [], []
    with torch.no_grad():
        for number in range(max(len(photographs), REPETITIONS) + 1):
            photograph = photographs[number % len(photographs)][None]
            start = _now(photograph)
            painted.append(network(photograph))
            seconds.append(_now(photograph) - start)
    # the first one also pays for what is set up once
    return torch.cat(painted[: len(photographs)]), median(seconds[1:])


def measure(loss: PerceptualLoss, painted: Tensor, photographs: Tensor) -> dict[str, list[float]]:
    """The terms of a loss, see `PerceptualLoss.forward`, for each of N pictures by itself.

    Args:
        loss: the objective.
        painted: `(N, 3, H, W)` in [0, 1].
        photographs: of which they were made, `(N, 3, H, W)`.
    """
    terms: dict[str, list[float]] = {}
    with torch.no_grad():
        for pair in zip(painted.split(1), photographs.split(1), strict=True):
            for name, value in loss(*pair).items():
                terms.setdefault(name, []).append(value.item())
    return terms


def optimize_from(
    loss: PerceptualLoss, photograph: Tensor, iterations: int, on_iteration: Callable[[], object]
) -> Optimization:
    """Lower the loss with L-BFGS, beginning with the photograph, `(1, 3, H, W)`.

    Args:
        loss: the objective.
        photograph: whose content is wanted.
        iterations: how many.
        on_iteration: called after each.
    """
    totals, seconds = [], [_now(photograph)]
    for step in optimize(loss, photograph, photograph, iterations):
        totals.append(step.terms["total"])
        if step.number > 0:
            seconds.append(_now(photograph))
            on_iteration()
    each = median(later - earlier for earlier, later in pairwise(seconds))
    return Optimization(totals, each, step.picture)


def equivalent_iterations(totals: Sequence[float], total: float) -> int | None:
    """Iterations after which an optimisation is at least as good as a network.

    Args:
        totals: the loss before the first iteration and after each.
        total: the loss of what the network paints.

    Returns:
        0 if the network is no better than what the optimisation begins with; None if the network is
        better than all of it.
    """
    return next((number for number, reached in enumerate(totals) if reached <= total), None)


def _now(tensor: Tensor) -> float:
    """When the device is done with all that it was given."""
    if tensor.is_cuda:
        torch.cuda.synchronize(tensor.device)
    elif tensor.device.type == "mps":
        torch.mps.synchronize()
    return time.perf_counter()
