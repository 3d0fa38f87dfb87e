"""Two frames of one scene, with exact motion between them."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from fastnst.motion import disturbance, things, views
from fastnst.motion.chance import further, uniform

CHANCES = 2 * views.DRAWN + things.DRAWN + disturbance.DRAWN + 3
QUIET = 1 / 3  # share of the pairs that are not compressed


class Ranges(NamedTuple):
    """How much may happen between two frames; see `configs/motion/synthetic.yaml`."""

    shift: float
    zoom: float
    turn: float
    perspective: float
    things: float
    light: float
    noise: float
    compression: float


class Frames(NamedTuple):
    """Two frames of each of N scenes.

    Attributes:
        first: `(N, 3, S, S)`, RGB in [0, 1]: the picture, in some with a thing before it.
        second: the same scene a moment later, with noise.
        places: `(N, S, S, 2)`, where the pixels of the second frame are in the first, for `follow`.
        visible: `(N, 1, S, S)`, 1 where both frames show the same thing, else 0.
        change: `(N, 1, S, S)`, of the luminance in between, by light alone.
    """

    first: Tensor
    second: Tensor
    places: Tensor
    visible: Tensor
    change: Tensor


@torch.no_grad()
def make_frames(images: Tensor, draws: Tensor, ranges: Ranges) -> Frames:
    """Let the camera move, and in some pictures a thing that is cut from the same one, mirrored.

    Args:
        images: `(N, 3, S, S)`, RGB in [0, 1].
        draws: int64 `(N,)`: decides about everything that is random, on any device.
        ranges: how much.
    """
    images, side = images.float(), images.shape[3]
    numbers = [views.DRAWN, views.DRAWN, things.DRAWN, disturbance.DRAWN, 3]
    of_view, of_own, of_thing, of_light, rest = uniform(draws, CHANCES).split(numbers, 1)
    motion = ranges.shift, ranges.zoom, ranges.turn, ranges.perspective
    camera = views.draw_views(of_view, *motion)
    # a thing moves as the camera does, and on its own besides
    own = camera @ views.draw_views(of_own, *motion)
    drawn = things.draw_things(of_thing, ranges.things)

    here = views.places_of(side, images)
    behind, before = views.seen_at(camera, here), views.seen_at(own, here)
    covered = drawn.cover(here.expand_as(behind), side)
    covered_later = drawn.cover(before, side)
    cut_out = images.flip(3)  # not of another one, which would depend on the batch
    first = torch.lerp(images, cut_out, covered)
    scene = torch.lerp(views.follow(images, behind), views.follow(cut_out, before), covered_later)

    places = torch.where(covered_later.movedim(1, 3) > 0.5, before, behind)
    inside = (places.abs() <= 1).all(3)[:, None]
    # at the outline a pixel shows both; and what was behind the thing in the first frame is new
    whole = (covered_later == 0) & (drawn.cover(behind, side) == 0) | (covered_later == 1)
    mixed = F.max_pool2d((~whole).float(), 5, 1, 2) > 0  # interpolation reaches two pixels far
    scene = scene.clamp(0, 1)
    lit = disturbance.change_light(scene, of_light, ranges.light)
    change = disturbance.luminance(lit - scene)
    noise, compressed, step = rest.unbind(1)
    second = disturbance.add_noise(lit, further(draws, 1), ranges.noise * noise.square())
    steps = torch.where(compressed < QUIET, 0.0, ranges.compression * step.square())
    second = disturbance.compress(second, steps)
    return Frames(first, second, places, (inside & ~mixed).float(), change)
