"""What one step of training the predictor is."""

from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

from fastnst.losses import PerceptualLoss
from fastnst.machine import Compiled
from fastnst.networks import TransformationNetwork, paint_styles
from fastnst.prediction import Predictor
from fastnst.training import rise_and_fall

WARM_UP = 50  # steps
WEIGHT_DECAY = 0.01
SHOWN = ("total", "content", "style")


class Lesson(nn.Module):
    """Paintings as a predictor sees them, and as its loss does.

    Args:
        statistics: `(S, F)`.
        loss: with these S style images.
    """

    statistics: Tensor

    def __init__(self, statistics: Tensor, loss: PerceptualLoss) -> None:
        super().__init__()
        self.loss = loss
        self.register_buffer("statistics", statistics, persistent=False)


class PredictorTraining(pl.LightningModule):
    """Trains a predictor: pictures are painted in the styles that it predicts, and the loss is that
    of training a network.

    Args:
        network: that the styles are for; it stays as it is.
        predictor: with its first weights.
        learnt, tried: paintings to learn from, and to try.
        lr: largest learning rate, of Adam.
        compiled: whether the step goes through `torch.compile`.
    """

    def __init__(
        self,
        network: TransformationNetwork,
        predictor: Predictor,
        learnt: Lesson,
        tried: Lesson,
        lr: float,
        compiled: bool,
    ) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.predictor, self.learnt, self.tried, self.lr = predictor, learnt, tried, lr
        self._train_terms = Compiled(self._terms) if compiled else self._terms

    def _terms(
        self, photographs: Tensor, statistics: Tensor, styles: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        return self._lesson_terms(self.learnt, photographs, statistics, styles)

    def _lesson_terms(
        self, lesson: Lesson, photographs: Tensor, statistics: Tensor, styles: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        numbers = self.predictor(statistics)
        painted = paint_styles(self.network, photographs, numbers)
        terms = lesson.loss.each(painted, lesson.loss.content_target(photographs), styles)
        # the logarithm, as the loss of a dark or pale painting can be twenty times that of another
        return terms["total"].log().mean(), [terms[name].mean().detach() for name in SHOWN]

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        photographs, styles = batch
        loss, means = self._train_terms(photographs, self.learnt.statistics[styles], styles)
        every: int = self.trainer.log_every_n_steps  # pyright: ignore[reportAttributeAccessIssue]  # Lightning declares it nowhere
        if (batch_idx + 1) % every == 0:
            self._log_means("train", means)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        photographs, styles = batch
        seen = self.tried.statistics[styles]
        _, means = self._lesson_terms(self.tried, photographs, seen, styles)
        self._log_means("val", means, batch_size=len(photographs))

    def _log_means(self, when: str, means: Sequence[Tensor], **how: Any) -> None:
        for name, mean in zip(SHOWN, means, strict=True):
            self.log(f"{when}/{name}", mean, prog_bar=when == "train", **how)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = torch.optim.AdamW(
            self.predictor.parameters(), lr=self.lr, weight_decay=WEIGHT_DECAY
        )
        return rise_and_fall(optimizer, WARM_UP, self.trainer.max_steps)
