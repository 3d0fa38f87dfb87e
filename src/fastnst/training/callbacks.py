"""What a training run writes beside its losses: sample sheets, its speed, its progress."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, TQDMProgressBar
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities.types import STEP_OUTPUT
from torch import Tensor

from fastnst.images import to_image, to_tensor, write_image
from fastnst.training.sheet import draw_sheet, draw_styles_sheet


def sheet_path(folder: Path, step: int) -> Path:
    """Of the sample sheet of a run after so many steps."""
    return folder / "samples" / f"step_{step:06d}.png"


class SampleSheets(Callback):
    """After each validation writes its losses to TensorBoard, and a sheet of the style pictures and
    a few photographs with their stylizations, there and to `samples/step_<n>.png`.

    Args:
        folder: the run's.
        styles: the style pictures by name, `(1, 3, H, W)` each.
        photographs: `(N, 3, S, S)`, held-out photographs.
    """

    def __init__(self, folder: Path, styles: Mapping[str, Tensor], photographs: Tensor) -> None:
        self.folder = folder
        self.styles = {name: to_image(style[0]) for name, style in styles.items()}
        # blobs, the vice of these networks, show first where there is nothing to paint
        self.photographs = torch.cat([photographs, torch.full_like(photographs[:1], 0.5)])
        self.last: Path | None = None
        self.last_step = -1

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            return
        self.last_step = trainer.global_step
        if not trainer.is_global_zero:
            return
        device, dtype = pl_module.device, cast(torch.dtype, pl_module.dtype)
        numbers = torch.arange(len(self.styles), device=device)
        with torch.no_grad():
            # one at a time: a sheet shall not need more memory than training does
            painted = [
                [to_image(pl_module(photograph, style)[0]) for style in numbers.split(1)]
                for photograph in self.photographs.to(device, dtype).split(1)
            ]
        photographs = [to_image(photograph) for photograph in self.photographs]
        if len(self.styles) == 1:
            (style,) = self.styles.values()
            sheet = draw_sheet(style, photographs, [row[0] for row in painted])
        else:
            sheet = draw_styles_sheet(self.styles, photographs, painted)
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
            for logger in trainer.loggers:  # before the checkpoint, see StyleTransfer
                logger.log_metrics({"train/images_per_second": images / self.seconds}, self.step)
            self.batches, self.seconds = 0, 0.0

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.started = 0.0


class ProgressBar(TQDMProgressBar):
    """Lightning's bar, named after the style: the whole training is one endless epoch.

    Args:
        style: its name.
        every: steps between redraws; a redraw waits for the accelerator to have the losses.
    """

    def __init__(self, style: str, every: int) -> None:
        super().__init__(refresh_rate=every)
        self.style = style

    def on_train_start(self, *args: Any) -> None:
        super().on_train_start(*args)
        trainer = self.trainer
        self.train_progress_bar.reset(trainer.max_steps * trainer.accumulate_grad_batches)
        self.train_progress_bar.set_description(self.style)
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
