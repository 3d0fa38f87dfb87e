"""Steps whose loss is not a finite number are skipped; a run of them ends the training."""

import math

from torch import Tensor

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


def is_finite(loss: Tensor) -> bool:
    """Whether a scalar is neither infinite nor not a number."""
    return math.isfinite(loss.item())
