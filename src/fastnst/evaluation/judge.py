"""A judge that no training has seen: how near pictures are to a painting, close up and from afar,
which painting they look like, and what is left of the photograph.

The style losses compare Gram matrices or distributions of features at relu1_2 to relu4_3. This
compares distributions at other layers, and of scaled-down pictures too: whoever learns the one by
cheating does not get the other for nothing.
"""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from fastnst.evaluation.structure import frame, lattice, luminance_structure, self_similarity
from fastnst.losses import LossNetwork
from fastnst.machine import UserError

LAYERS = ("relu3_1", "relu4_1", "relu5_1")
CONTENT = "relu4_2"
AFAR = 4  # times smaller
DIRECTIONS = 128  # that features are projected on
QUANTILES = 256  # at which two distributions are compared
Distributions = dict[str, Tensor]


class _Seen(NamedTuple):
    """What the judge keeps of a picture; of a painting the content is not asked for."""

    near: Distributions
    afar: Distributions
    content: Tensor  # `(1, C, H, W)`, at `CONTENT`


class Verdict(NamedTuple):
    """Of one network, means over photographs.

    Attributes:
        near: by layer, the distance to the painting as a share of the photograph's own.
        afar: the same, both at a quarter of their size.
        recognized: share of photographs for which no other painting is nearer, from afar.
        rank: of the right painting among all, 1 is the nearest.
        self_similarity: see `structure`; 0 is the photograph's.
        structure: of luminance that is lost, 0 to 2.
        lattice: share of fine detail that repeats every 4 or 8 pixels; 0.035 is none.
        frame: step at the edges as a multiple of steps inside; 1 is none.
    """

    near: dict[str, float]
    afar: dict[str, float]
    recognized: float
    rank: float
    self_similarity: float
    structure: float
    lattice: float
    frame: float


class Judge:
    """Compares what networks paint with paintings.

    Args:
        network: a VGG, on the device that is to work; the same for all that is to be compared.
        paintings: by name, `(1, 3, H, W)`, RGB in [0, 1], of any sizes.
        photographs: that all networks paint, `(N, 3, H, W)`, with sides of at least 128 pixels.
    """

    def __init__(
        self, network: LossNetwork, paintings: Mapping[str, Tensor], photographs: Tensor
    ) -> None:
        self.network = network
        self.device = network.mean.device
        generator = torch.Generator().manual_seed(0)
        width = 512  # channels at most
        self._directions = torch.randn(DIRECTIONS, width, generator=generator).to(self.device)
        bar = tqdm(paintings.items(), "paintings", leave=False)
        self.paintings = {name: self._see(pixels)[:2] for name, pixels in bar}
        self.photographs = photographs
        every = tqdm(photographs.split(1), "photographs", leave=False)
        self._seen = [self._see(photograph) for photograph in every]

    def check(self, name: str) -> None:
        """Refuse a painting that is one of the photographs, at the same size.

        Raises:
            UserError: naming it.
        """
        near, _ = self.paintings[name]
        for photograph in self._seen:
            if not all(_distance(photograph.near[layer], near[layer]) for layer in LAYERS):
                raise UserError(
                    f"One of the photographs is the painting of {name}, from which nothing can be "
                    f"nearer than it is: leave it out of --photographs."
                )

    def __call__(self, name: str, painted: Tensor) -> Verdict:
        """Judge a network.

        Args:
            name: of the painting it has learnt.
            painted: `(N, 3, H, W)`, what it made of the photographs.

        Raises:
            KeyError: if the painting is not among those there are.
        """
        target_near, target_afar = self.paintings[name]
        near, afar, ranks, similar, lost = [], [], [], [], []
        pairs = [*zip(painted.split(1), self.photographs.split(1), self._seen, strict=True)]
        for one, photograph, before in tqdm(pairs, f"judging {name}", leave=False):
            after = self._see(one)
            near.append(self._shares(target_near, after.near, before.near))
            afar.append(self._shares(target_afar, after.afar, before.afar))
            ranks.append(self._rank(name, after.afar))
            similar.append(self_similarity(after.content, before.content))
            lost.append(luminance_structure(one, photograph))
        return Verdict(
            _means(near),
            _means(afar),
            mean(float(rank == 1) for rank in ranks),
            mean(ranks),
            mean(similar),
            mean(lost),
            mean(map(lattice, painted)),
            mean(map(frame, painted)),
        )

    def _see(self, pixels: Tensor) -> _Seen:
        with torch.no_grad():
            features = self.network(pixels.to(self.device), {*LAYERS, CONTENT})
            small = self.network(_from_afar(pixels).to(self.device), LAYERS)
        content = features[CONTENT]
        return _Seen(self._distributions(features), self._distributions(small), content)

    def _distributions(self, features: Mapping[str, Tensor]) -> Distributions:
        """By layer `(directions, quantiles)`: what projections of the features have.

        The sliced Wasserstein distance is the root of their mean squared difference (Heitz et al.
        2021, "A sliced Wasserstein loss for neural texture synthesis", eq. 4, has the square), here
        at quantiles from the least to the greatest, as pictures have different numbers of pixels.
        """
        found: Distributions = {}
        for layer in LAYERS:
            values = features[layer][0].flatten(1)
            directions = F.normalize(self._directions[:, : len(values)], dim=1)
            ordered = (directions @ values).sort(1).values
            found[layer] = F.interpolate(
                ordered[None], QUANTILES, mode="linear", align_corners=True
            )[0]
        return found

    @staticmethod
    def _shares(
        painting: Distributions, painted: Distributions, photograph: Distributions
    ) -> dict[str, float]:
        return {
            layer: _distance(painted[layer], painting[layer])
            / _distance(photograph[layer], painting[layer])
            for layer in LAYERS
        }

    def _rank(self, name: str, seen: Distributions) -> int:
        """Of a painting among all, by its mean distance over layers, each in units of its mean."""
        totals = dict.fromkeys(self.paintings, 0.0)
        for layer in LAYERS:
            distances = {
                other: _distance(seen[layer], afar[layer])
                for other, (_, afar) in self.paintings.items()
            }
            unit = mean(distances.values()) or 1.0  # 0 where the only painting is met exactly
            for other, distance in distances.items():
                totals[other] += distance / unit
        return sorted(totals, key=lambda other: totals[other]).index(name) + 1


def _from_afar(pixels: Tensor) -> Tensor:
    return F.interpolate(
        pixels, scale_factor=1 / AFAR, mode="bicubic", antialias=True, align_corners=False
    ).clamp(0, 1)


def _distance(ordered: Tensor, others: Tensor) -> float:
    return (ordered - others).square().mean().sqrt().item()


def _means(found: Sequence[dict[str, float]]) -> dict[str, float]:
    return {layer: mean(one[layer] for one in found) for layer in LAYERS}
