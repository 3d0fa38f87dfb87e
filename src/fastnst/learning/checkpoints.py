"""When a training run saves: every so many steps, when it is asked to stop, and at the end."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities.types import STEP_OUTPUT

from fastnst.learning.checkpoint_files import FOLDER, LAST
from fastnst.learning.finite import NotFinite
from fastnst.learning.learner import Learner
from fastnst.learning.random_states import random_states, restore
from fastnst.machine import Stopped, StopSignals, remove_leftovers

MODEL = "model.safetensors"


class Checkpoints(Callback):
    """Keeps `checkpoints/last.ckpt` and the one before; when the training ends or is asked to, also
    `model.safetensors`, which is all that using it needs.

    Args:
        folder: the run's.
        every: steps between checkpoints.
        sample_every: steps between validations.
        signals: which ask the training to stop.
    """

    def __init__(self, folder: Path, every: int, sample_every: int, signals: StopSignals) -> None:
        self.last = folder / FOLDER / LAST
        self.model = folder / MODEL
        self.every, self.sample_every, self.signals = every, sample_every, signals
        self.step = self.saved_step = 0
        self._overdue = self._stopping = self._time_over = False
        self._random: dict[str, Any] | None = None

    def state_dict(self) -> dict[str, Any]:
        return {"random": random_states()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._random = state_dict["random"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.step = self.saved_step = trainer.global_step
        if trainer.is_global_zero:
            for path in (self.last, self.model):
                remove_leftovers(path)
        self.signals.install()  # not before: Lightning has just put its own in their place

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self._random is not None:  # what came before, such as starting loaders, drew from them
            restore(self._random)
            self._random = None

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: STEP_OUTPUT,
        batch: Any,
        batch_idx: int,
    ) -> None:
        self._time_over |= trainer.should_stop
        within = trainer.global_step == self.step  # the batch only added to the gradient
        trainer.should_stop = self._time_over and not within  # a step is ended first
        if within:
            return
        self.step = trainer.global_step
        # all processes, or they would wait for each other for ever
        caught = self.signals.caught > 0
        self._stopping = trainer.strategy.reduce_boolean_decision(caught, all=False)
        # with the time over Lightning validates once more, which draws from chance: before that
        ends = self.step == trainer.max_steps or self._time_over
        self._overdue |= self.step % self.every == 0 or ends
        # a run that goes on from here does not validate here again
        if not (trainer.enable_validation and self.step % self.sample_every == 0):
            self._end_step(trainer, pl_module)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._end_step(trainer, pl_module)

    def _end_step(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        assert isinstance(module, Learner)
        # weights whose loss is no number may be the beginning of the end: rather those before
        if self._stopping or (self._overdue and not module.skipped.row):
            self._save(trainer, module)
        if self._stopping:
            self.export(trainer, module)
            raise Stopped(self.signals.caught, self.step)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, Learner)
        self.signals.remove()
        if self.step != self.saved_step:  # the last one was left out, as its loss was no number
            self._save(trainer, pl_module)
        self.export(trainer, pl_module)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self.signals.remove()

    def export(self, trainer: pl.Trainer, module: Learner) -> None:
        """Write what is to be used, in one process."""
        if trainer.is_global_zero:
            module.write_results(self.model)

    def _save(self, trainer: pl.Trainer, module: Learner) -> None:
        kept = *module.trained(), *module.network.buffers()  # running statistics
        if not all(values.isfinite().all() for values in kept):
            raise NotFinite(f"After step {self.step} the weights are no finite numbers")
        for logger in trainer.loggers:  # curves reach as far as the checkpoint
            assert isinstance(logger, TensorBoardLogger)
            logger.experiment.flush()
        trainer.save_checkpoint(self.last)
        self.saved_step, self._overdue = self.step, False
