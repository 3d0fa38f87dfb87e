"""Trained networks as a tool: pictures in, painted pictures out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, overload

import torch
from PIL import Image
from tqdm import tqdm

from fastnst.images import PreserveColor, resize_short_side, with_short_side
from fastnst.machine import UserError, choose_device
from fastnst.models import same_network
from fastnst.networks import SMALLEST_SIDE
from fastnst.stylizing.any_style import STYLE_SIZE
from fastnst.stylizing.areas import make_areas
from fastnst.stylizing.canvas import Canvas
from fastnst.stylizing.look import make_look
from fastnst.stylizing.mask import Mask
from fastnst.stylizing.painter import Painter
from fastnst.stylizing.pictures import Picture, one_picture, several_pictures
from fastnst.stylizing.regions import paint_tiles, paint_whole
from fastnst.stylizing.sources import Checkpoint, Region, chosen, chosen_region, read, shared_style
from fastnst.stylizing.tiling import check_tile

TILED_FROM = 2**21  # pixels: larger pictures go through the network in tiles
TILE_SIDE = 768  # pixels
BATCH_PIXELS = 2**20  # in a batch at most, unless one picture alone has more


class Stylizer:
    """Repaints pictures with trained networks.

        painted = Stylizer("model.safetensors")("photo.jpg")

    Args:
        checkpoint: the folder of a run, a `model.safetensors`, a style file, a training checkpoint,
            a `.onnx` file, or a network of pytorch/examples; or several of them, for `blend` or
            `mask`.
        device: `auto`, `cpu`, `cuda` or `mps`, one of several as `cuda:1`, or a `torch.device`.
        size: length of the short side to work at, in pixels; None keeps each picture's size.
        style_scale: size of the strokes, as a factor: the picture is painted smaller by that, and
            then brought back to its size.
        strength: of the painted picture over the photograph, 0 to 1.
        preserve_color: `lum` keeps the photograph's colours and takes only light and dark from the
            painted picture; `hist` gives the painted picture the photograph's palette.
        mask: a picture, its file, or a `Mask`, that is white where to paint and black where the
            photograph stays, or where the second of two checkpoints paints.
        blend: shares of several checkpoints in the painted picture.
        style: in place of a checkpoint, the name of a finished style, or the file of a painting,
            whose style is predicted; or several of these and style files with their shares: then
            the styles are mixed, not pictures.
        style_size: short side of such a painting, in pixels; larger for larger strokes.
        regions: masks as above, each with a style by name, or as for `checkpoint`; where none is
            white the one of `checkpoint` or `style` paints. All are to be of one network, which
            paints them in one pass, so that they flow into each other. Two checkpoints of one
            network with a `mask` are painted so as well.
        tile: side of the tiles that huge pictures are painted in, in pixels; `auto` takes tiles
            for more than 2 million pixels, None never.
        progress: show a bar for a picture of many tiles.

    Raises:
        UserError: if a checkpoint is none, the device is not there, or wishes contradict.
    """

    when_too_large = "work at a smaller --size"

    def __init__(
        self,
        checkpoint: Checkpoint | Sequence[Checkpoint] | None = None,
        device: str | torch.device = "auto",
        *,
        size: int | None = None,
        style_scale: float = 1.0,
        strength: float = 1.0,
        preserve_color: PreserveColor | None = None,
        mask: Mask | str | Path | Image.Image | None = None,
        blend: Sequence[float] | None = None,
        style: str | Mapping[str, float] | None = None,
        style_size: int = STYLE_SIZE,
        regions: Mapping[str | Path | Mask, Region] | None = None,
        tile: int | Literal["auto"] | None = "auto",
        progress: bool = False,
    ) -> None:
        checkpoints = chosen(checkpoint, style)
        _check(size, style_scale)
        self.size, self.style_scale, self.progress = size, style_scale, progress
        self.device = choose_device(device)
        mask = None if mask is None else _as_mask(mask)
        if regions and (len(checkpoints) != 1 or blend is not None):
            raise UserError(
                "--regions are for other styles of one network: give one --style or --ckpt for the "
                "rest of the picture."
            )
        shared = [shared_style(one) for one in checkpoints]
        checkpoints = shared if regions else checkpoints
        models = [read(path, self.device, style_size) for path in checkpoints]
        areas = None
        if mask is not None and len(models) == 2 and blend is None:
            together = [  # of one that has a network of its own too, the shared one
                model if other == path else read(other, self.device, style_size)
                for model, path, other in zip(models, checkpoints, shared, strict=True)
            ]
            if same_network([model.network for model in together]):
                models, areas, mask = together, make_areas(together, [mask]), None
        elif regions:
            named = [chosen_region(it) for it in regions.values()]
            others = [read(it, self.device, style_size) for it in named]
            areas = make_areas([*others, *models], [_as_mask(it) for it in regions])
            models += others
        if areas is None:
            self.painters = [Painter(model.network, self.device) for model in models]
        else:
            self.painters = [Painter(models[0].network, self.device, areas.styles)]
        count = len(self.painters)
        self.look = make_look(count, blend, strength, preserve_color, mask, areas)
        names = [model.style["name"] for model in models]
        titles = [str(model.style.get("title", model.style["name"])) for model in models]
        self.style = {"name": "_".join(names), "title": " + ".join(titles)}
        networks = [model.network for model in models]
        self.reach = max(network.reach for network in networks)
        # the one whose style is painted, if it is one
        self.network = networks[0] if len(networks) == 1 and areas is None else None
        self.tile: int | Literal["auto"] | None = self._checked(tile)

    def _checked(self, tile: int | Literal["auto"] | None) -> int | Literal["auto"] | None:
        exported = any(painter.exported for painter in self.painters)
        if exported and isinstance(tile, int):
            raise UserError(
                "A .onnx file paints pictures whole: give --tile off, or the checkpoint that it "
                "was made from."
            )
        check_tile(tile, self.reach)
        return None if exported else tile

    @overload
    def __call__(self, picture: Picture) -> Image.Image: ...
    @overload
    def __call__(self, picture: Sequence[Picture]) -> list[Image.Image]: ...
    def __call__(self, picture: Picture | Sequence[Picture]) -> Image.Image | list[Image.Image]:
        """Repaint a picture, or several.

        Args:
            picture: a Pillow image; its file, by name, open for reading or as bytes; an array of
                uint8, `(H, W)`, `(H, W, 3)` or `(H, W, 4)`; or a tensor of floats in [0, 1],
                `(3, H, W)`, RGB. Several: a list or tuple of these, or a tensor `(N, 3, H, W)`.

        Returns:
            A Pillow image, RGB, or RGBA where the picture has transparency; of several a list.

        Raises:
            UserError: if it is too small, is no picture, or its file cannot be read.
        """
        several = several_pictures(picture)
        if several is not None:
            return [self._one(each) for each in several]
        return self._one(picture)

    def move(self, device: torch.device) -> None:
        """Compute there from now on."""
        self.device = device
        for painter in self.painters:
            painter.move(device)

    def _one(self, picture: object) -> Image.Image:
        return self.paint([self.fit(one_picture(picture))])[0]

    def fit(self, picture: Image.Image) -> Image.Image:
        """The picture at the size to work at.

        Raises:
            UserError: if a side is shorter than the network can take, or the mask has other
                proportions.
        """
        for mask in self.look.masks:
            mask.check(picture.size)
        width, height = self._working(self.fitted(picture.size))
        if min(width, height) < SMALLEST_SIDE:
            raise UserError(
                f"it would be painted at {width}x{height} pixels, and at least "
                f"{SMALLEST_SIDE}x{SMALLEST_SIDE} are needed; enlarge it with --size"
            )
        return picture if self.size is None else resize_short_side(picture, self.size)

    def fitted(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height of a picture after `fit`."""
        return size if self.size is None else with_short_side(size, self.size)

    def result_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height of what `paint` makes of a picture that has these: the same."""
        return size

    def together(self, size: tuple[int, int]) -> int:
        """How many pictures of a width and height are best painted at once."""
        width, height = self._working(size)
        tiled = self._side((width, height)) is not None
        return 1 if tiled else max(1, BATCH_PIXELS // (width * height))

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
        side = self._side(canvas.working)
        rows = canvas.tiles(side, self.reach)
        if len(rows) == len(rows[0]) == 1:
            return paint_whole(pictures, canvas, rows[0][0], self.painters, self.look, to_come)
        assert side is not None  # or there would be one tile
        count = len(rows) * len(rows[0])
        for picture in pictures:
            samples = canvas.samples(picture, side, self.reach)
            if self.look.areas is not None:
                samples = self.look.areas.on(samples, canvas, side, self.reach)
            steps = paint_tiles(
                picture, canvas, rows, samples, self.painters, self.look, count * to_come
            )
            del samples
            for _ in tqdm(steps, "tiles", count, leave=False, disable=not self.progress):
                pass
        return list(pictures)

    def _working(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height at which a picture of this size is painted."""
        width, height = (round(length / self.style_scale) for length in size)
        return width, height

    def _side(self, working: tuple[int, int]) -> int | None:
        if self.tile != "auto":
            return self.tile
        return TILE_SIDE if working[0] * working[1] > TILED_FROM else None


def _check(size: int | None, style_scale: float) -> None:
    if size is not None and size < SMALLEST_SIDE:
        raise UserError(f"The size is {size}: give at least {SMALLEST_SIDE}.")
    if not 0.1 <= style_scale <= 10:
        raise UserError(f"The style_scale is {style_scale}: give a number from 0.1 to 10.")


def _as_mask(mask: Mask | str | Path | Image.Image) -> Mask:
    return mask if isinstance(mask, Mask) else Mask(mask)
