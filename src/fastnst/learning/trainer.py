"""Lightning's Trainer as this program uses it."""

import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.loggers import TensorBoardLogger

from fastnst.config import RunSettings
from fastnst.learning.callbacks import ProgressBar
from fastnst.learning.checkpoint_files import CheckpointFiles
from fastnst.machine import UserError, choose_device, computes_bf16


def training_device(accelerator: str) -> torch.device:
    """What Lightning will take, as far as speed depends on it."""
    if accelerator in ("auto", "gpu"):
        return choose_device("auto")
    return torch.device(accelerator if accelerator in ("cuda", "mps") else "cpu")


def one_gpu(settings: RunSettings, device: torch.device) -> bool:
    """Whether each step is one batch on one GPU, which is what CUDA graphs are used for."""
    trainer = settings.trainer
    asked = trainer["devices"]
    devices = torch.cuda.device_count() if asked in ("auto", -1) else asked
    alone = devices == 1 or (isinstance(devices, list) and len(devices) == 1)
    # DDP would put its own work in between, even for one
    alone = alone and trainer["num_nodes"] == 1 and trainer["strategy"] == "auto"
    return device.type == "cuda" and alone and trainer["accumulate_grad_batches"] == 1


def build_trainer(
    settings: RunSettings, device: torch.device, folder: Path, steps_done: int
) -> pl.Trainer:
    """Make the Trainer of a run.

    Args:
        settings: the run's.
        device: what it trains on.
        folder: for what it writes.
        steps_done: by the checkpoint that it goes on from; curves go on there as well.

    Raises:
        UserError: if Lightning refuses any of the settings in `trainer`.
    """
    options: dict[str, Any] = dict(settings.trainer)
    if options["precision"] == "auto":
        options["precision"] = "bf16-mixed" if computes_bf16(device) else "32-true"
    callbacks: list[pl.Callback] = []
    if options["enable_progress_bar"]:
        callbacks.append(ProgressBar(settings.label, settings.log_every))
    # what a killed run had logged after its checkpoint comes again
    purge: dict[str, Any] = {"purge_step": steps_done + 1} if steps_done else {}
    try:
        return pl.Trainer(
            default_root_dir=folder,
            logger=TensorBoardLogger(folder, name="", version="", default_hp_metric=False, **purge),
            callbacks=callbacks,
            plugins=[CheckpointFiles()],
            enable_checkpointing=False,  # Checkpoints does it
            # Lightning counts batches here
            val_check_interval=settings.sample_every * settings.trainer["accumulate_grad_batches"],
            check_val_every_n_epoch=None,  # by steps alone: there are no epochs
            log_every_n_steps=settings.log_every,
            gradient_clip_val=settings.optimizer.clip,
            use_distributed_sampler=False,  # EndlessShuffle shares the batches out itself
            **options,
        )
    except (ValueError, TypeError, RuntimeError, MisconfigurationException) as error:
        raise UserError(f"Lightning's Trainer refuses the trainer settings: {error}") from error


def build_short_trainer(
    folder: Path,
    device: torch.device,
    callbacks: list[pl.Callback],
    *,
    max_steps: int,
    clip: float,
    log_every: int,
    sample_every: int,
) -> pl.Trainer:
    """Make the Trainer of what is trained in one go, without checkpoints, by one process.

    Args:
        folder: for its curves.
        device: what it trains on.
        callbacks: all that it has.
        max_steps: length of the training.
        clip: largest norm of the gradient.
        log_every, sample_every: steps between two values, and between two validations.
    """
    return pl.Trainer(
        default_root_dir=folder,
        logger=TensorBoardLogger(folder, name="", version="", default_hp_metric=False),
        callbacks=callbacks,
        enable_checkpointing=False,
        enable_model_summary=False,
        max_steps=max_steps,
        accelerator=device.type,
        devices=1,
        precision="bf16-mixed" if computes_bf16(device) else "32-true",
        gradient_clip_val=clip,
        num_sanity_val_steps=0,
        val_check_interval=sample_every,
        check_val_every_n_epoch=None,
        log_every_n_steps=log_every,
        use_distributed_sampler=False,
    )


def ignore_what_does_not_apply() -> None:
    """Silence Lightning's warnings about what is so on purpose."""
    for message in (
        "You're resuming from a checkpoint that ended before",  # EndlessShuffle does resume
        r"Found \d+ module\(s\) in eval mode",  # the loss network, on purpose
        r"The number of training batches \(\d+\) is smaller than the logging interval",
        ".*does not have many workers",  # none for the few held-out pictures
        "It is recommended to use .*sync_dist",  # all processes validate on the same pictures
        "Be aware that when using `ckpt_path`, callbacks used",  # max_time may have been taken off
        # https://github.com/Lightning-AI/pytorch-lightning/issues/21326
        r"`isinstance\(treespec, LeafSpec\)` is deprecated",
    ):
        warnings.filterwarnings("ignore", message=message)
