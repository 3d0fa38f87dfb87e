"""How well a network does what it was trained for, and how long optimisation takes to do as well.

Feed-forward networks approximate optimisation-based transfer (Gatys et al. 2016): of one picture
and with the same loss, so and so many iterations of L-BFGS are as good as one pass through the
network. Johnson et al. 2016, section 4.1, find 50 to 100 for theirs, trained for 40,000 iterations
and against optimisations that begin with noise; here they begin with the photograph.
"""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor, nn

from fastnst.losses import PerceptualLoss
from fastnst.optimization import optimize

REPETITIONS = 5  # of a pass through the network, to time it


class Optimization(NamedTuple):
    """Of one picture.

    Attributes:
        totals: the loss before the first iteration and after each.
        seconds: that an iteration takes, a mean: some evaluate the loss more often than others.
        picture: `(1, 3, H, W)` in [0, 1], the result.
    """

    totals: list[float]
    seconds: float
    picture: Tensor

    @property
    def iterations(self) -> int:
        """How many there were."""
        return len(self.totals) - 1


def paint(network: nn.Module, photographs: Tensor, device: torch.device) -> tuple[Tensor, float]:
    """Stylize photographs one at a time, in float32 as the optimisation works.

    Args:
        network: a transformation network, on the device that is to work.
        photographs: `(N, 3, H, W)`, RGB in [0, 1].
        device: the network's.

    Returns:
        `(N, 3, H, W)` on the CPU, and the seconds that one takes, a median.
    """
    painted: list[Tensor] = []
    seconds: list[float] = []
    with torch.no_grad():
        for number in range(max(len(photographs), REPETITIONS) + 1):
            photograph = photographs[number % len(photographs)][None].to(device)
            start = _now(photograph)
            result = network(photograph)
            seconds.append(_now(photograph) - start)
            if number < len(photographs):
                painted.append(result.cpu())
    # the first one also pays for what is set up once
    return torch.cat(painted), median(seconds[1:])


def measure(loss: PerceptualLoss, painted: Tensor, photographs: Tensor) -> dict[str, list[float]]:
    """The terms of a loss, see `PerceptualLoss.forward`, for each of N pictures by itself.

    Args:
        loss: the objective.
        painted: `(N, 3, H, W)` in [0, 1].
        photographs: of which they were made, `(N, 3, H, W)`.
    """
    terms: dict[str, list[float]] = {}
    device = loss.loss_network.mean.device
    with torch.no_grad():
        for one, photograph in zip(painted.split(1), photographs.split(1), strict=True):
            for name, value in loss(one.to(device), photograph.to(device)).items():
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
    steps = optimize(loss, photograph, photograph, iterations)
    step = next(steps)  # what it begins with
    totals, start = [step.terms["total"]], _now(photograph)
    for step in steps:
        totals.append(step.terms["total"])
        on_iteration()
    return Optimization(totals, (_now(photograph) - start) / iterations, step.picture)


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
