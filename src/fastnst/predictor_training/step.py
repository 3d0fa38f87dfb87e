"""What one step of training the predictor is."""

from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

from fastnst.learning import rise_and_fall
from fastnst.losses import PerceptualLoss
from fastnst.machine import Compiled
from fastnst.networks import TransformationNetwork, paint_styles, rows_of, share_convolutions
from fastnst.prediction import Predictor

WARM_UP = 50  # steps
WEIGHT_DECAY = 0.01
SHOWN = ("total", "content", "style")


class Lesson(nn.Module):
    """Paintings as a predictor sees them, and as its loss does.

    Args:
        statistics: `(P, F)`.
        loss: with the style images of S styles that have numbers of their own, then of these P.
    """

    statistics: Tensor

    def __init__(self, statistics: Tensor, loss: PerceptualLoss) -> None:
        super().__init__()
        self.loss = loss
        self.register_buffer("statistics", statistics, persistent=False)


class PredictorTraining(pl.LightningModule):
    """Trains a predictor: pictures are painted in the styles that it predicts, and the loss is that
    of training a network.

    With styles that have numbers of their own, the first half of each batch is painted in these,
    and they and the network learn too.

    Args:
        network: that the styles are for.
        predictor: with its first weights.
        learnt, tried: paintings to learn from, and to try.
        styles: `(S, K)`, what the numbers of these styles begin with; None: the network stays as it
            is.
        lr: largest learning rate, of Adam.
        compiled: whether the step goes through `torch.compile`.
    """

    def __init__(
        self,
        network: TransformationNetwork,
        predictor: Predictor,
        learnt: Lesson,
        tried: Lesson,
        styles: Tensor | None,
        lr: float,
        compiled: bool,
    ) -> None:
        super().__init__()
        self.network = network.requires_grad_(styles is not None)
        share_convolutions(self.network)
        self.styles = None if styles is None else nn.Parameter(styles)
        self.predictor, self.learnt, self.tried, self.lr = predictor, learnt, tried, lr
        self._train_terms = Compiled(self._terms) if compiled else self._terms

    def _terms(
        self, photographs: Tensor, paintings: Tensor, own: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """Of photographs in the styles of `own`, then in those of `paintings`, by their numbers."""
        numbers = self.predictor(self.learnt.statistics[paintings])
        if self.styles is None:
            return self._errors(self.learnt, photographs, numbers, paintings)
        aims = torch.cat([own, paintings + len(self.styles)])
        numbers = torch.cat([rows_of(self.styles, own), numbers.to(self.styles)])
        return self._errors(self.learnt, photographs, numbers, aims)

    def _errors(
        self, lesson: Lesson, photographs: Tensor, numbers: Tensor, aims: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        painted = paint_styles(self.network, photographs, numbers)
        terms = lesson.loss.each(painted, lesson.loss.content_target(photographs), aims)
        # the logarithm, as the loss of a dark or pale painting can be twenty times that of another
        return terms["total"].log().mean(), [terms[name].detach() for name in SHOWN]

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        photographs, paintings = batch
        half = 0 if self.styles is None else len(photographs) // 2
        own = paintings[:half] if self.styles is None else paintings[:half] % len(self.styles)
        loss, terms = self._train_terms(photographs, paintings[half:], own)
        every: int = self.trainer.log_every_n_steps  # pyright: ignore[reportAttributeAccessIssue]  # Lightning declares it nowhere
        if (batch_idx + 1) % every == 0:
            self._log_means("train", [values[half:] for values in terms])
            if half:
                self._log_means("own", [values[:half] for values in terms])
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        photographs, paintings = batch
        numbers = self.predictor(self.tried.statistics[paintings])
        _, terms = self._errors(self.tried, photographs, numbers, paintings)
        self._log_means("val", terms, batch_size=len(photographs))

    def _log_means(self, when: str, terms: Sequence[Tensor], **how: Any) -> None:
        for name, values in zip(SHOWN, terms, strict=True):
            self.log(f"{when}/{name}", values.mean(), prog_bar=when == "train", **how)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        predictor = {*self.predictor.parameters()}
        rest = [weights for weights in self.parameters() if weights.requires_grad]
        groups = [
            {"params": [*predictor], "weight_decay": WEIGHT_DECAY},
            {"params": [weights for weights in rest if weights not in predictor]},
        ]
        optimizer = torch.optim.AdamW(groups, lr=self.lr, weight_decay=0)
        return rise_and_fall(optimizer, WARM_UP, self.trainer.max_steps)
