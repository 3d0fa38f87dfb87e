"""What one step of learning to enlarge is."""

from pathlib import Path

from torch import Tensor

from fastnst.learning import Learner
from fastnst.losses import SuperResolutionLoss
from fastnst.models import write_model
from fastnst.networks import build_enlarger
from fastnst.super_resolution.quality import measure_quality
from fastnst.super_resolution.settings import SuperResolutionSettings


class SuperResolution(Learner):
    """Trains a network to enlarge pictures (Johnson et al. 2016, section 4.2).

    Args:
        settings: the run's.
        loss: pixel and feature reconstruction loss.
        compiled, cuda_graphs: see `Learner`.
    """

    settings: SuperResolutionSettings

    def __init__(
        self,
        settings: SuperResolutionSettings,
        loss: SuperResolutionLoss,
        compiled: bool = False,
        cuda_graphs: bool = False,
    ) -> None:
        super().__init__(settings, build_enlarger(settings.architecture), compiled, cuda_graphs)
        self.shown = ("total", "feature") if settings.loss.feature_weight else ("total", "pixel")
        self.loss = loss

    def forward(self, small: Tensor) -> Tensor:
        """`(N, 3, H, W)` in [0, 1] -> `(N, 3, scale H, scale W)`."""
        return self.network(small)

    def _terms(  # pyright: ignore[reportIncompatibleMethodOverride]  # it knows what a batch has
        self, truth: Tensor, small: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        terms = self.loss(self(small), truth)
        return terms["total"].mean(), {name: term.detach() for name, term in terms.items()}

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        truth, small = batch
        enlarged = self(small)
        self.log_held_out(self.loss(enlarged, truth))
        for name, values in measure_quality(enlarged, truth, self.settings.scale).items():
            self.log(
                f"val/{name}", values.mean(), prog_bar=True, logger=False, batch_size=len(truth)
            )

    def write_results(self, model: Path) -> None:
        """`model.safetensors`."""
        settings = self.settings
        named = {"name": settings.label, "title": f"Super-resolution, {settings.scale} times"}
        write_model(model, self.network, settings.architecture, named, settings.model_dtype)
