"""What one training step is."""

from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from fastnst.networks import build_network
from fastnst.optimizers import build_optimizer
from fastnst.perceptual_loss import PerceptualLoss
from fastnst.settings import Settings


class StyleTransfer(pl.LightningModule):
    """Trains a transformation network against a perceptual loss (Johnson et al. 2016).

    Its checkpoints hold the transformation network and the settings, as plain types.

    Args:
        settings: the run's settings.
        loss: the perceptual loss with the style already in it.
    """

    def __init__(self, settings: Settings, loss: PerceptualLoss) -> None:
        super().__init__()
        self.save_hyperparameters(settings.model_dump(), logger=False)  # config.yaml has them
        self.settings = settings
        self.network = build_network(settings.network.model_dump())
        self.loss = loss

    def forward(self, photographs: Tensor) -> Tensor:
        """Stylize `(N, 3, H, W)` in [0, 1]."""
        return self.network(photographs)

    def training_step(self, photographs: Tensor, batch_idx: int) -> Tensor:
        terms = self.loss(self(photographs), photographs)
        self._log("train", terms)
        return terms["total"]

    def validation_step(self, photographs: Tensor, batch_idx: int) -> None:
        terms = self.loss(self(photographs), photographs)
        self._log("val", terms, batch_size=len(photographs))

    def _log(self, stage: str, terms: dict[str, Tensor], **how: Any) -> None:
        for name, value in terms.items():
            shown = name in ("total", "content", "style")
            self.log(f"{stage}/{name}", value.detach(), prog_bar=shown, **how)

    def configure_optimizers(self) -> dict[str, Any]:
        return build_optimizer(
            self.network.parameters(), self.settings.optimizer, self.trainer.max_steps
        )
