"""Pictures through a network that enlarges, in tiles if they are large.

Such a network takes no statistics of the picture. So tiles that overlap by twice its reach give
together exactly what it makes of the whole picture.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fastnst.stylizing import Box, Tile, plan_tiles


class Grid(NamedTuple):
    """The tiles of pictures of one size.

    Attributes:
        scale: how many times larger the result is.
        tiles: what each sees of the picture, and what it gives of the result, in pixels of each.
    """

    scale: int
    tiles: list[Tile]


def cut(size: tuple[int, int], scale: int, side: int | None, reach: int) -> Grid:
    """Cover a picture with tiles.

    Args:
        size: width and height.
        scale: how many times larger the result is.
        side: the most that a side of a tile may have; None for one tile, the whole picture.
        reach: how far the network sees, in pixels.
    """
    result = size[0] * scale, size[1] * scale
    return Grid(scale, [tile for row in plan_tiles(result, size, side, reach) for tile in row])


def enlarged(
    network: Callable[[Tensor], Tensor],
    pictures: Sequence[Image.Image],
    grid: Grid,
    device: torch.device,
) -> Iterator[tuple[Box, Tensor]]:
    """Enlarge pictures of one size, tile by tile.

    Args:
        network: `(N, 3, H, W)` in [0, 1] -> the same `scale` times larger.
        pictures: RGB.
        grid: for their size.
        device: where the network is.

    Yields:
        A box of the results, and its pixels in each, `(N, 3, H, W)` in [0, 1].
    """
    for seen, kept in grid.tiles:
        values = np.stack([np.asarray(picture.crop(seen)) for picture in pictures])
        pixels = torch.from_numpy(values).to(device).permute(0, 3, 1, 2).float() / 255
        x, y = seen[0] * grid.scale, seen[1] * grid.scale
        left, upper, right, lower = kept
        yield kept, network(pixels)[..., upper - y : lower - y, left - x : right - x]
