"""What one step of any training run is, beside the loss that is minimised."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from fastnst.config import RunSettings
from fastnst.learning.finite import RunningStatistics, SkippedSteps, is_finite, leave_out
from fastnst.learning.optimizers import build_optimizer, fused, set_learning_rate
from fastnst.machine import Compiled


class Learner(pl.LightningModule):
    """Trains a network; what it has to learn is said by the class that is made of this one.

    Its checkpoints hold what is trained, and the settings, as plain types.

    Args:
        settings: the run's.
        network: to train.
        compiled: whether the training step goes through `torch.compile`.
        cuda_graphs: whether it is then replayed as a CUDA graph; for one GPU and one batch a step.

    Attributes:
        shown: names of the terms that the progress bar shows.
    """

    shown: tuple[str, ...] = ("total",)

    def __init__(
        self,
        settings: RunSettings,
        network: nn.Module,
        compiled: bool = False,
        cuda_graphs: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(settings.model_dump(), logger=False)  # config.yaml has them
        self.settings = settings
        self.network = network
        # a function is compiled, not a module: no name in a checkpoint changes
        self._train_terms = Compiled(self._terms, cuda_graphs) if compiled else self._terms
        self._cuda_graphs = compiled and cuda_graphs
        self.skipped = SkippedSteps()
        self._running = RunningStatistics(network)
        self._finite = True  # the losses of this step so far

    def _terms(self, *batch: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and its terms for each picture, `(N,)`, without gradients."""
        raise NotImplementedError

    def by_group(self, terms: dict[str, Tensor], batch: tuple[Tensor, ...]) -> dict[str, float]:
        """What else is logged of a step, such as means over some of the pictures, by its place."""
        return {}

    def write_results(self, model: Path) -> None:
        """Write what is to be used: `model.safetensors`, and whatever else lies beside it."""
        raise NotImplementedError

    def training_step(self, batch: tuple[Tensor, ...], batch_idx: int) -> Tensor:
        if self._cuda_graphs:  # the last gradients lie where the graph is about to write
            self.zero_grad()
        self._running.keep()
        total, terms = self._train_terms(*batch)
        # here and not when the step is taken: then a GPU would have to finish its gradients first
        self._finite = self._finite and is_finite(total)
        last = (batch_idx + 1) % self.trainer.accumulate_grad_batches == 0  # of the step
        if last and (self.global_step + 1) % self.settings.log_every == 0:  # it costs time
            self._log_step(terms, batch)
        return total

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        # all processes of a run leave a step out, or none
        finite = self.trainer.strategy.reduce_boolean_decision(self._finite)
        self._finite = True
        if not finite:
            leave_out(optimizer, getattr(self.trainer.precision_plugin, "scaler", None))
        self._running.end_step(finite)
        self.skipped.note(finite)

    def _log_step(self, terms: dict[str, Tensor], batch: tuple[Tensor, ...]) -> None:
        """Means over all processes. Not left to `self.log`, which writes after the checkpoint of
        this step: a run that is killed in between would have a gap in its curves."""
        reduce = self.trainer.strategy.reduce
        means = reduce(torch.stack([values.mean() for values in terms.values()])).tolist()
        named = {f"train/{name}": value for name, value in zip(terms, means, strict=True)}
        named |= self.by_group(terms, batch)
        for logger in self.loggers:
            skipped = {"train/skipped_steps": float(self.skipped.total)}
            logger.log_metrics(named | skipped, self.global_step + 1)
        shown = {f"train/{name}": named[f"train/{name}"] for name in self.shown}
        self.log_dict(shown, prog_bar=True, logger=False)

    def log_held_out(self, terms: dict[str, Tensor]) -> None:
        """Means of a validation batch; the sheets' callback writes them to the curves, at its
        step."""
        for name, values in terms.items():
            shown, count = name in self.shown, len(values)
            self.log(f"val/{name}", values.mean(), prog_bar=shown, logger=False, batch_size=count)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["skipped_steps"] = self.skipped.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if "skipped_steps" in checkpoint:  # the first checkpoints had none
            self.skipped.restore(checkpoint["skipped_steps"])
        # Lightning counts batches, of which steps may have had another number
        progress = checkpoint["loops"]["fit_loop"]["epoch_loop.batch_progress"]
        whole = checkpoint["global_step"] * self.trainer.accumulate_grad_batches
        for counts in (progress["current"], progress["total"]):
            off = whole - counts["ready"]
            counts.update({kind: count + off for kind, count in counts.items()})
        for state in checkpoint["optimizer_states"]:
            state["param_groups"][0]["fused"] = fused(self.settings.optimizer)

    def on_train_start(self) -> None:
        found = [config.scheduler for config in self.trainer.lr_scheduler_configs]
        schedules = [schedule for schedule in found if isinstance(schedule, LambdaLR)]
        set_learning_rate(self.trainer.optimizers[0], schedules, self.settings.optimizer.lr)

    def trained(self) -> list[nn.Parameter]:
        """What the optimizer changes."""
        return [weights for weights in self.parameters() if weights.requires_grad]

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return build_optimizer(self.trained(), self.settings.optimizer, self.trainer.max_steps)
