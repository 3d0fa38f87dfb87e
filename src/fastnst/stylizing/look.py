"""How a finished picture is mixed from what the networks painted and the photograph."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from fastnst.images import PreserveColor, keep_chrominance
from fastnst.machine import UserError
from fastnst.stylizing.areas import Areas
from fastnst.stylizing.mask import Mask


@dataclass(frozen=True)
class Look:
    """What is done with painted pictures.

    Attributes:
        shares: of each network in the picture, adding up to 1; empty for the first one inside the
            mask and the second outside.
        strength: of the painted picture over the photograph, 0 to 1.
        preserve_color: `lum` for the photograph's colours, `hist` for its palette, or None.
        mask: where to paint; None for everywhere.
        areas: where each style goes, if the network paints several at once.
    """

    shares: tuple[float, ...]
    strength: float
    preserve_color: PreserveColor | None
    mask: Mask | None
    areas: Areas | None = None

    @property
    def masks(self) -> Sequence[Mask]:
        """All that a picture has to have the proportions of."""
        own = [] if self.mask is None else [self.mask]
        return own if self.areas is None else [*own, *self.areas.masks]

    @property
    def needs_photograph(self) -> bool:
        """Whether `mix` looks at the photograph."""
        outside = self.mask is not None and bool(self.shares)
        return self.strength < 1 or self.preserve_color == "lum" or outside

    def mix(self, painted: Sequence[Tensor], photograph: Tensor, inside: Tensor | None) -> Tensor:
        """Mix the finished picture.

        The strength is a weighted mean of pixel values as they are stored, with their gamma: equal
        steps of it are nearly equal steps to the eye (docs/paint/measured.md has the measurement).

        Args:
            painted: by each network, `(N, 3, H, W)`, RGB in [0, 1].
            photograph: the same pixels of the photograph.
            inside: `(1, 1, H, W)` of the mask, or None where there is none.

        Returns:
            `(N, 3, H, W)`, RGB in [0, 1].
        """
        if self.preserve_color == "lum":
            painted = [keep_chrominance(one, photograph) for one in painted]
        picture: Any  # to the type checker a sum may be 0
        if self.shares:
            picture = sum(share * one for share, one in zip(self.shares, painted, strict=True))
        else:
            assert inside is not None  # without shares there is a mask
            first, second = painted
            picture, inside = second.lerp(first, inside), None
        if self.strength < 1:
            picture = photograph.lerp(picture, self.strength)
        return picture if inside is None else photograph.lerp(picture, inside)


def make_look(
    networks: int,
    blend: Sequence[float] | None,
    strength: float,
    preserve_color: PreserveColor | None,
    mask: Mask | None,
    areas: Areas | None = None,
) -> Look:
    """Check that the wishes go together.

    Raises:
        UserError: if they do not.
    """
    if preserve_color not in (None, "lum", "hist"):
        raise UserError(f"preserve_color is {preserve_color}: give lum, hist or None.")
    if not 0 <= strength <= 1:
        raise UserError(f"The strength is {strength}: give a number from 0 to 1.")
    if blend is not None:
        fit = len(blend) == networks and all(share >= 0 for share in blend)
        if not (fit and 0 < sum(blend) < float("inf")):
            raise UserError(
                f"The blend is {','.join(map(str, blend))}: give a share for each checkpoint, "
                f"{networks} in all, none below 0 and not all 0."
            )
        shares = tuple(share / sum(blend) for share in blend)
    elif networks == 1:
        shares = (1.0,)
    elif networks == 2 and mask is not None:
        shares = ()
    else:
        raise UserError(
            f"What are {networks} checkpoints for? Give their shares, as --blend 0.3,0.7, or two "
            f"with a --mask: the first is inside it, the second outside."
        )
    return Look(shares, strength, preserve_color, mask, areas)
