"""The `trainer` group: Lightning's options. Those in `configs/trainer` are checked here, others
pass through to Lightning."""

import inspect
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, with_config
from pytorch_lightning import Trainer
from pytorch_lightning.accelerators import AcceleratorRegistry
from typing_extensions import TypedDict

from fastnst.config.errors import INSTEAD, close_to, shown
from fastnst.config.types import Count, NoBool

# what the training decides for itself
OURS = {"self", "logger", "callbacks", "default_root_dir", "enable_checkpointing", "max_epochs",
        "min_epochs", "min_steps", "val_check_interval", "check_val_every_n_epoch",
        "log_every_n_steps",
        "gradient_clip_val", "gradient_clip_algorithm", "use_distributed_sampler", "plugins",
        "reload_dataloaders_every_n_epochs", "barebones",
        # there is one endless epoch
        "limit_train_batches", "overfit_batches", "fast_dev_run"}  # fmt: skip
TRAINER_OPTIONS = sorted(inspect.signature(Trainer.__init__).parameters.keys() - OURS)
ACCELERATORS = ("auto", "gpu", *sorted(AcceleratorRegistry.available_accelerators()))


def _duration(value: Any) -> str | None:
    form = r"(?=.*[1-9])\d+:\d\d:\d\d:\d\d"
    if value is not None and not (isinstance(value, str) and re.fullmatch(form, value)):
        raise ValueError("should be DD:HH:MM:SS, such as 00:08:00:00, or null")
    return value


def _devices(value: Any) -> str | int | list[int]:
    if value != "auto" and not (_all(value) if isinstance(value, list) else _number(value)):
        raise ValueError("should be auto, a number of at least 1, -1 for all, or a list of devices")
    return value


def _number(value: Any) -> bool:
    return type(value) is int and (value == -1 or value >= 1)


def _all(devices: list[Any]) -> bool:
    each = all(type(device) is int and device >= 0 for device in devices)
    return each and len({*devices}) == len(devices) > 0


@with_config(ConfigDict(extra="allow"))
class TrainerOptions(TypedDict):
    """A dictionary, as Lightning takes it."""

    max_steps: Count
    max_time: Annotated[str | None, BeforeValidator(_duration)]
    accelerator: Literal[ACCELERATORS]  # pyright: ignore[reportInvalidTypeForm]  # those that Lightning has
    devices: Annotated[str | int | list[int], BeforeValidator(_devices)]
    # others spread the weights, or leave what was learnt in processes that are gone
    strategy: Literal["auto", "ddp"]
    num_nodes: Count
    precision: Literal[
        "auto", "32-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true", "64-true"
    ]
    accumulate_grad_batches: Count
    deterministic: Literal[True, False, "warn"] | None
    enable_progress_bar: bool
    enable_model_summary: bool
    num_sanity_val_steps: Annotated[int, NoBool, Field(ge=-1)]


def check_names(options: Mapping[str, Any]) -> None:
    """Refuse what Lightning's Trainer does not have, and what is not for the user to say.

    Raises:
        ValueError: naming the option.
    """
    for name, value in options.items():
        if name in OURS:
            instead = INSTEAD.get(f"trainer.{name}")
            raise ValueError(
                f"trainer.{name}={shown(value)}: fastnst sets this one itself"
                f"{f'; {instead}' if instead else ''}"
            )
        if name not in TRAINER_OPTIONS:
            raise ValueError(
                f"trainer.{name}={shown(value)}: Lightning's Trainer has no such option"
                f"{close_to(name, TRAINER_OPTIONS)}; it has {', '.join(TRAINER_OPTIONS)}"
            )
