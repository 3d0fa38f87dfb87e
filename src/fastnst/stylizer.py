"""Trained networks as a tool: pictures in, painted pictures out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from fastnst.canvas import Canvas, to_bytes
from fastnst.colors import ColorMap, PreserveColor, match_colors
from fastnst.errors import UserError
from fastnst.hardware import choose_device
from fastnst.images import read_image, resize_short_side
from fastnst.look import make_look
from fastnst.mask import Mask
from fastnst.model_file import Model, read_model
from fastnst.networks import SMALLEST_SIDE
from fastnst.networks.shared_statistics import Sample
from fastnst.onnx_network import OnnxNetwork
from fastnst.painter import Painter
from fastnst.tiling import Tile, plan_tiles, smallest_side

Picture = Image.Image | np.ndarray | str | Path
TILED_FROM = 2**22  # pixels: larger pictures go through the network in tiles
TILE_SIDE = 896  # pixels


class Stylizer:
    """Repaints pictures with trained networks.

        painted = Stylizer("model.safetensors")("photo.jpg")

    Args:
        checkpoint: a `model.safetensors`, a training checkpoint, a `.onnx` file, or a network of
            pytorch/examples; or several of them, for `blend` or `mask`.
        device: `auto`, `cpu`, `cuda` or `mps`.
        size: length of the short side to work at, in pixels; None keeps each picture's size.
        style_scale: size of the strokes, as a factor: the picture is painted smaller by that, and
            then brought back to its size.
        strength: of the painted picture over the photograph, 0 to 1.
        preserve_color: `lum` keeps the photograph's colours and takes only light and dark from the
            painted picture; `hist` gives the painted picture the photograph's palette.
        mask: a picture, or its file, that is white where to paint and black where the photograph
            stays, or where the second of two checkpoints paints.
        blend: shares of several checkpoints in the painted picture.
        tile: side of the tiles that huge pictures are painted in, in pixels; `auto` takes tiles
            for more than 4 million pixels, None never.
        progress: show a bar for a picture of many tiles.

    Raises:
        UserError: if a checkpoint is none, the device is not there, or wishes contradict.
    """

    def __init__(
        self,
        checkpoint: str | Path | Sequence[str | Path],
        device: str = "auto",
        *,
        size: int | None = None,
        style_scale: float = 1.0,
        strength: float = 1.0,
        preserve_color: PreserveColor | None = None,
        mask: str | Path | Image.Image | None = None,
        blend: Sequence[float] | None = None,
        tile: int | Literal["auto"] | None = "auto",
        progress: bool = False,
    ) -> None:
        checkpoints = [checkpoint] if isinstance(checkpoint, str | Path) else checkpoint
        self.size, self.style_scale, self.progress = size, style_scale, progress
        self.device = choose_device(device)
        mask = None if mask is None else Mask(mask)
        self.look = make_look(len(checkpoints), blend, strength, preserve_color, mask)
        models = [_read(path, device) for path in checkpoints]
        self.painters = [Painter(model.network, self.device) for model in models]
        names = [model.style["name"] for model in models]
        titles = [model.style.get("title", model.style["name"]) for model in models]
        self.style = {"name": "_".join(names), "title": " + ".join(titles)}
        self.reach = max(model.network.reach for model in models)
        self.tile = self._checked(tile)

    def _checked(self, tile: int | Literal["auto"] | None) -> int | Literal["auto"] | None:
        if any(painter.exported for painter in self.painters):
            if isinstance(tile, int):
                raise UserError(
                    "A .onnx file paints pictures whole: give --tile off, or the checkpoint that "
                    "it was made from."
                )
            return None
        if isinstance(tile, int) and tile < smallest_side(self.reach):
            raise UserError(
                f"Tiles of {tile} pixels are too small for this network: give at least "
                f"{smallest_side(self.reach)}."
            )
        return tile

    def __call__(self, picture: Picture) -> Image.Image:
        """Repaint one picture.

        Args:
            picture: a Pillow image, its file, or an array `(H, W, 3)` or `(H, W, 4)` of uint8.

        Returns:
            RGB, or RGBA where the picture has transparency.

        Raises:
            UserError: if it is too small, or its file cannot be read.
        """
        if isinstance(picture, str | Path):
            picture = read_image(picture)
        elif isinstance(picture, np.ndarray):
            picture = Image.fromarray(picture)
        return self.paint([self.fit(picture)])[0]

    def fit(self, picture: Image.Image) -> Image.Image:
        """The picture at the size to work at.

        Raises:
            UserError: if a side is shorter than the network can take, or the mask has other
                proportions.
        """
        if self.size is not None:
            picture = resize_short_side(picture, self.size)
        if min(self._working(picture.size)) < SMALLEST_SIDE:
            raise UserError(
                f"it is {picture.width}x{picture.height} pixels, and at least "
                f"{SMALLEST_SIDE}x{SMALLEST_SIDE} are needed; enlarge it with --size"
            )
        if self.look.mask is not None:
            self.look.mask.check(picture.size)
        return picture

    @torch.inference_mode()
    def paint(self, pictures: Sequence[Image.Image], to_come: int = 0) -> list[Image.Image]:
        """Repaint pictures of one size.

        Args:
            pictures: as `fit` returned them. One that takes many tiles is painted over.
            to_come: how many more of this size there will be; for enough of them the network is
                compiled first.

        Returns:
            RGB, or RGBA where the picture has transparency.
        """
        size = pictures[0].size
        canvas = Canvas(size, self._working(size), self.device)
        rows = list(plan_tiles(size, canvas.working, self._side(canvas.working), self.reach))
        if len(rows) == len(rows[0]) == 1:
            return self._paint_whole(canvas, pictures, rows[0][0], to_come)
        for picture in pictures:
            self._paint_tiles(canvas, picture, rows, to_come)
        return list(pictures)

    def _paint_whole(
        self, canvas: Canvas, pictures: Sequence[Image.Image], tile: Tile, to_come: int
    ) -> list[Image.Image]:
        pixels = canvas.seen(pictures, tile)
        painted = [painter.whole(pixels, to_come) for painter in self.painters]
        if self.look.preserve_color == "hist":
            painted = [_recolored(one, pixels) for one in painted]
        finished = self._finish(canvas, pictures, tile, painted)
        return [_like(picture, one) for picture, one in zip(pictures, finished, strict=True)]

    def _paint_tiles(
        self, canvas: Canvas, picture: Image.Image, rows: list[list[Tile]], to_come: int
    ) -> None:
        samples = canvas.samples(picture, self._side(canvas.working), self.reach)
        maps: list[ColorMap | None] = [None] * len(self.painters)
        for index, painter in enumerate(self.painters):
            painter.look_at(samples)
            if self.look.preserve_color == "hist":
                maps[index] = _map_of(painter, samples)
        del samples
        left = len(rows) * len(rows[0])
        to_come *= left
        # what is painted over has to have been seen by the tiles below it as well
        waiting: list[tuple[Tile, Image.Image]] = []
        with tqdm(total=left, unit="tile", leave=False, disable=not self.progress) as bar:
            for row in rows:
                above, waiting = waiting, []
                for tile in row:
                    left -= 1
                    pixels = canvas.seen([picture], tile)
                    painted = [one.tile(pixels, to_come + left) for one in self.painters]
                    painted = [a if b is None else b(a) for a, b in zip(painted, maps, strict=True)]
                    (finished,) = self._finish(canvas, [picture], tile, painted)
                    waiting.append((tile, _like(picture.crop(tile.kept), finished)))
                    bar.update()
                _paste(above, picture)
        _paste(waiting, picture)

    def _finish(
        self,
        canvas: Canvas,
        pictures: Sequence[Image.Image],
        tile: Tile,
        painted: Sequence[Tensor],
    ) -> np.ndarray:
        """What a tile gives of the finished pictures, uint8 `(N, H, W, 3)`."""
        painted = [canvas.kept(one, tile) for one in painted]
        photograph = inside = None
        if self.look.needs_photograph:
            photograph = canvas.cut(pictures, tile.kept)
        if self.look.mask is not None:
            inside = self.look.mask.part(canvas.size, tile.kept).to(self.device)
        return to_bytes(self.look.mix(painted, photograph, inside))

    def _working(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height at which a picture of this size is painted."""
        width, height = (round(length / self.style_scale) for length in size)
        return width, height

    def _side(self, working: tuple[int, int]) -> int | None:
        if self.tile != "auto":
            return self.tile
        return TILE_SIDE if working[0] * working[1] > TILED_FROM else None


def _read(checkpoint: str | Path, device: str) -> Model:
    if Path(checkpoint).suffix == ".onnx":
        network = OnnxNetwork(checkpoint, "cpu" if device == "cpu" else "auto")
        return Model(network, network.architecture, network.style)
    return read_model(checkpoint)


def _recolored(painted: Tensor, photographs: Tensor) -> Tensor:
    pairs = zip(painted.split(1), photographs.split(1), strict=True)
    return torch.cat([match_colors(one, photograph)(one) for one, photograph in pairs])


def _map_of(painter: Painter, samples: Sequence[Sample]) -> ColorMap:
    """Of a few of the samples: palettes do not take many."""
    pixels = [sample.pixels for sample in samples[:: max(1, len(samples) // 4)]]
    painted = [painter.tile(one) for one in pixels]
    flat = [torch.cat([one.flatten(2) for one in both], 2)[..., None] for both in (painted, pixels)]
    return match_colors(*flat)


def _like(picture: Image.Image, painted: np.ndarray) -> Image.Image:
    image = Image.fromarray(painted)
    if picture.mode == "RGBA":
        image.putalpha(picture.getchannel("A"))
    return image


def _paste(tiles: list[tuple[Tile, Image.Image]], picture: Image.Image) -> None:
    for tile, image in tiles:
        picture.paste(image, tile.kept[:2])
