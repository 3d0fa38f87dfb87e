"""What one training step is."""

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from fastnst.config import Settings
from fastnst.losses import PerceptualLoss
from fastnst.machine import Compiled
from fastnst.networks import build_network
from fastnst.training.finite import SkippedSteps, is_finite
from fastnst.training.optimizers import build_optimizer, set_learning_rate

SHOWN = ("total", "content", "style")  # by the progress bar


class StyleTransfer(pl.LightningModule):
    """Trains a transformation network against a perceptual loss (Johnson et al. 2016).

    Its checkpoints hold the transformation network and the settings, as plain types.

    Args:
        settings: the run's settings.
        loss: the perceptual loss with the style already in it.
        compiled: whether the training step goes through `torch.compile`.
        cuda_graphs: whether it is then replayed as a CUDA graph; for one GPU and one batch a step.
    """

    def __init__(
        self,
        settings: Settings,
        loss: PerceptualLoss,
        compiled: bool = False,
        cuda_graphs: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(settings.model_dump(), logger=False)  # config.yaml has them
        self.settings = settings
        self.network = build_network(settings.network.model_dump())
        self.loss = loss
        # a function is compiled, not a module: no name in a checkpoint changes
        self._train_terms = Compiled(self._terms, cuda_graphs) if compiled else self._terms
        self._cuda_graphs = compiled and cuda_graphs
        self.skipped = SkippedSteps()
        self._finite = True  # the losses of this step so far

    def forward(self, photographs: Tensor) -> Tensor:
        """Stylize `(N, 3, H, W)` in [0, 1]."""
        return self.network(photographs)

    def _terms(self, photographs: Tensor) -> dict[str, Tensor]:
        terms = self.loss(self.network(photographs), photographs)
        # a compiled step would be given a zero gradient for each of the others
        return {name: term if name == "total" else term.detach() for name, term in terms.items()}

    def training_step(self, photographs: Tensor, batch_idx: int) -> Tensor:
        if self._cuda_graphs:  # the last gradients lie where the graph is about to write
            self.network.zero_grad()
        terms = self._train_terms(photographs)
        # here and not when the step is taken: then a GPU would have to finish its gradients first
        self._finite = self._finite and is_finite(terms["total"])
        last = (batch_idx + 1) % self.trainer.accumulate_grad_batches == 0  # of the step
        if last and (self.global_step + 1) % self.settings.log_every == 0:  # it costs time
            self._log_step(terms)
        return terms["total"]

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        # all processes of a run leave a step out, or none
        finite = self.trainer.strategy.reduce_boolean_decision(self._finite)
        self._finite = True
        if not finite:
            optimizer.zero_grad(set_to_none=True)  # without gradients nothing changes
        self.skipped.note(finite)

    def validation_step(self, photographs: Tensor, batch_idx: int) -> None:
        for name, value in self._terms(photographs).items():
            # SampleSheets writes it to the curves, at its step
            shown, count = name in SHOWN, len(photographs)
            self.log(f"val/{name}", value, prog_bar=shown, logger=False, batch_size=count)

    def _log_step(self, terms: dict[str, Tensor]) -> None:
        """Means over all processes. Not left to `self.log`, which writes after the checkpoint of
        this step: a run that is killed in between would have a gap in its curves."""
        means = self.trainer.strategy.reduce(torch.stack([*terms.values()]).detach()).tolist()
        named = {f"train/{name}": value for name, value in zip(terms, means, strict=True)}
        for logger in self.loggers:
            skipped = {"train/skipped_steps": float(self.skipped.total)}
            logger.log_metrics(named | skipped, self.global_step + 1)
        shown = {f"train/{name}": named[f"train/{name}"] for name in SHOWN}
        self.log_dict(shown, prog_bar=True, logger=False)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["skipped_steps"] = self.skipped.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        if "skipped_steps" in checkpoint:  # the first checkpoints had none
            self.skipped.restore(checkpoint["skipped_steps"])

    def on_train_start(self) -> None:
        found = [config.scheduler for config in self.trainer.lr_scheduler_configs]
        schedules = [schedule for schedule in found if isinstance(schedule, LambdaLR)]
        set_learning_rate(self.trainer.optimizers[0], schedules, self.settings.optimizer.lr)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return build_optimizer(
            self.network.parameters(), self.settings.optimizer, self.trainer.max_steps
        )
