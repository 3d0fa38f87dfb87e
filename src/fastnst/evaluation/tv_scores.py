"""What a search has found: scores of networks on photographs held out, and the choice."""

from collections.abc import Sequence
from statistics import mean, stdev
from typing import NamedTuple

import torch

from fastnst.data import BadPictures, Drawn, Photographs, to_pixels
from fastnst.images import noise
from fastnst.losses import PerceptualLoss
from fastnst.machine import UserError


class Score(NamedTuple):
    """Means over the photographs of one fold, all without unit.

    Attributes:
        content, style: the raw terms of the loss.
        noise: of `fastnst.images.detail`.
        score: their sum, content and style with the weights of the loss. Total variation is not in
            it: it is a means against noise and no end, and its own weight is what is searched.
    """

    content: float
    style: float
    noise: float
    score: float


class Candidate(NamedTuple):
    """A weight of total variation, and its score on each fold."""

    tv_weight: float
    folds: list[Score]

    def mean(self, name: str) -> float:
        return mean(getattr(fold, name) for fold in self.folds)

    def spread(self, name: str) -> float:
        """Standard deviation over the folds."""
        return stdev(getattr(fold, name) for fold in self.folds)


@torch.no_grad()
def measure(
    network: torch.nn.Module,
    loss: PerceptualLoss,
    style: torch.Tensor,
    held_out: Photographs,
    bad: BadPictures,
) -> Score:
    """Score a network in float32.

    Args:
        network: the transformation network.
        loss: the objective; network, loss and style are on one device.
        style: `(1, 3, H, W)`, the style picture as it was learned.
        held_out: photographs that the network has not seen.
        bad: counts those of them that cannot be read.

    Raises:
        UserError: if too many cannot be read, or the network paints what are no numbers.
    """
    found: list[torch.Tensor] = []
    for index in range(len(held_out)):
        batch = held_out.__getitems__([Drawn(index)])
        bad.add(batch.bad)
        photograph = to_pixels(batch.pictures, batch.mirrored).to(style.device)
        painted = network(photograph)
        terms = loss(painted, photograph)
        excess = noise(painted, style).mean()
        score = terms["weighted_content"] + terms["weighted_style"] + excess
        found.append(torch.stack([terms["content"], terms["style"], excess, score]))
    means = torch.stack(found).mean(0)
    if not means.isfinite().all():
        raise UserError(
            "The network paints values that are no numbers: set a smaller optimizer.lr, and "
            "another hydra.run.dir for a new search."
        )
    return Score(*means.tolist())


def choose(candidates: Sequence[Candidate]) -> Candidate:
    """The one with the lowest score."""
    return min(candidates, key=lambda candidate: candidate.mean("score"))


def table(candidates: Sequence[Candidate]) -> str:
    """Means over the folds, and the standard deviation of the score."""
    lines = [f"{'tv_weight':>9} {'content':>8} {'style':>8} {'noise':>8}    score"]
    for candidate in candidates:
        content, style, noise, score = (candidate.mean(name) for name in Score._fields)
        lines.append(
            f"{candidate.tv_weight:>9g} {content:>8.3f} {style:>8.4f} {noise:>8.3f} {score:>8.3f}"
            f" +- {candidate.spread('score'):.3f}"
        )
    return "\n".join(lines)
