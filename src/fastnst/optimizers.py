"""Optimizers and learning-rate schedules by name."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from fastnst.settings import Optimizer


def build_optimizer(
    parameters: Iterable[nn.Parameter], settings: Optimizer, max_steps: int
) -> dict[str, Any]:
    """What `LightningModule.configure_optimizers` returns: an optimizer and its schedule, by step.

    Args:
        parameters: to train.
        settings: `adam` or `sgd` with its learning rate; `cosine` falls to zero at `max_steps`.
        max_steps: length of the training.
    """
    if settings.name == "adam":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(parameters, lr=settings.lr)
    else:
        optimizer = torch.optim.SGD(parameters, lr=settings.lr, momentum=settings.momentum or 0.0)
    if settings.schedule == "constant":
        return {"optimizer": optimizer}
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max_steps)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
