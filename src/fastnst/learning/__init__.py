"""What every training run does, whatever it learns: Lightning's Trainer, checkpoints, resuming.

In: settings, a `Learner` with its loss, pictures and a run folder. Out: checkpoints, sample sheets,
curves, and what the learner writes in the end.
"""

from fastnst.learning.callbacks import ProgressBar, SampleSheets
from fastnst.learning.checkpoint_files import FOLDER, read_checkpoint
from fastnst.learning.checkpoints import MODEL
from fastnst.learning.checks import CheckRun
from fastnst.learning.failures import lightning_failures, saying_where
from fastnst.learning.fitting import (
    Start,
    compiled_how,
    finished_sheet,
    fit,
    prepare_trainer,
    say_where,
    starting_point,
)
from fastnst.learning.learner import Learner
from fastnst.learning.optimizers import rise_and_fall
from fastnst.learning.resume import INDIFFERENT, newest_run
from fastnst.learning.trainer import (
    build_short_trainer,
    ignore_what_does_not_apply,
    training_device,
)

__all__ = [
    "FOLDER",
    "INDIFFERENT",
    "MODEL",
    "CheckRun",
    "Learner",
    "ProgressBar",
    "SampleSheets",
    "Start",
    "build_short_trainer",
    "compiled_how",
    "finished_sheet",
    "fit",
    "ignore_what_does_not_apply",
    "lightning_failures",
    "newest_run",
    "prepare_trainer",
    "read_checkpoint",
    "rise_and_fall",
    "say_where",
    "saying_where",
    "starting_point",
    "training_device",
]
