"""Style losses of one layer, by name: what is kept of the style picture, and the distance from it.

Li, Wang, Liu and Hou 2017 ("Demystifying neural style transfer") see the activations of a picture
as samples of a distribution, one for each position, and style transfer as making two distributions
alike. The distance of two Gram matrices is then one maximum mean discrepancy (MMD) among others.
"""

from collections.abc import Callable
from typing import Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from fastnst.losses.functional import gram_matrix, relative_style_loss, style_loss

Measure = Literal["relative", "johnson2016"]
SORTED = 2048  # of each picture that are put in order
DIRECTIONS = 64  # that they are projected on
SAMPLES = 1024  # positions of each picture that the Gaussian kernel compares
TINY = 1e-8  # of a channel that never changes, the square root would have no gradient


class StyleLoss(Protocol):
    """What training and optimisation need of a style loss.

    `weights`, `(N, 1, H, W)` and not negative, say how much each position counts (Gatys, Ecker,
    Bethge, Hertzmann, Shechtman 2017, "Controlling perceptual factors in neural style transfer",
    section 4.1); None: all alike.

    Attributes:
        draws: whether it depends on random numbers.
    """

    draws: bool

    def target(self, features: Tensor) -> Tensor:
        """What to keep of the style picture's activations, `(1, C, H, W)`."""
        ...

    def __call__(self, features: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
        """`(N,)`: how far activations `(N, C, H, W)` are from it, or each from its own of N."""
        ...


def build_style_loss(name: str, measure: Measure) -> StyleLoss:
    """A style loss of one layer.

    Args:
        name: of `STYLE_LOSSES`.
        measure: `relative` to what the style picture has, or `johnson2016` for the absolute one.
    """
    if name in SAMPLED:
        return SAMPLED[name](measure)
    return StatisticLoss(STATISTICS[name], measure)


def weighted_gram(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """`gram_matrix` in which each position counts as its weight says."""
    if weights is None:
        return gram_matrix(features)
    share = weights.float() / weights.float().mean((2, 3), keepdim=True)
    return gram_matrix(features * share.sqrt())


def second_moments(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """`M[i, j] = sum_p F[i, p] F[j, p] / (H W)`, `(N, C, C)`: C times the Gram matrix.

    The squared distance of two of these is the MMD with the kernel `k(x, y) = (x . y)^2`
    (Li et al. 2017, eq. 8), which has no need of a sum over all pairs of positions.
    """
    return features.shape[1] * weighted_gram(features, weights)


def feature_means(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean of each channel, `(N, 1, C)`.

    The squared distance of two of these is the MMD with the kernel `k(x, y) = x . y`.
    """
    return _mean(features.float(), weights)[:, None]


def feature_statistics(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean and standard deviation of each channel, `(N, 2, C)`: what batch normalisation knows of
    a picture (Li et al. 2017, eq. 13)."""
    features = features.float()
    mean = _mean(features, weights)
    variance = _mean((features - mean[..., None, None]).square(), weights)
    return torch.stack([mean, (variance + TINY).sqrt()], 1)


STATISTICS: dict[str, Callable[..., Tensor]] = {
    "gram": weighted_gram,
    "mmd_poly": second_moments,
    "mmd_linear": feature_means,
    "bn_statistics": feature_statistics,
}
DISTANCES = {"relative": relative_style_loss, "johnson2016": style_loss}


class StatisticLoss:
    """Squared distance of a statistic of the activations from that of the style picture's.

    Args:
        statistic: of `STATISTICS`.
        measure: the distance as a share of the target's square, or as mean square.
    """

    draws = False

    def __init__(self, statistic: Callable[..., Tensor], measure: Measure) -> None:
        self.statistic, self.distance = statistic, DISTANCES[measure]

    def target(self, features: Tensor) -> Tensor:
        """`(1, ., .)`, whatever the style picture's size."""
        return self.statistic(features)

    def __call__(self, features: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
        return self.distance(self.statistic(features, weights), target)


class GaussianMMD:
    """MMD with the kernel `k(x, y) = exp(-|x - y|^2 / (2 sigma^2))` (Li et al. 2017, eq. 7).

    Estimated without bias, `mean k(x, x') + mean k(y, y') - 2 mean k(x, y)` over pairs of different
    ones of `SAMPLES` positions, drawn anew each time; so that it can fall a little below 0. sigma^2
    is the mean of |y - y'|^2 in the style picture.

    Args:
        measure: `relative` divides by the mean of k(y, y').
    """

    draws = True

    def __init__(self, measure: Measure) -> None:
        self.relative = measure == "relative"

    def target(self, features: Tensor) -> Tensor:
        """`(1, K, C)`: activations at as many positions."""
        return _draw(features, None, SAMPLES)

    def __call__(self, features: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
        drawn = _draw(features, weights, SAMPLES)
        with torch.autocast(features.device.type, enabled=False):  # differences of large numbers
            target = target.float()  # which may have become what the network computes in
            among = _squared_distances(target, target)
            scale = 2 * _of_different(among).clamp_min(TINY)[:, None, None]
            own = _of_different((-_squared_distances(drawn, drawn) / scale).exp())
            wanted = _of_different((-among / scale).exp())
            across = (-_squared_distances(drawn, target.expand(len(drawn), -1, -1)) / scale).exp()
        discrepancy = own + wanted - 2 * across.mean((1, 2))
        return discrepancy / wanted if self.relative else discrepancy


class SlicedWasserstein:
    """Sliced Wasserstein distance (Heitz, Vanhoey, Chambon, Belcour 2021, eq. 4).

    Activations at `SORTED` random positions are projected on `DIRECTIONS` random directions, both
    drawn anew each time, but for the style picture's positions, which are drawn once; along each
    direction both pictures' are put in order and compared.
    Where two Gram matrices are alike, colours and marks may still be spread otherwise; here not.

    Args:
        measure: `relative` is four times the share of the mean square of the style picture's
            projections: where all activations are too large by a share e, Gram matrices are by 2 e,
            so that a weight means about as much here as there.
    """

    draws = True

    def __init__(self, measure: Measure) -> None:
        self.relative = measure == "relative"

    def target(self, features: Tensor) -> Tensor:
        """`(1, K, C)`: activations at as many positions."""
        return _draw(features, None, SORTED)

    def __call__(self, features: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
        drawn = _draw(features, weights, SORTED)
        with torch.autocast(features.device.type, enabled=False):  # in bfloat16 many are equal
            directions = _directions(features)
            own = (directions @ drawn.transpose(1, 2)).sort(2).values
            wanted = (directions @ target.float().transpose(1, 2)).sort(2).values
            # as many of the style picture's as of this one's
            wanted = F.interpolate(wanted, own.shape[2], mode="linear")
            distance = (own - wanted).square().mean((1, 2))
            unit = wanted.square().mean((1, 2)).clamp_min(TINY)
        return 4 * distance / unit if self.relative else distance


SAMPLED = {"mmd_gaussian": GaussianMMD, "sliced_wasserstein": SlicedWasserstein}
STYLE_LOSSES = (*STATISTICS, *SAMPLED)


def _directions(features: Tensor) -> Tensor:
    """Random ones, `(DIRECTIONS, C)`, of length 1."""
    # float32 whatever the usual precision of the run is
    shape = DIRECTIONS, features.shape[1]
    drawn = torch.randn(shape, dtype=torch.float32, device=features.device)
    return F.normalize(drawn, dim=1)


def _mean(features: Tensor, weights: Tensor | None) -> Tensor:
    """Over positions: `(N, C, H, W)` -> `(N, C)`."""
    if weights is None:
        return features.mean((2, 3))
    return (features * weights).sum((2, 3)) / weights.sum((2, 3))


def _draw(features: Tensor, weights: Tensor | None, most: int) -> Tensor:
    """`(N, C, H, W)` -> `(N, K, C)` at random positions, the same one never twice."""
    flat = features.flatten(2).transpose(1, 2)
    positions = flat.shape[1]
    chances = torch.ones(len(flat), positions, dtype=torch.float32, device=flat.device)
    count = min(most, positions)
    if weights is not None:
        chances = weights.float().expand(len(flat), -1, -1, -1).flatten(1)
        count = min(most, int((chances > 0).sum(1).min()))
    index = torch.multinomial(chances, count)
    return flat.gather(1, index[..., None].expand(-1, -1, flat.shape[2])).float()


def _squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """`(N, K, C)`, `(N, L, C)` -> `(N, K, L)`."""
    squares = x.square().sum(2)[:, :, None] + y.square().sum(2)[:, None]
    return (squares - 2 * x @ y.transpose(1, 2)).clamp_min(0)


def _of_different(values: Tensor) -> Tensor:
    """Mean over all but the diagonal: `(N, K, K)` -> `(N,)`."""
    count = values.shape[1]
    diagonal = values.diagonal(dim1=1, dim2=2).sum(1)
    return (values.sum((1, 2)) - diagonal) / max(count * (count - 1), 1)
