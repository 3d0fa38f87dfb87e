"""Pictures painted: whole ones, or one tile after the other of a huge one."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fastnst.images import ColorMap, match_colors, to_bytes
from fastnst.networks import Sample
from fastnst.stylizing.canvas import Canvas
from fastnst.stylizing.look import Look
from fastnst.stylizing.painter import Painter
from fastnst.stylizing.tiling import Tile


def paint_whole(
    pictures: Sequence[Image.Image],
    canvas: Canvas,
    tile: Tile,
    painters: Sequence[Painter],
    look: Look,
    to_come: int,
) -> list[Image.Image]:
    """Paint pictures of one size.

    Args:
        pictures: RGB or RGBA.
        canvas: for their size.
        tile: the one that is the whole.
        painters: what paints.
        look: what becomes of it.
        to_come: how many more of this size there will be.

    Returns:
        As many pictures, of the same mode.
    """
    pixels = canvas.seen(pictures, tile)
    _want(painters, canvas, tile, look)
    painted = [painter.whole(pixels, to_come) for painter in painters]
    if look.preserve_color == "hist":
        painted = [_recolored(one, pixels, canvas.margin) for one in painted]
    finished = _finish(pictures, canvas, tile, painted, look)
    return [_like(picture, one) for picture, one in zip(pictures, finished, strict=True)]


def paint_tiles(
    picture: Image.Image,
    canvas: Canvas,
    rows: Sequence[Sequence[Tile]],
    samples: Sequence[Sample],
    painters: Sequence[Painter],
    look: Look,
    to_come: int,
) -> Iterator[None]:
    """Paint over a huge picture, in tiles.

    Args:
        picture: RGB or RGBA; it has the result in the end.
        canvas: for its size.
        rows: of tiles.
        samples: of the picture, for its statistics.
        painters: what paints.
        look: what becomes of it.
        to_come: how many tiles there will be after this picture.

    Yields:
        After each tile.
    """
    for painter in painters:
        painter.look_at(samples, keep=canvas.samples_are_tiles)
    maps = None
    if look.preserve_color == "hist":
        maps = [_palette_map(painter, samples) for painter in painters]
    del samples
    index, left = 0, len(rows) * len(rows[0]) + to_come
    # what is painted over has to have been seen by the tiles below it as well
    waiting: list[tuple[Tile, Image.Image]] = []
    for row in rows:
        above, waiting = waiting, []
        for tile in row:
            left -= 1
            pixels = canvas.seen([picture], tile)
            _want(painters, canvas, tile, look)
            painted = [painter.tile(index, pixels, left) for painter in painters]
            index += 1
            if maps is not None:
                painted = [change(one) for change, one in zip(maps, painted, strict=True)]
            (finished,) = _finish([picture], canvas, tile, painted, look)
            waiting.append((tile, _like(picture.crop(tile.kept), finished)))
            yield
        _paste(above, picture)
    _paste(waiting, picture)
    for painter in painters:
        painter.forget()


def _want(painters: Sequence[Painter], canvas: Canvas, tile: Tile, look: Look) -> None:
    """Tell painters of several styles at once where these are wanted."""
    if look.areas is not None:
        for painter in painters:
            painter.want(look.areas.wanted(canvas, tile))


def _palette_map(painter: Painter, samples: Sequence[Sample]) -> ColorMap:
    # by chance: every n-th may be all of one side of the picture
    few = random.Random(0).sample(range(len(samples)), min(8, len(samples)))
    pixels = [samples[index].pixels() for index in few]
    painted: list[Tensor] = []
    for index, one in zip(few, pixels, strict=True):
        if (shares := samples[index].shares) is not None:
            painter.want(shares())
        painted.append(painter.tile(index, one))
    flat = [torch.cat([one.flatten(2) for one in both], 2)[..., None] for both in (painted, pixels)]
    return match_colors(*flat)


def _finish(
    pictures: Sequence[Image.Image],
    canvas: Canvas,
    tile: Tile,
    painted: Sequence[Tensor],
    look: Look,
) -> np.ndarray:
    """What a tile gives of the finished pictures, uint8 `(N, H, W, 3)`."""
    painted = [canvas.kept(one, tile) for one in painted]
    photograph = painted[0]  # which stands for it where nobody looks at it
    if look.needs_photograph:
        photograph = canvas.photograph(pictures, tile.kept)
    inside = None
    if look.mask is not None:
        inside = look.mask.part(canvas.size, tile.kept).to(canvas.device)
    return to_bytes(look.mix(painted, photograph, inside))


def _recolored(painted: Tensor, photographs: Tensor, margin: int) -> Tensor:
    inside = (..., slice(margin, -margin), slice(margin, -margin))
    pairs = zip(painted.split(1), photographs.split(1), strict=True)
    return torch.cat([match_colors(one[inside], seen[inside])(one) for one, seen in pairs])


def _like(picture: Image.Image, painted: np.ndarray) -> Image.Image:
    image = Image.fromarray(painted)
    if picture.mode == "RGBA":
        image.putalpha(picture.getchannel("A"))
    return image


def _paste(tiles: Sequence[tuple[Tile, Image.Image]], picture: Image.Image) -> None:
    for tile, image in tiles:
        picture.paste(image, tile.kept[:2])
