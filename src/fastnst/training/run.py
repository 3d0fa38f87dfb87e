"""One training run: from settings to a run folder with everything in it."""

import logging
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.strategies import ParallelStrategy
from pytorch_lightning.utilities import rank_zero_only

from fastnst.config import (
    AUTO,
    NoMotion,
    Settings,
    SyntheticMotion,
    is_sweep,
    write_settings,
)
from fastnst.data import PhotographData
from fastnst.losses import PerceptualLoss, build_loss_network
from fastnst.machine import (
    Stopped,
    StopSignals,
    UserError,
    allow_tf32,
    compiling_pays,
    keep_freed_memory,
)
from fastnst.motion import Ranges
from fastnst.styles import load_style_image
from fastnst.training.callbacks import SampleSheets, Speed, sheet_path
from fastnst.training.checkpoints import MODEL, Checkpoints, style_files
from fastnst.training.failures import training_failures
from fastnst.training.first_weights import first_styles, first_weights, read_teacher
from fastnst.training.resume import check_resume, checkpoint_to_resume, is_complete
from fastnst.training.step import StyleTransfer
from fastnst.training.trainer import (
    build_trainer,
    ignore_what_does_not_apply,
    one_gpu,
    training_device,
)

log = logging.getLogger(__name__)

SHEET_PHOTOGRAPHS = 4


def train(settings: Settings, folder: Path) -> None:
    """Train one style.

    Args:
        settings: the run's.
        folder: where the run's files go.

    Raises:
        UserError: for anything in the settings that cannot be had: pictures, weights, checkpoint.
        Stopped: if a signal ended the training, after saving.
    """
    checkpoint = checkpoint_to_resume(settings.resume, folder)  # before the slow parts
    if checkpoint is None:
        steps_done, weights = 0, first_weights(settings)
    else:
        (steps_done, init), weights = _check(checkpoint, settings), None
        settings = settings.model_copy(update={"init": init})  # what the run began with
    last_step = settings.trainer["max_steps"]
    sheet, model = sheet_path(folder, last_step), folder / MODEL
    results = [model, *style_files(settings, folder)]
    if checkpoint and steps_done == last_step and is_complete(sheet, results, checkpoint):
        _say_where(sheet, model, settings)
        return
    write_settings(settings, folder / "config.yaml")
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # no advertisements
    device = training_device(settings.trainer["accelerator"])
    if device.type == "cpu":
        keep_freed_memory()
    allow_tf32(settings.tf32)
    pl.seed_everything(settings.seed, workers=True, verbose=False)
    trainer = build_trainer(settings, device, folder, steps_done)
    _check_processes(trainer)
    paintings = [load_style_image(it.name, it.image, it.size) for it in settings.paintings]
    data = PhotographData(
        settings.data, settings.seed, len(paintings), motion=_ranges(settings.motion)
    )
    loss_network = build_loss_network(**settings.loss_network.model_dump(), seed=settings.seed)
    loss = PerceptualLoss(loss_network, paintings, **_loss_options(settings))
    batches = settings.trainer["max_steps"] * settings.trainer["accumulate_grad_batches"]
    pixels = batches * settings.data.batch_size * settings.data.image_size**2
    module = StyleTransfer(
        settings,
        loss,
        compiled=compiling_pays(settings.compile, device, pixels),
        cuda_graphs=one_gpu(settings, device),
        teacher=read_teacher(settings),
    )
    if weights is not None:
        module.network.load_state_dict(weights)
    named = dict(zip(module.names, paintings, strict=True))
    if settings.styles is not None or settings.trunk is not None:
        module.share_network({} if checkpoint else first_styles(settings, module.network, named))
    sheets = SampleSheets(folder, named, data.sheet_photographs(SHEET_PHOTOGRAPHS))
    signals = StopSignals()
    checkpoints = Checkpoints(folder, settings.checkpoint_every, settings.sample_every, signals)
    speed = Speed(settings.log_every, settings.data.batch_size)
    trainer.callbacks += [sheets, speed, checkpoints]  # pyright: ignore[reportAttributeAccessIssue]  # Lightning declares it nowhere
    if trainer.is_global_zero:
        log.info(
            "Learning %s on %s from %d pictures%s; everything goes to %s",
            settings.style.title,
            trainer.strategy.root_device,
            len(data.train_set),
            _beginning(checkpoint, steps_done, settings.init or settings.trunk),
            folder,
        )
    with warnings.catch_warnings(), training_failures(trainer, checkpoints):
        ignore_what_does_not_apply()
        try:
            trainer.fit(module, data, ckpt_path=checkpoint, weights_only=True)
        except Stopped as stop:
            if trainer.is_global_zero:
                _say_stopped(stop, folder)
                signals.hand_on()
                sys.exit(128 + (stop.signum or signal.SIGTERM))
            sys.exit()  # the first process says it for all
        if trainer.global_step == steps_done < last_step:
            raise UserError(
                f"No step was done, as trainer.max_time={settings.trainer['max_time']} is over, "
                f"which counts the time of a resumed run too: give more."
            )
        if sheets.last_step != trainer.global_step:  # fit() did not end with a validation
            trainer.validate(module, data, verbose=False, weights_only=True)
        if trainer.global_step == steps_done:  # all was done but, perhaps, for this
            checkpoints.export(trainer, module)
    _say_where(sheets.last, model, settings)


def _loss_options(settings: Settings) -> dict[str, Any]:
    """Arguments of `PerceptualLoss`; of many styles each has the weights that its file says."""
    options = settings.loss.perceptual()
    losses = [settings.of_style(style).loss for style in settings.paintings]
    for key in ("style_weight", "tv_weight"):
        options[key] = [getattr(loss, key) for loss in losses]
    return options


def _ranges(motion: NoMotion | SyntheticMotion) -> Ranges | None:
    if isinstance(motion, NoMotion):
        return None
    return Ranges(**motion.model_dump(include={*Ranges._fields}))


def _beginning(checkpoint: Path | None, steps: int, init: str | None) -> str:
    if checkpoint is not None:
        return f", going on from {checkpoint} after step {steps}"
    return f", beginning with the weights of {init}" if init else ""


def _check(checkpoint: Path, settings: Settings) -> tuple[int, str | None]:
    """Number of steps of a checkpoint that this run can go on from, and its `init`."""
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
    return steps, init


@rank_zero_only
def _say_where(sheet: Path | None, model: Path, settings: Settings) -> None:
    if sheet is not None:  # there is none with trainer.limit_val_batches=0
        print(f"sample sheet: {sheet}")
    for file in style_files(settings, model.parent):
        print(f"style:        {file}")
    print(f"model:        {model}\nTensorBoard:  tensorboard --logdir {model.parent}")


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
