"""Where the tiles of a huge picture lie: they overlap, and each gives its middle.

A pixel that a network paints depends on the photograph around it, as far as the network's reach.
With tiles that overlap by twice that, what is taken of each tile equals, at shared statistics of
normalisation, what the network would make of the whole picture, so that there are no seams.
"""

from collections.abc import Iterator
from typing import NamedTuple

from fastnst.machine import UserError

GRID = 4  # pixels: a tile that began elsewhere would be sampled down differently

Box = tuple[int, int, int, int]  # left, upper, right, lower, in pixels


class Tile(NamedTuple):
    """One tile of a picture that is painted at another size, or the same."""

    seen: Box  # what goes through the network, in the picture at the size it is painted at
    kept: Box  # the part of the picture that this tile gives, in the picture itself


def plan_tiles(
    size: tuple[int, int], working: tuple[int, int], side: int | None, reach: int, margin: int = 0
) -> Iterator[list[Tile]]:
    """Cover a picture with tiles, all of one size.

    Args:
        size: width and height of the picture.
        working: width and height at which it is painted.
        side: the most that a side of a tile may have, in pixels at that size, at least
            `smallest_side(reach)`; None for one tile, the whole picture.
        reach: how far the network sees, in pixels.
        margin: around the picture that is painted with it, in pixels at that size, on the grid.

    Yields:
        The tiles of one row after the other, from left to right.
    """
    columns, rows = (_cut_with_margin(length, side, reach, margin) for length in working)
    across, down = (whole / part for whole, part in zip(size, working, strict=True))
    for upper, lower, top, bottom in rows:
        yield [
            Tile(
                (left, upper, right, lower),
                (
                    round(first * across),
                    round(top * down),
                    round(last * across),
                    round(bottom * down),
                ),
            )
            for left, right, first, last in columns
        ]


def smallest_side(reach: int) -> int:
    """Side of a tile of which half is taken."""
    return 4 * (reach + GRID)


def check_tile(tile: object, reach: int) -> None:
    """Check what somebody wishes: `auto`, None, or the side of tiles in pixels.

    Args:
        tile: the wish.
        reach: how far the network sees, in pixels.

    Raises:
        UserError: if it is none of these, or too small for the network.
    """
    if tile is None or tile == "auto":
        return
    if not isinstance(tile, int):
        raise UserError(f"The tile is {tile}: give auto, None, or a number of pixels.")
    if tile < smallest_side(reach):
        raise UserError(
            f"Tiles of {tile} pixels are too small for this network: give at least "
            f"{smallest_side(reach)}."
        )


def _cut_with_margin(
    length: int, side: int | None, reach: int, margin: int
) -> list[tuple[int, int, int, int]]:
    """As `_cut`, of the length and a margin at both ends, of which nothing is given."""
    both = length + 2 * margin
    return [
        (start - margin, end - margin, max(first - margin, 0), min(last - margin, length))
        for start, end, first, last in _cut(both, side or both, reach)
    ]


def _cut(length: int, side: int, reach: int) -> list[tuple[int, int, int, int]]:
    """Start and end of the tiles along one side, and of what each of them gives."""
    if length <= side:
        return [(0, length, 0, length)]
    reach += -reach % GRID  # as where a tile begins to give lies on the grid too
    overlap = 2 * (reach + GRID)
    count = -(-(length - overlap) // (side - overlap))
    tile = -(-(length - overlap) // count) + overlap
    tile += (length - tile) % GRID  # the last one has to begin on the grid as well
    if tile > side:
        tile -= GRID
    starts = [index * (length - tile) // (count - 1) // GRID * GRID for index in range(count)]
    ends = [start + tile for start in starts]
    middles = [
        (end + start) // 2 // GRID * GRID for end, start in zip(ends, starts[1:], strict=False)
    ]
    return list(zip(starts, ends, [0, *middles], [*middles, length], strict=True))
