"""One training run: what comes before, and around, the steps of any of them."""

import logging
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytorch_lightning as pl
from pytorch_lightning.strategies import ParallelStrategy
from pytorch_lightning.utilities import rank_zero_only

from fastnst.config import AUTO, RunSettings, is_sweep, write_settings
from fastnst.learning.callbacks import SampleSheets, Speed, sheet_path
from fastnst.learning.checkpoints import MODEL, Checkpoints
from fastnst.learning.failures import training_failures
from fastnst.learning.learner import Learner
from fastnst.learning.resume import check_resume, checkpoint_to_resume, is_complete
from fastnst.learning.trainer import (
    build_trainer,
    ignore_what_does_not_apply,
    one_gpu,
    training_device,
)
from fastnst.machine import (
    Stopped,
    StopSignals,
    UserError,
    allow_tf32,
    compiling_pays,
    keep_freed_memory,
)

log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=RunSettings)


class Start(NamedTuple):
    """Where a run begins.

    Attributes:
        checkpoint: that it goes on from, if there is one.
        steps: that this has done.
    """

    checkpoint: Path | None
    steps: int


def starting_point(settings: Kind, folder: Path) -> tuple[Start, Kind]:
    """Where a run begins, and its settings with what it began with when it was new.

    Args:
        settings: the run's, of which `resume` says what is gone on from.
        folder: the run folder.

    Raises:
        UserError: if there is no such checkpoint, or this run cannot go on from it.
    """
    checkpoint = checkpoint_to_resume(settings.resume, folder)
    if checkpoint is None:
        return Start(None, 0), settings
    steps, changes, init = check_resume(checkpoint, settings)
    to_do = settings.trainer["max_steps"] - steps
    # with resume=auto, what a finished run may lack is made up for; but of the run that it was
    if to_do < 0 or (to_do == 0 and (changes or settings.resume != AUTO)):
        then = f" with other settings ({'; '.join(changes)})" if changes else ""
        raise UserError(
            f"{checkpoint} has done {steps} steps already{then}: give more with "
            f"trainer.max_steps=<steps>, or another hydra.run.dir=<folder> for a new run."
        )
    if changes:
        log.warning("%s; the run goes on with what is set now.", "; ".join(changes))
    return Start(checkpoint, steps), settings.model_copy(update={"init": init})


def finished_sheet(
    start: Start, settings: RunSettings, folder: Path, results: Sequence[Path]
) -> Path | None:
    """The last sample sheet of a run that has nothing left to do; None of any other."""
    last_step = settings.trainer["max_steps"]
    sheet = sheet_path(folder, last_step)
    if start.checkpoint and start.steps == last_step:
        return sheet if is_complete(sheet, results, start.checkpoint) else None
    return None


def prepare_trainer(settings: RunSettings, folder: Path, start: Start) -> pl.Trainer:
    """Write the settings to the run folder, seed everything, and make the Trainer.

    Args:
        settings: the run's.
        folder: the run folder.
        start: where it begins.

    Raises:
        UserError: if Lightning refuses any of the settings in `trainer`.
    """
    write_settings(settings, folder / "config.yaml")
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # no advertisements
    device = training_device(settings.trainer["accelerator"])
    if device.type == "cpu":
        keep_freed_memory()
    allow_tf32(settings.tf32)
    pl.seed_everything(settings.seed, workers=True, verbose=False)
    trainer = build_trainer(settings, device, folder, start.steps)
    _check_processes(trainer)
    return trainer


def compiled_how(settings: RunSettings) -> dict[str, bool]:
    """What `Learner` is told of compiling: whether to, and whether with CUDA graphs."""
    device = training_device(settings.trainer["accelerator"])
    batches = settings.trainer["max_steps"] * settings.trainer["accumulate_grad_batches"]
    pixels = batches * settings.data.batch_size * settings.data.image_size**2
    return {
        "compiled": compiling_pays(settings.compile, device, pixels),
        "cuda_graphs": one_gpu(settings, device),
    }


def fit(
    trainer: pl.Trainer,
    learner: Learner,
    data: pl.LightningDataModule,
    sheets: SampleSheets,
    start: Start,
    folder: Path,
    told: str,
) -> Path | None:
    """Train until the end, or until a signal asks to stop.

    Args:
        trainer: from `prepare_trainer`.
        learner: with what it begins with.
        data: training and held-out pictures.
        sheets: what draws the sample sheets.
        start: from `starting_point`.
        folder: where the run's files go.
        told: what is learnt, from what.

    Returns:
        The last sample sheet, if there is one.

    Raises:
        UserError: for what fails on the way and a user can mend.
        SystemExit: after a signal, when all is saved.
    """
    settings = learner.settings
    signals = StopSignals()
    checkpoints = Checkpoints(folder, settings.checkpoint_every, settings.sample_every, signals)
    speed = Speed(settings.log_every, settings.data.batch_size)
    trainer.callbacks += [sheets, speed, checkpoints]  # pyright: ignore[reportAttributeAccessIssue]  # Lightning declares it nowhere
    if trainer.is_global_zero:
        log.info(
            "Learning %s%s, on %s; everything goes to %s",
            told,
            _beginning(start, settings),
            trainer.strategy.root_device,
            folder,
        )
    with warnings.catch_warnings(), training_failures(trainer, checkpoints):
        ignore_what_does_not_apply()
        try:
            trainer.fit(learner, data, ckpt_path=start.checkpoint, weights_only=True)
        except Stopped as stop:
            if trainer.is_global_zero:
                _say_stopped(stop, folder)
                signals.hand_on()
                sys.exit(128 + (stop.signum or signal.SIGTERM))
            sys.exit()  # the first process says it for all
        if trainer.global_step == start.steps < settings.trainer["max_steps"]:
            raise UserError(
                f"No step was done, as trainer.max_time={settings.trainer['max_time']} is over, "
                f"which counts the time of a resumed run too: give more."
            )
        if sheets.last_step != trainer.global_step:  # fit() did not end with a validation
            trainer.validate(learner, data, verbose=False, weights_only=True)
        if trainer.global_step == start.steps:  # all was done but, perhaps, for this
            checkpoints.export(trainer, learner)
    return sheets.last


@rank_zero_only
def say_where(sheet: Path | None, folder: Path, more: Sequence[str] = ()) -> None:
    """Print what a run has left: its last sample sheet, `more` lines, its network, its curves."""
    if sheet is not None:  # there is none with trainer.limit_val_batches=0
        print(f"sample sheet: {sheet}")
    for line in more:
        print(line)
    print(f"model:        {folder / MODEL}\nTensorBoard:  tensorboard --logdir {folder}")


def _beginning(start: Start, settings: RunSettings) -> str:
    if start.checkpoint is not None:
        return f", going on from {start.checkpoint} after step {start.steps}"
    init = settings.init or getattr(settings, "trunk", None)
    return f", beginning with the weights of {init}" if init else ""


@rank_zero_only
def _say_stopped(stop: Stopped, folder: Path) -> None:
    name = signal.Signals(stop.signum).name if stop.signum else "a signal to another process"
    print(
        f"Stopped by {name} after step {stop.step}, all of it saved: go on with resume=auto "
        f"hydra.run.dir={folder}",
        file=sys.stderr,
    )


def _check_processes(trainer: pl.Trainer) -> None:
    """Lightning starts the other processes by the same command line: each would start a sweep."""
    if trainer.world_size == 1 or not is_sweep():
        return
    assert isinstance(trainer.strategy, ParallelStrategy)
    environment = trainer.strategy.cluster_environment
    assert environment is not None
    if not environment.creates_processes_externally:
        raise UserError("A sweep trains every run in one process: set trainer.devices=1.")
