"""The way of a region of pictures to the size it is painted at, and back."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import pad

from fastnst.images import SPREAD, flatten, spread_colors, to_bytes
from fastnst.networks import Sample
from fastnst.stylizing.tiling import GRID, Box, Tile, plan_tiles, smallest_side

LANCZOS = Image.Resampling.LANCZOS
SUPPORT = 4  # pixels to each side that Pillow's kernel looks at, and one for rounding
WHOLE = 3 * 2**22  # pixels: of larger pictures statistics are taken of samples
SAMPLES, SQUARE = 40, 448  # their number and side in pixels
# Pixels around a picture that are painted with it, mirrored, and then cut off: a network sees where
# its padding begins, and paints a frame there, of lines along the edge.
MARGIN = 24


class Canvas(NamedTuple):
    """Pictures of one size, painted at that size or another.

    Attributes:
        size: width and height of the pictures.
        working: width and height at which they are painted.
        device: where.
    """

    size: tuple[int, int]
    working: tuple[int, int]
    device: torch.device

    @property
    def margin(self) -> int:
        """Pixels around the pictures, at the size to paint at."""
        return min(MARGIN, (min(self.working) - 1) // GRID * GRID)

    def tiles(self, side: int | None, reach: int) -> list[list[Tile]]:
        """Cover the pictures and their margin: rows of `plan_tiles`."""
        return list(plan_tiles(self.size, self.working, side, reach, self.margin))

    def seen(self, pictures: Sequence[Image.Image], tile: Tile) -> Tensor:
        """What a tile shows of N pictures, at the size to paint at: `(N, 3, H, W)` in [0, 1]."""
        left, upper, right, lower = tile.seen
        width, height = self.working
        inside = max(left, 0), max(upper, 0), min(right, width), min(lower, height)
        around = (inside[0] - left, right - inside[2], inside[1] - upper, lower - inside[3])
        return pad(self._inside(pictures, inside), around, "reflect")

    def _inside(self, pictures: Sequence[Image.Image], box: Box) -> Tensor:
        """A region of N pictures, at the size to paint at."""
        return self._tensor(self._without_alpha(one, box) for one in pictures)

    def _without_alpha(self, picture: Image.Image, box: Box) -> Image.Image:
        """What is translucent in its own colours, as its transparency comes back in the end; what
        is wholly transparent is white, but near to colours."""
        if picture.mode == "RGB":
            return self._part(picture, box)
        around = _grown(box, SPREAD, self.working)
        part, inside = self._part(picture, around), _within(box, around)
        least, most = part.getchannel("A").getextrema()
        if least == 255:
            return part.convert("RGB").crop(inside)
        return flatten(spread_colors(part) if most else part).crop(inside)

    def _part(self, picture: Image.Image, box: Box) -> Image.Image:
        if self.working == self.size:
            return self._cut(picture, box)
        extent = box[2] - box[0], box[3] - box[1]
        source = _scaled(box, self.working, self.size)
        if picture.mode == "RGB":
            return picture.resize(extent, LANCZOS, source)
        # of RGBA Pillow would convert all of the picture, for each tile
        coarser = max(1.0, *(own / to for own, to in zip(self.size, self.working, strict=True)))
        near = _grown(_outside(source), math.ceil(SUPPORT * coarser), self.size)
        left, upper, right, lower = source
        moved = left - near[0], upper - near[1], right - near[0], lower - near[1]
        return picture.crop(near).resize(extent, LANCZOS, moved)

    def photograph(self, pictures: Sequence[Image.Image], box: Box) -> Tensor:
        """A region of N pictures as it is, whatever their transparency: `(N, 3, H, W)`."""
        return self._tensor(self._cut(one, box).convert("RGB") for one in pictures)

    def _cut(self, picture: Image.Image, box: Box) -> Image.Image:
        return picture if box == (0, 0, *self.size) else picture.crop(box)

    def kept(self, painted: Tensor, tile: Tile) -> Tensor:
        """What a tile gives of pictures: painted `(N, 3, H, W)` in [0, 1] -> that part of it, at
        the size of the pictures."""
        if self.working == self.size:
            left, upper, right, lower = tile.kept
            x, y = tile.seen[:2]
            return painted[..., upper - y : lower - y, left - x : right - x]
        extent = tile.kept[2] - tile.kept[0], tile.kept[3] - tile.kept[1]
        source = _scaled(tile.kept, self.size, self.working, origin=tile.seen[:2])
        images = (Image.fromarray(one) for one in to_bytes(painted))
        return self._tensor(image.resize(extent, LANCZOS, source) for image in images)

    @property
    def samples_are_tiles(self) -> bool:
        """Whether `samples` are all tiles of a picture, in order."""
        return self.working[0] * self.working[1] <= WHOLE

    def samples(self, picture: Image.Image, side: int, reach: int) -> list[Sample]:
        """What stands for a huge picture when statistics are taken: all of it, in tiles, up to 12
        million pixels, else squares here and there, evenly spread."""
        if self.samples_are_tiles:
            # the margin counts as well: the network takes the statistics of all that it sees
            grown = self.working[0] + 2 * self.margin, self.working[1] + 2 * self.margin
            tiles = (tile for row in plan_tiles(grown, grown, side, reach) for tile in row)
            boxes = [
                (_moved(tile.seen, -self.margin), _moved(tile.kept, -self.margin)) for tile in tiles
            ]
        else:
            square = max(SQUARE, smallest_side(reach))
            boxes = [
                (box, _inset(box, reach, self.working)) for box in _spread(*self.working, square)
            ]
        return [
            Sample(
                partial(self.seen, [picture], Tile(seen, counted)),
                (seen[2] - seen[0], seen[3] - seen[1]),
                _within(counted, seen),
            )
            for seen, counted in boxes
        ]

    def _tensor(self, images: Iterable[Image.Image]) -> Tensor:
        values = np.stack([np.asarray(image) for image in images])
        return torch.from_numpy(values).to(self.device).permute(0, 3, 1, 2).float() / 255


def _spread(width: int, height: int, square: int) -> Iterator[Box]:
    columns = min(SAMPLES, max(1, round((SAMPLES * width / height) ** 0.5)))
    rows = SAMPLES // columns
    for row in range(rows):
        for column in range(columns):
            left = _place(column, columns, width, square)
            upper = _place(row, rows, height, square)
            yield left, upper, min(left + square, width), min(upper + square, height)


def _place(index: int, count: int, length: int, square: int) -> int:
    middle = (2 * index + 1) * length // (2 * count)
    return max(0, middle - square // 2) // GRID * GRID


def _inset(box: Box, reach: int, size: tuple[int, int]) -> Box:
    """Without what is cut off from its surroundings; the picture's own edges have none."""
    left, upper, right, lower = box
    return (
        left + reach * (left > 0),
        upper + reach * (upper > 0),
        right - reach * (right < size[0]),
        lower - reach * (lower < size[1]),
    )


def _grown(box: Box, by: int, size: tuple[int, int]) -> Box:
    """A box and what is around it in a picture."""
    left, upper, right, lower = box
    return max(0, left - by), max(0, upper - by), min(size[0], right + by), min(size[1], lower + by)


def _outside(box: tuple[float, float, float, float]) -> Box:
    left, upper, right, lower = box
    return math.floor(left), math.floor(upper), math.ceil(right), math.ceil(lower)


def _moved(box: Box, by: int) -> Box:
    left, upper, right, lower = box
    return left + by, upper + by, right + by, lower + by


def _within(box: Box, other: Box) -> Box:
    """A box seen from the corner of another."""
    left, upper, right, lower = box
    return left - other[0], upper - other[1], right - other[0], lower - other[1]


def _scaled(
    box: Box, size: tuple[int, int], other: tuple[int, int], origin: tuple[int, int] = (0, 0)
) -> tuple[float, float, float, float]:
    """A box in a picture of one size -> in the same picture at another, from an origin there."""
    across, down = (to / own for own, to in zip(size, other, strict=True))
    left, upper, right, lower = box
    return (
        left * across - origin[0],
        upper * down - origin[1],
        right * across - origin[0],
        lower * down - origin[1],
    )
