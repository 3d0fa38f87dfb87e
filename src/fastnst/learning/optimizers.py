"""Optimizers and learning-rate schedules by name."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from pytorch_lightning.utilities.types import OptimizerConfig, OptimizerLRSchedulerConfig
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from fastnst.config import AdamSettings, SGDSettings


def set_learning_rate(
    optimizer: torch.optim.Optimizer, schedules: Iterable[LambdaLR], lr: float
) -> None:
    """Give a resumed optimizer the rate that is set now: a checkpoint brings that of its own time.

    Args:
        optimizer: and its learning-rate schedules, as `build_optimizer` made them.
        schedules: none or one.
        lr: the learning rate, before any schedule.
    """
    (group,) = optimizer.param_groups
    group["lr"] = lr
    for schedule in schedules:
        schedule.base_lrs = [lr]
        group["lr"] = lr * schedule.lr_lambdas[0](schedule.last_epoch)


def fused(settings: AdamSettings | SGDSettings) -> bool | None:
    """Whether the step of all weights is one: a checkpoint brings what was set in its own time."""
    # Lightning refuses to clip in mixed precision before a fused step, which could unscale itself
    return True if settings.clip is None else None


def build_optimizer(
    parameters: Iterable[nn.Parameter], settings: AdamSettings | SGDSettings, max_steps: int
) -> OptimizerConfig | OptimizerLRSchedulerConfig:
    """What `LightningModule.configure_optimizers` returns: an optimizer and its schedule, by step.

    Args:
        parameters: to train.
        settings: `adam` or `sgd` with its learning rate; `cosine` falls to zero at `max_steps`.
        max_steps: length of the training.
    """
    how: dict[str, Any] = {"lr": settings.lr, "fused": fused(settings)}
    if isinstance(settings, AdamSettings):
        optimizer: torch.optim.Optimizer = torch.optim.Adam(parameters, **how)
    else:
        optimizer = torch.optim.SGD(parameters, momentum=settings.momentum, **how)
    if settings.schedule == "constant":
        return {"optimizer": optimizer}
    # not CosineAnnealingLR: a checkpoint of it brings its own end back, whatever max_steps says now
    schedule = LambdaLR(optimizer, lambda step: (1 + math.cos(math.pi * step / max_steps)) / 2)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def rise_and_fall(
    optimizer: torch.optim.Optimizer, warm_up: int, max_steps: int
) -> OptimizerLRSchedulerConfig:
    """What `LightningModule.configure_optimizers` returns: the rate rises for `warm_up` steps and
    falls in a line to zero at `max_steps`."""
    schedule = LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / warm_up) * (1 - step / max_steps)
    )
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
