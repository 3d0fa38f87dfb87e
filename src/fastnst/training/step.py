"""What one training step is."""

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from fastnst.config import Settings
from fastnst.losses import PerceptualLoss, TeacherLoss, TemporalLoss
from fastnst.machine import Compiled
from fastnst.networks import build_network, paint_styles, share_convolutions, style_of
from fastnst.training.finite import SkippedSteps, is_finite
from fastnst.training.optimizers import build_optimizer, set_learning_rate

SHOWN = ("total", "content", "style")  # by the progress bar


class StyleTransfer(pl.LightningModule):
    """Trains a transformation network against a perceptual loss (Johnson et al. 2016).

    Its checkpoints hold the transformation network, the numbers of styles that share it, and the
    settings, as plain types.

    Args:
        settings: the run's settings.
        loss: the perceptual loss with the style already in it.
        compiled: whether the training step goes through `torch.compile`.
        cuda_graphs: whether it is then replayed as a CUDA graph; for one GPU and one batch a step.
        teacher: the distance from what another network paints, if there is one.
    """

    def __init__(
        self,
        settings: Settings,
        loss: PerceptualLoss,
        compiled: bool = False,
        cuda_graphs: bool = False,
        teacher: TeacherLoss | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(settings.model_dump(), logger=False)  # config.yaml has them
        self.settings = settings
        self.network = build_network(settings.network.model_dump())
        self.loss = loss
        self.teacher = teacher
        self.temporal = TemporalLoss(settings.loss.measure, settings.loss.temporal_weight)
        self.names = [style.name for style in settings.paintings]
        # of styles that share the network, `(S, K)`, see `fastnst.networks.conditional`
        self.styles: nn.Parameter | None = None
        # a function is compiled, not a module: no name in a checkpoint changes
        self._train_terms = Compiled(self._terms, cuda_graphs) if compiled else self._terms
        self._cuda_graphs = compiled and cuda_graphs
        self.skipped = SkippedSteps()
        self._finite = True  # the losses of this step so far

    def share_network(self, styles: Mapping[str, Tensor]) -> None:
        """Give each style numbers of its own: with `settings.trunk` they are all that is trained,
        else the convolutions too, which they share.

        Args:
            styles: `(K,)` each, what styles begin with, by name; others as the network paints now.
        """
        if self.settings.trunk is not None:
            self.network.requires_grad_(False)
        share_convolutions(self.network)
        now = style_of(self.network)
        self.styles = nn.Parameter(torch.stack([styles.get(name, now) for name in self.names]))

    def forward(self, photographs: Tensor, styles: Tensor) -> Tensor:
        """Stylize `(N, 3, H, W)` in [0, 1], each in the style of its number, `(N,)`."""
        if self.styles is None:
            return self.network(photographs)
        return paint_styles(self.network, photographs, self.styles[styles])

    def _terms(
        self, photographs: Tensor, styles: Tensor, *motion: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss, and its terms for each picture; `motion` is the rest of `Frames`, if any."""
        target = self.loss.content_target(photographs)
        if motion:
            second, *moved = motion
            painted = self(torch.cat((photographs, second)), styles.repeat(2))
            first, later = painted.chunk(2)
            further = self.temporal(first, later, *moved)
        else:
            first, further = self(photographs, styles), {}
        terms = self.loss.each(first, target, styles)
        if self.teacher is not None:
            further |= self.teacher(first, photographs, styles)
        for name, values in further.items():
            if name.startswith("weighted_"):
                terms["total"] = terms["total"] + values
        terms |= further
        # a compiled step would be given a zero gradient for each of the others
        return terms["total"].mean(), {name: term.detach() for name, term in terms.items()}

    def training_step(self, batch: tuple[Tensor, ...], batch_idx: int) -> Tensor:
        if self._cuda_graphs:  # the last gradients lie where the graph is about to write
            self.zero_grad()
        total, terms = self._train_terms(*batch)
        # here and not when the step is taken: then a GPU would have to finish its gradients first
        self._finite = self._finite and is_finite(total)
        last = (batch_idx + 1) % self.trainer.accumulate_grad_batches == 0  # of the step
        if last and (self.global_step + 1) % self.settings.log_every == 0:  # it costs time
            self._log_step(terms, batch[1])
        return total

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        # all processes of a run leave a step out, or none
        finite = self.trainer.strategy.reduce_boolean_decision(self._finite)
        self._finite = True
        if not finite:
            optimizer.zero_grad(set_to_none=True)  # without gradients nothing changes
        self.skipped.note(finite)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        _, terms = self._terms(*batch)
        for name, values in terms.items():
            # SampleSheets writes it to the curves, at its step
            shown, count = name in SHOWN, len(values)
            self.log(f"val/{name}", values.mean(), prog_bar=shown, logger=False, batch_size=count)
        if len(self.names) > 1:
            for row, style in enumerate(batch[1].tolist()):
                for name in SHOWN:
                    place = f"val_{name}/{self.names[style]}"
                    self.log(place, terms[name][row], logger=False, batch_size=1)

    def _log_step(self, terms: dict[str, Tensor], styles: Tensor) -> None:
        """Means over all processes. Not left to `self.log`, which writes after the checkpoint of
        this step: a run that is killed in between would have a gap in its curves."""
        reduce = self.trainer.strategy.reduce
        means = reduce(torch.stack([values.mean() for values in terms.values()])).tolist()
        named = {f"train/{name}": value for name, value in zip(terms, means, strict=True)}
        if len(self.names) > 1:
            named |= self._by_style(terms, styles)
        for logger in self.loggers:
            skipped = {"train/skipped_steps": float(self.skipped.total)}
            logger.log_metrics(named | skipped, self.global_step + 1)
        shown = {f"train/{name}": named[f"train/{name}"] for name in SHOWN}
        self.log_dict(shown, prog_bar=True, logger=False)

    def _by_style(self, terms: dict[str, Tensor], styles: Tensor) -> dict[str, float]:
        """Means of each style that is in this step."""
        rows = torch.stack([torch.ones_like(terms["total"]), *(terms[name] for name in SHOWN)], 1)
        sums = rows.new_zeros(len(self.names), rows.shape[1]).index_add(0, styles, rows)
        counts, *found = self.trainer.strategy.reduce(sums, reduce_op="sum").T.tolist()
        return {
            f"train_{name}/{style}": value / count
            for name, values in zip(SHOWN, found, strict=True)
            for style, value, count in zip(self.names, values, counts, strict=True)
            if count
        }

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
        trained = [weights for weights in self.parameters() if weights.requires_grad]
        return build_optimizer(trained, self.settings.optimizer, self.trainer.max_steps)
