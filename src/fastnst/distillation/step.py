"""What one step of distilling the compact loss network is."""

from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor

from fastnst.distillation.student import Student
from fastnst.distillation.trial_painter import TrialPainter
from fastnst.distillation.varied_pictures import Painted, choose, crops, crops_of_any_size, vary
from fastnst.learning import rise_and_fall
from fastnst.losses import (
    EXPOSED,
    LossNetwork,
    gram_matrix,
    relative_feature_loss,
    relative_style_loss,
)
from fastnst.machine import Compiled

KEPT = 200  # painted pictures
NEW, OLD, PAINTINGS = 2, 2, 1  # pictures of each batch, beside the photographs
WARM_UP = 50  # steps
GRAM_WEIGHT = 3.0  # what trained networks lack is style, most of all at relu4_3


class Distillation(pl.LightningModule):
    """Trains a student to see as its teacher does.

    For each layer the student's embedding is to equal the teacher's activations (Wang et al. 2020),
    and its Gram matrices theirs, both relative to the teacher's. Half of the pictures are painted
    by a network that learns against the student meanwhile.

    Args:
        student: with its first weights.
        teacher: what it learns from.
        units: what the teacher's activations of each layer are divided by.
        paintings: `(3, H, W)` each, RGB in [0, 1]; without any, styles are those of photographs.
        crop: side of the pictures it learns from, in pixels.
        lr: largest learning rate, of Adam.
        compiled: whether the step goes through `torch.compile`.
    """

    def __init__(
        self,
        student: Student,
        teacher: LossNetwork,
        units: dict[str, float],
        paintings: Sequence[Tensor],
        crop: int,
        lr: float,
        compiled: bool,
    ) -> None:
        super().__init__()
        self.student, self.teacher, self.units = student, teacher, units
        self.paintings, self.crop, self.lr = paintings, crop, lr
        self.painted = Painted(KEPT)
        self._painter = TrialPainter(student, crop, compiled)
        self._train_errors = Compiled(self.errors) if compiled else self.errors

    def errors(self, images: Tensor) -> dict[str, Tensor]:
        """How far the student is from its teacher, by layer.

        Args:
            images: `(N, 3, H, W)`, RGB in [0, 1].

        Returns:
            Scalars: `features_<layer>` and `gram_<layer>`, the squared errors as shares of the
            teacher's squared norm.
        """
        with torch.no_grad():
            aims = self.teacher(images, EXPOSED)
        found: dict[str, Tensor] = {}
        for layer, embedded in self.student(images, EXPOSED).items():
            aim = aims[layer] / self.units[layer]
            found[f"features_{layer}"] = relative_feature_loss(embedded, aim).mean()
            grams = gram_matrix(embedded), gram_matrix(aim)
            found[f"gram_{layer}"] = relative_style_loss(*grams).mean()
        return found

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        photographs, _ = batch  # it knows nothing of styles by number
        cut = crops_of_any_size(photographs, self.crop)
        styles = self.paintings or [*photographs]
        painted = self._painter.paint(cut.contiguous(memory_format=torch.channels_last), styles)
        self.painted.add(painted[:1])
        pictures = [*painted[:NEW], *choose(self.painted.pictures, OLD)]
        if self.paintings:
            pictures += crops(choose(self.paintings, PAINTINGS), self.crop).to(self.device)
        images = torch.cat([vary(cut), torch.stack(pictures)])
        errors = self._train_errors(images.contiguous(memory_format=torch.channels_last))
        total: Any = sum(  # 0 to the type checker, if there were nothing to add
            value * (GRAM_WEIGHT if name.startswith("gram") else 1)
            for name, value in errors.items()
        )
        every: int = self.trainer.log_every_n_steps  # pyright: ignore[reportAttributeAccessIssue]  # Lightning declares it nowhere
        if (batch_idx + 1) % every == 0:
            for name, value in errors.items():
                self.log(f"train/{name}", value)
            self.log("train/total", total, prog_bar=True)
        return total

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        photographs, _ = batch
        for name, value in self.errors(photographs).items():
            self.log(f"val/{name}", value, batch_size=len(photographs))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = torch.optim.Adam(self.student.parameters(), lr=self.lr)
        return rise_and_fall(optimizer, WARM_UP, self.trainer.max_steps)
