"""Steps whose loss is not a finite number are skipped; a run of them ends the training."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

IN_A_ROW = 3


class NotFinite(Exception):
    """There is no use in training on: the loss or the weights are no finite numbers any more."""


class SkippedSteps:
    """Counts steps that are left out.

    Attributes:
        total: of them since the training began.
        row: of them in a row until now.
    """

    def __init__(self) -> None:
        self.total = self.row = 0

    def note(self, finite: bool) -> None:
        """Count one step.

        Raises:
            NotFinite: if it is the third in a row that is left out.
        """
        self.row = 0 if finite else self.row + 1
        self.total += not finite
        if self.row == IN_A_ROW:
            raise NotFinite(f"The loss was no finite number for {IN_A_ROW} steps in a row")

    def state(self) -> dict[str, int]:
        """What a checkpoint keeps."""
        return {"total": self.total, "row": self.row}

    def restore(self, state: dict[str, int]) -> None:
        """Go on counting."""
        self.total, self.row = state["total"], state["row"]


class RunningStatistics:
    """Those of batch normalisation, which change before it is known whether a step is left out.

    Args:
        network: whose they are.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self._kept: list[Tensor] = []

    def keep(self) -> None:
        """Before each batch of a step: what they were before the first one."""
        if not self._kept:
            self._kept = [values.clone() for values in self.network.buffers()]

    def end_step(self, finite: bool) -> None:
        """Make them again what they were, if the step is left out."""
        if not finite:
            for values, before in zip(self.network.buffers(), self._kept, strict=True):
                values.copy_(before)
        self._kept = []


def leave_out(optimizer: Optimizer, scaler: Any) -> None:
    """Make the optimizer's next step one that changes nothing.

    Args:
        scaler: the one of float16's gradients, or None. Of an optimizer that leaves all to it, as
            fused ones do, it has to see gradients; steps with infinite ones it leaves out.
    """
    if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
        for group in optimizer.param_groups:
            for weights in group["params"]:
                if weights.grad is not None:
                    weights.grad.fill_(torch.inf)
    else:
        optimizer.zero_grad(set_to_none=True)  # without gradients nothing changes


def is_finite(loss: Tensor) -> bool:
    """Whether a scalar is neither infinite nor not a number."""
    return math.isfinite(loss.item())
