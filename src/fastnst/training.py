"""What one training step is."""

from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from fastnst.compilation import Compiled
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
        # each value logged costs time, and on a GPU the loss is not even there yet
        if (self.global_step + 1) % self.settings.log_every == 0:
            self._log("train", terms)
        return terms["total"]

    def validation_step(self, photographs: Tensor, batch_idx: int) -> None:
        self._log("val", self._terms(photographs), batch_size=len(photographs))

    def _log(self, stage: str, terms: dict[str, Tensor], **how: Any) -> None:
        for name, value in terms.items():
            shown = name in ("total", "content", "style")
            self.log(f"{stage}/{name}", value.detach(), prog_bar=shown, **how)

    def configure_optimizers(self) -> dict[str, Any]:
        return build_optimizer(
            self.network.parameters(), self.settings.optimizer, self.trainer.max_steps
        )
