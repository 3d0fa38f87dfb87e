"""A thing that moves before the rest of a picture: where it is, and what it hides."""

from typing import NamedTuple

import torch
from torch import Tensor

DRAWN = 7  # random numbers for a thing
SMALLEST, LARGEST = 0.15, 0.7  # radius, where 1 is half of the picture's side
WOBBLE = 0.35  # share of the radius


class Things(NamedTuple):
    """One in each picture, a round outline with bays; all `(N,)` but the centre, `(N, 2)`.

    Attributes:
        centre, radius: places as in `fastnst.motion.views`; a radius of 0 is none at all.
        wobble: of the outline, as a share of the radius.
        bays: how many.
        phase: of the first of them.
    """

    centre: Tensor
    radius: Tensor
    wobble: Tensor
    bays: Tensor
    phase: Tensor

    def cover(self, places: Tensor, side: int) -> Tensor:
        """What share of a pixel, at places `(N, H, W, 2)`, they cover: `(N, 1, H, W)`."""
        offset = places - self.centre[:, None, None]
        angle = torch.atan2(offset[..., 1], offset[..., 0])
        of_pictures = (slice(None), None, None)
        bays = self.wobble[of_pictures] * torch.cos(
            self.bays[of_pictures] * angle + self.phase[of_pictures]
        )
        beyond = offset.norm(dim=-1) - self.radius[of_pictures] * (1 + bays)
        # a pixel has 2 / side: within one it goes from covered to free
        covered = (0.5 - beyond * side / 2).clamp(0, 1)
        return (covered * (self.radius > 0)[of_pictures])[:, None]


def draw_things(chances: Tensor, share: float) -> Things:
    """Things in a share of the pictures; `chances` are `(N, DRAWN)`, in [0, 1)."""
    there, x, y, size, wobble, bays, phase = chances.unbind(1)
    radius = SMALLEST * (LARGEST / SMALLEST) ** size
    return Things(
        centre=1.6 * torch.stack((x, y), 1) - 0.8,
        radius=torch.where(there < share, radius, 0.0),
        wobble=WOBBLE * wobble,
        bays=(2 + 4 * bays).floor(),
        phase=2 * torch.pi * phase,
    )
