"""Random styles of a network that many styles share: known ones, and what lies between and around.

A style is a row of numbers, see `fastnst.networks`, and every style that is drawn here is a sum of
known ones whose shares add up to 1: what is drawn are the shares.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from torch import Generator, Tensor

from fastnst.machine import UserError, from_home
from fastnst.models import ENDING, LIGHT, TRUNK, read_network, styles_beside
from fastnst.networks import TransformationNetwork, has_styles, style_of

Draw = Literal["finished", "mixture", "gaussian"]


def _finished(known: int, count: int, generator: Generator | None) -> Tensor:
    """One of the known styles, each as likely."""
    return torch.eye(known)[torch.randint(known, (count,), generator=generator)]


def _mixture(known: int, count: int, generator: Generator | None) -> Tensor:
    """Two different ones, in any proportion."""
    first = torch.randint(known, (count,), generator=generator)
    second = (first + torch.randint(1, known, (count,), generator=generator)) % known
    share = torch.rand(count, 1, generator=generator)
    return torch.eye(known)[first].lerp(torch.eye(known)[second], share)


def _gaussian(known: int, count: int, generator: Generator | None) -> Tensor:
    """A Gaussian with the mean and the covariance of the known styles.

    The covariance of a few styles in thousands of dimensions has no more directions than there are
    styles. So the mean plus a random sum of what each differs from it has that very covariance, and
    no matrix of K x K numbers is needed.
    """
    drawn = torch.randn(count, known, generator=generator)
    return 1 / known + (drawn - drawn.mean(1, keepdim=True)) / (known - 1) ** 0.5


SHARES: dict[Draw, Callable[[int, int, Generator | None], Tensor]] = {
    "finished": _finished,
    "mixture": _mixture,
    "gaussian": _gaussian,
}


class StyleSpace(NamedTuple):
    """The styles that a network can paint.

    Attributes:
        known: numbers of the styles that it has learnt, `(S, K)`.
        folder: where they were read, for messages.
    """

    known: Tensor
    folder: Path

    def check(self, draw: Draw) -> None:
        """Raise a `UserError` if there are too few styles to draw so."""
        needed = 1 if draw == "finished" else 2
        if len(self.known) < needed:
            raise UserError(
                f"In {self.folder} there are {len(self.known)} styles of the network there, and "
                f"styles={draw} takes {needed} at least: put their {ENDING[1:]} files beside it."
            )

    def draw(self, draw: Draw, count: int, generator: Generator | None = None) -> Tensor:
        """Draw styles.

        Args:
            draw: `finished` for one of the known ones, `mixture` for two of them in any proportion,
                `gaussian` for a point of the Gaussian that has their mean and covariance.
            count: how many, N.
            generator: on the CPU; None for PyTorch's own.

        Returns:
            Numbers, `(N, K)`, on the CPU.
        """
        return SHARES[draw](len(self.known), count, generator) @ self.known


def read_space(folder: str | Path | None) -> tuple[TransformationNetwork, StyleSpace]:
    """Read a network that many styles share, and the styles.

    Args:
        folder: of the network and its style files, as a training writes it; None for the light
            network and the finished styles.

    Returns:
        The network, in `eval()` mode, and its styles.

    Raises:
        UserError: if there is no network, it is damaged, or none that styles can share.
    """
    folder = LIGHT if folder is None else from_home(folder)
    if not folder.is_dir():
        raise UserError(
            f"network={folder} is no folder: give the one with a model.safetensors and the "
            f"{ENDING[1:]} files that fastnst train wrote."
        )
    published = folder / TRUNK.name
    network = read_network(published if published.is_file() else folder).network
    if not has_styles(network):
        raise UserError(
            f"The network in {folder} has no instance normalisation, so that there are no styles "
            f"of it to draw: give one that fastnst train styles=[...] made."
        )
    own = style_of(network)
    files = styles_beside(folder, network)
    known = [style.numbers for style in files.values()]
    return network, StyleSpace(torch.stack(known) if known else own.new_empty(0, len(own)), folder)
