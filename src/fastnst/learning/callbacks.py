"""What a training run writes beside its losses: sample sheets, its speed, its progress."""

import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from PIL import Image
from pytorch_lightning.callbacks import Callback, TQDMProgressBar
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities.types import STEP_OUTPUT

from fastnst.images import to_tensor, write_image


def sheet_path(folder: Path, step: int) -> Path:
    """Of the sample sheet of a run after so many steps."""
    return folder / "samples" / f"step_{step:06d}.png"


class SampleSheets(Callback):
    """After each validation writes its losses to TensorBoard, and a sheet of pictures that shows
    what was learnt, there and to `samples/step_<n>.png`.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.last: Path | None = None
        self.last_step = -1

    def draw(self, module: pl.LightningModule) -> Image.Image:
        """The sheet."""
        raise NotImplementedError

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            return
        self.last_step = trainer.global_step
        if not trainer.is_global_zero:
            return
        with torch.no_grad():
            sheet = self.draw(pl_module)
        self.last = sheet_path(self.folder, self.last_step)
        write_image(sheet, self.last)
        assert isinstance(trainer.logger, TensorBoardLogger)
        trainer.logger.experiment.add_image("samples", to_tensor(sheet), self.last_step)
        # not left to Lightning, which numbers them from 0 while it trains and from 1 afterwards
        metrics = trainer.callback_metrics.items()
        losses = {name: value.item() for name, value in metrics if name.startswith("val")}
        trainer.logger.log_metrics(losses, self.last_step)


class Speed(Callback):
    """Logs `train/images_per_second` over all processes, validation and saving left out.

    Args:
        every: steps between measurements.
        batch_size: images per batch of one process.
    """

    def __init__(self, every: int, batch_size: int) -> None:
        self.every, self.batch_size = every, batch_size
        self.batches, self.seconds, self.started, self.step = 0, 0.0, 0.0, 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.step = trainer.global_step

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        # from the end of the batch before, so that waiting for data counts
        self.started = self.started or time.perf_counter()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Any,
        batch_idx: int,
    ) -> None:
        now = time.perf_counter()
        self.batches, self.seconds = self.batches + 1, self.seconds + now - self.started
        self.started = now
        if trainer.global_step % self.every == 0 and trainer.global_step != self.step:
            self.step = trainer.global_step
            images = self.batches * self.batch_size * trainer.world_size
            for logger in trainer.loggers:  # before the checkpoint, see Learner
                logger.log_metrics({"train/images_per_second": images / self.seconds}, self.step)
            self.batches, self.seconds = 0, 0.0

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.started = 0.0


class ProgressBar(TQDMProgressBar):
    """Lightning's bar, named after what is learnt: the whole training is one endless epoch.

    Args:
        name: of what is learnt.
        every: steps between redraws; a redraw waits for the accelerator to have the losses.
    """

    def __init__(self, name: str, every: int) -> None:
        super().__init__(refresh_rate=every)
        self.name = name

    def on_train_start(self, *args: Any) -> None:
        super().on_train_start(*args)
        trainer = self.trainer
        self.train_progress_bar.reset(trainer.max_steps * trainer.accumulate_grad_batches)
        self.train_progress_bar.set_description(self.name)
        # a resumed run's speed and time left count its own batches alone
        self.train_progress_bar.initial = trainer.global_step * trainer.accumulate_grad_batches

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Any,
        batch_idx: int,
    ) -> None:
        # Lightning's own number begins anew where a finished run is made longer
        done = trainer.fit_loop.total_batch_idx
        super().on_train_batch_end(trainer, pl_module, outputs, batch, done)

    def on_train_epoch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Keep the bar as it is: Lightning would name it after the epoch."""
