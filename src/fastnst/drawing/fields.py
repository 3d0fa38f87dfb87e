"""What a drawn painting is about: smooth fields, flows and large forms on the unit square.

Fields are float32 `(size, size)`; drawn with the same random numbers they show the same at every
size.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image


class Cells(NamedTuple):
    """A plane that is shared out among points, each a little off its place in a grid.

    Attributes:
        nearest: distance of each pixel to the nearest point, in image sides.
        border: how much farther the second nearest is.
        owner: `(size, size)`, number of the nearest point.
        centres: `(n, 2)`, x and y of the points.
    """

    nearest: np.ndarray
    border: np.ndarray
    owner: np.ndarray
    centres: np.ndarray


def places(size: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y of each pixel's middle, in image sides."""
    ticks = ((np.arange(size) + 0.5) / size).astype(np.float32)
    return np.broadcast_to(ticks, (size, size)), np.broadcast_to(ticks[:, None], (size, size))


def noise(rng: np.random.Generator, size: int, cells: int, octaves: int = 1) -> np.ndarray:
    """Smooth noise of mean 0 and deviation about 1; forms are about 1/cells of the side wide."""
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        count = cells * 2**octave
        coarse = Image.fromarray(rng.standard_normal((count + 4, count + 4)).astype(np.float32))
        fine = coarse.resize((size, size), Image.Resampling.BICUBIC, (2, 2, count + 2, count + 2))
        total += np.asarray(fine) / 2**octave
    return total / total.std()


def level(values: np.ndarray) -> np.ndarray:
    """The share of the picture where a field is lower: evenly spread over 0..1."""
    step = max(1, len(values) // 128)
    ranked = np.sort(values[::step, ::step], axis=None)
    return (np.searchsorted(ranked, values) / ranked.size).astype(np.float32)


def motif(rng: np.random.Generator, size: int) -> np.ndarray:
    """Light and dark of a scene of nothing in particular, 0..1: hills, a horizon, a few bodies."""
    x, y = places(size)
    scene = noise(rng, size, int(rng.integers(2, 6)), octaves=3)
    scene = scene + rng.normal(0, 2) * (y - 0.5) + rng.normal(0, 1) * (x - 0.5)
    if rng.random() < 0.4:
        scene = scene + rng.normal(0, 1.5) * (y > rng.uniform(0.3, 0.7) + 0.04 * scene)
    for _ in range(rng.integers(0, 7)):
        across, down = x - rng.uniform(0, 1), y - rng.uniform(0, 1)
        wide, high = rng.uniform(0.04, 0.3, 2)
        body = (across / wide) ** 2 + (down / high) ** 2 < 1 + 0.3 * scene.clip(-2, 2)
        scene = scene + rng.normal(0, 1.5) * body
    return level(scene) ** rng.uniform(0.5, 2)


def direction(rng: np.random.Generator, size: int) -> np.ndarray:
    """Where strokes run, in radians: in one direction, along hills, or in whirls."""
    turns = rng.choice([0.15, 0.6, 1.5, 3.0])
    return rng.uniform(0, np.pi) + turns * noise(rng, size, int(rng.integers(2, 6)))


def share_out(rng: np.random.Generator, size: int, count: int, jitter: float) -> Cells:
    """Share the plane out among points.

    Args:
        rng: decides where they are.
        size: side of the picture in pixels.
        count: of points along a side.
        jitter: 0 for a grid, 1 for as far off as their neighbours' places.
    """
    side = count + 4
    offsets = jitter * rng.uniform(-0.5, 0.5, (side, side, 2))
    rows, columns = np.indices((side, side))
    spots = np.stack([columns, rows], -1) + 0.5 + offsets - 2  # in cells
    x, y = (count * values for values in places(size))
    column, row = x.astype(int) + 2, y.astype(int) + 2
    first = np.full((size, size), np.inf, np.float32)
    second, owner = first.copy(), np.zeros((size, size), int)
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            number = (row + down) * side + column + across
            spot = spots.reshape(-1, 2).astype(np.float32)[number]
            distance = np.hypot(x - spot[..., 0], y - spot[..., 1])
            closer = distance < first
            second = np.where(closer, first, np.minimum(second, distance))
            first, owner = np.where(closer, distance, first), np.where(closer, number, owner)
    centres = spots.reshape(-1, 2) / count
    return Cells(first / count, (second - first) / count, owner, centres)


def at(values: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A field at points `(n, 2)`, those beyond the picture at its edge."""
    place = np.clip((points * len(values)).astype(int), 0, len(values) - 1)
    return values[place[:, 1], place[:, 0]]
