"""What one training step is."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from fastnst.config import Settings
from fastnst.learning import Learner
from fastnst.losses import PerceptualLoss, TeacherLoss, TemporalLoss
from fastnst.networks import (
    TransformationNetwork,
    build_network,
    paint_styles,
    rows_of,
    share_convolutions,
    style_of,
)
from fastnst.training.results import write_results


class StyleTransfer(Learner):
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

    shown = ("total", "content", "style")
    settings: Settings
    network: TransformationNetwork

    def __init__(
        self,
        settings: Settings,
        loss: PerceptualLoss,
        compiled: bool = False,
        cuda_graphs: bool = False,
        teacher: TeacherLoss | None = None,
    ) -> None:
        network = build_network(settings.network.model_dump())
        super().__init__(settings, network, compiled, cuda_graphs)
        self.loss = loss
        self.teacher = teacher
        weights = settings.loss.temporal_weight, settings.loss.temporal_feature_weight
        self.temporal = TemporalLoss(settings.loss.measure, *weights, loss.loss_network)
        self.names = [style.name for style in settings.paintings]
        # of styles that share the network, `(S, K)`, see `fastnst.networks.conditional`
        self.styles: nn.Parameter | None = None

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
        return paint_styles(self.network, photographs, rows_of(self.styles, styles))

    def _terms(  # pyright: ignore[reportIncompatibleMethodOverride]  # it knows what a batch has
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

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        _, terms = self._terms(*batch)
        self.log_held_out(terms)
        if len(self.names) > 1:
            for row, style in enumerate(batch[1].tolist()):
                for name in self.shown:
                    place = f"val_{name}/{self.names[style]}"
                    self.log(place, terms[name][row], logger=False, batch_size=1)

    def by_group(self, terms: dict[str, Tensor], batch: tuple[Tensor, ...]) -> dict[str, float]:
        """Means of each style that is in this step, if there are several."""
        if len(self.names) == 1:
            return {}
        rows = torch.stack(
            [torch.ones_like(terms["total"]), *(terms[name] for name in self.shown)], 1
        )
        sums = rows.new_zeros(len(self.names), rows.shape[1]).index_add(0, batch[1], rows)
        counts, *found = self.trainer.strategy.reduce(sums, reduce_op="sum").T.tolist()
        return {
            f"train_{name}/{style}": value / count
            for name, values in zip(self.shown, found, strict=True)
            for style, value, count in zip(self.names, values, counts, strict=True)
            if count
        }

    def write_results(self, model: Path) -> None:
        """`model.safetensors`, and the files of styles that share it."""
        write_results(model, self.settings, self.network, self.styles)
