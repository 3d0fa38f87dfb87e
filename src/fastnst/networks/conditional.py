"""Conditional instance normalisation: one network, and a style as a row of numbers.

Dumoulin, Shlens, Kudlur 2017 ("A learned representation for artistic style", eq. 5) let all styles
share the convolutions; a style is the scale and the shift of each normalised channel. Here they lie
in one row, `(K,)`: of each instance normalisation, in the order of the network, first the scales,
then the shifts. `resnet` with its default settings has K = 3,200.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.func import functional_call

from fastnst.networks.layers import InstanceNorm2d
from fastnst.networks.network import TransformationNetwork


def has_styles(network: nn.Module) -> bool:
    """Whether it has instance normalisations, so that there can be many styles in it."""
    return any(True for _ in _norms(network))


def style_of(network: nn.Module) -> Tensor:
    """The numbers of the style that a network paints, `(K,)`."""
    rows: list[Tensor] = [
        values for _, norm in _norms(network) for values in (norm.weight, norm.bias)
    ]
    return torch.cat(rows).detach().clone()


@torch.no_grad()
def set_style(network: nn.Module, numbers: Tensor) -> None:
    """Make a network paint a style.

    Args:
        network: it is changed in place, also where it is compiled already.
        numbers: `(K,)`.
    """
    state = network.state_dict()
    for name, values in split_style(network, numbers).items():
        state[name].copy_(values)


def paint_styles(network: TransformationNetwork, images: Tensor, numbers: Tensor) -> Tensor:
    """Paint each picture in a style of its own; gradients go to the numbers too.

    Args:
        network: its own style plays no part.
        images: `(N, 3, H, W)`, RGB in [0, 1].
        numbers: `(N, K)`.

    Returns:
        `(N, 3, H, W)`, in [0, 1].
    """
    return functional_call(network, split_style(network, numbers), (images,))


def rows_of(styles: Tensor, which: Tensor) -> Tensor:
    """The numbers of pictures, of the styles that they are to have: `styles[which]`.

    Its gradient is added up in a fixed order. That of an index, once it is compiled, is added up by
    several threads, of three pictures in one style now so and now so.

    Args:
        styles: `(S, K)`.
        which: int64 `(N,)`.

    Returns:
        `(N, K)`.
    """
    wanted = which[:, None] == torch.arange(len(styles), device=which.device)
    return styles.where(wanted[..., None], 0).sum(1)


def share_convolutions(network: nn.Module) -> None:
    """Leave a network's own style out of what is trained: styles are kept apart from it."""
    for _, norm in _norms(network):
        norm.requires_grad_(False)


def split_style(network: nn.Module, numbers: Tensor) -> dict[str, Tensor]:
    """`(..., K)` -> `(..., C)` for each weight and bias, by its name in the network."""
    names = [f"{name}.{kind}" for name, _ in _norms(network) for kind in ("weight", "bias")]
    lengths = [norm.num_features for _, norm in _norms(network) for _ in range(2)]
    return dict(zip(names, numbers.split(lengths, -1), strict=True))


def _norms(network: nn.Module) -> Iterator[tuple[str, InstanceNorm2d]]:
    return (
        (name, module)
        for name, module in network.named_modules()
        if isinstance(module, InstanceNorm2d)
    )
