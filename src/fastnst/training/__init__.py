"""One training run: step, trainer, checkpoints, resuming, what it writes.

In: settings and a run folder. Out: `model.safetensors`, checkpoints, sample sheets, curves.
"""

from fastnst.training.callbacks import ProgressBar
from fastnst.training.checkpoint_files import FOLDER, read_checkpoint
from fastnst.training.checkpoints import MODEL
from fastnst.training.checks import CheckSettings
from fastnst.training.failures import lightning_failures
from fastnst.training.optimizers import rise_and_fall
from fastnst.training.resume import INDIFFERENT, newest_run
from fastnst.training.run import train
from fastnst.training.step import StyleTransfer
from fastnst.training.trainer import (
    build_short_trainer,
    ignore_what_does_not_apply,
    training_device,
)

__all__ = [
    "FOLDER",
    "INDIFFERENT",
    "MODEL",
    "CheckSettings",
    "ProgressBar",
    "StyleTransfer",
    "build_short_trainer",
    "ignore_what_does_not_apply",
    "lightning_failures",
    "newest_run",
    "read_checkpoint",
    "rise_and_fall",
    "train",
    "training_device",
]
