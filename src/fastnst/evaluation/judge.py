"""A judge that no training has seen: how near pictures are to a painting, close up and from afar,
which painting they look like, and what is left of the photograph.

The style losses compare Gram matrices at relu1_2 to relu4_3. This compares the distributions of
features themselves, at other layers and of scaled-down pictures too: whoever learns the one by
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

LAYERS = ("relu3_1", "relu4_1", "relu5_1")
CONTENT = "relu4_2"
AFAR = 4  # times smaller
DIRECTIONS = 128  # that features are projected on
QUANTILES = 256  # at which two distributions are compared
Distributions = dict[str, Tensor]


class Verdict(NamedTuple):
    """Of one network, means over photographs.

    Attributes:
        near: by layer, the distance to the painting as a share of the photograph's own.
        afar: the same, both at a quarter of their size.
        recognized: share of photographs for which no other painting is nearer, from afar.
        rank: of the right painting among all, 1 is the nearest.
        self_similarity: see `structure`; 0 is the photograph's.
        structure: of luminance that is lost, 0 to 1.
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
    """

    def __init__(self, network: LossNetwork, paintings: Mapping[str, Tensor]) -> None:
        self.network = network
        self.device = network.mean.device
        generator = torch.Generator().manual_seed(0)
        width = 512  # channels at most
        self._directions = torch.randn(DIRECTIONS, width, generator=generator).to(self.device)
        self._near: dict[str, Distributions] = {}
        self._afar: dict[str, Distributions] = {}
        for name, pixels in tqdm(paintings.items(), "paintings", leave=False):
            self._near[name] = self._distributions(pixels)
            self._afar[name] = self._distributions(_from_afar(pixels))

    @torch.no_grad()
    def __call__(self, name: str, painted: Tensor, photographs: Tensor) -> Verdict:
        """Judge a network.

        Args:
            name: of the painting it has learnt.
            painted: `(N, 3, H, W)`, what it made, with sides of at least 128 pixels.
            photographs: of these, `(N, 3, H, W)`.

        Raises:
            KeyError: if the painting is not among those there are.
        """
        near, afar, ranks, similar, lost = [], [], [], [], []
        pairs = [*zip(painted.split(1), photographs.split(1), strict=True)]
        for one, photograph in tqdm(pairs, f"judging {name}", leave=False):
            one, photograph = one.to(self.device), photograph.to(self.device)
            near.append(
                self._shares(
                    self._near[name], self._distributions(one), self._distributions(photograph)
                )
            )
            seen = self._distributions(_from_afar(one))
            whole = self._distributions(_from_afar(photograph))
            afar.append(self._shares(self._afar[name], seen, whole))
            ranks.append(self._rank(name, seen))
            features = [self.network(x, [CONTENT])[CONTENT] for x in (one, photograph)]
            similar.append(self_similarity(*features))
            lost.append(luminance_structure(one, photograph))
        return Verdict(
            _means(near),
            _means(afar),
            mean(float(rank == 1) for rank in ranks),
            mean(ranks),
            mean(similar),
            mean(lost),
            mean(lattice(one.cpu()) for one in painted),
            mean(frame(one.cpu()) for one in painted),
        )

    def _distributions(self, pixels: Tensor) -> Distributions:
        """By layer `(directions, quantiles)`: what projections of the features have.

        The sliced Wasserstein distance is that of these (Heitz et al. 2021, "A sliced Wasserstein
        loss for neural texture synthesis", eq. 4), here at quantiles, as pictures have different
        numbers of pixels.
        """
        found: Distributions = {}
        with torch.no_grad():
            features = self.network(pixels.to(self.device), LAYERS)
        for layer, values in features.items():
            directions = F.normalize(self._directions[:, : values.shape[1]], dim=1)
            ordered = (directions @ values[0].flatten(1)).sort(1).values
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
        totals = dict.fromkeys(self._afar, 0.0)
        for layer in LAYERS:
            distances = {
                other: _distance(seen[layer], has[layer]) for other, has in self._afar.items()
            }
            unit = mean(distances.values())
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
