"""A trained network for super-resolution as a tool: pictures in, larger ones out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, overload

import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from fastnst.images import to_bytes
from fastnst.machine import UserError, choose_device, free_memory, memory_errors, readable_size
from fastnst.models import finished_enlarger, read_enlarger
from fastnst.networks import SCALES, SMALLEST_SIDE
from fastnst.stylizing import (
    Picture,
    check_tile,
    one_picture,
    several_pictures,
    smallest_side,
)
from fastnst.upscaling.histograms import match_histograms
from fastnst.upscaling.precision import bears_bf16
from fastnst.upscaling.tiles import cut, enlarged
from fastnst.upscaling.transparency import colors, larger_alpha

TILED_FROM = 2**22  # pixels of the result: larger ones are made in tiles
TILE_SIDE = 2048  # pixels of the result
BYTES = 5  # that a pixel of the result takes: four in Pillow, and one of transparency


class Upscaler:
    """Enlarges pictures with a trained network for super-resolution.

        large = Upscaler()("photo.jpg")

    Args:
        checkpoint: the folder of a run, a `model.safetensors` or a training checkpoint; None for
            the network that comes with fastnst.
        device: `auto`, `cpu`, `cuda` or `mps`, one of several as `cuda:1`, or a `torch.device`.
        scale: 2, 4 or 8, which has to be that of the network; None for whatever it has.
        match_colors: give each result the histogram of its picture in each channel, as Johnson et
            al. 2016 do.
        tile: side of the tiles that large pictures are enlarged in, in pixels of the picture;
            `auto` takes tiles for more than 4 million pixels of the result, None never.
        progress: show a bar for a picture of many tiles.

    Attributes:
        scale: how many times larger pictures become.

    Raises:
        UserError: if the checkpoint is none, the device is not there, or the network has another
            scale.
    """

    when_too_large = "give a smaller --tile, or enlarge parts of it"

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        device: str | torch.device = "auto",
        *,
        scale: int | None = None,
        match_colors: bool = False,
        tile: int | Literal["auto"] | None = "auto",
        progress: bool = False,
    ) -> None:
        if scale is not None and scale not in SCALES:
            raise UserError(f"The scale is {scale}: give 2, 4 or 8.")
        self.device = choose_device(device)
        checkpoint = finished_enlarger() if checkpoint is None else checkpoint
        self.network = read_enlarger(checkpoint).network.to(self.device)
        self.scale = self.network.scale
        if scale not in (None, self.scale):
            raise UserError(
                f"{checkpoint} enlarges {self.scale} times, not {scale}: leave out the scale, or "
                f"give a network that was trained for it."
            )
        check_tile(tile, self.network.reach)
        self.tile: int | Literal["auto"] | None = tile
        self.match_colors, self.progress = match_colors, progress
        self._in_bf16 = bears_bf16(self.network, self.device)

    @overload
    def __call__(self, picture: Picture) -> Image.Image: ...
    @overload
    def __call__(self, picture: Sequence[Picture]) -> list[Image.Image]: ...
    def __call__(self, picture: Picture | Sequence[Picture]) -> Image.Image | list[Image.Image]:
        """Enlarge a picture, or several.

        Args:
            picture: as `Stylizer` takes it: a Pillow image, a file, its bytes, an array, a tensor;
                or a list of these.

        Returns:
            A Pillow image, RGB, or RGBA where the picture has transparency; of several a list.

        Raises:
            UserError: if it is too small, too large for the memory, no picture, or its file cannot
                be read.
        """
        several = several_pictures(picture)
        if several is not None:
            return [self._one(each) for each in several]
        return self._one(picture)

    def _one(self, picture: object) -> Image.Image:
        with memory_errors(self.when_too_large):
            return self.paint([self.fit(one_picture(picture))])[0]

    def fit(self, picture: Image.Image) -> Image.Image:
        """The picture, if it can be enlarged.

        Raises:
            UserError: if a side is shorter than the network can take, or there is no memory for the
                result.
        """
        if min(picture.size) < SMALLEST_SIDE:
            raise UserError(
                f"it has {picture.width}x{picture.height} pixels, and at least "
                f"{SMALLEST_SIDE}x{SMALLEST_SIDE} are needed to enlarge it"
            )
        width, height = self.result_size(picture.size)
        needed, free = BYTES * width * height, free_memory()
        if free is not None and needed > free:
            raise UserError(
                f"the result would have {width}x{height} pixels, for which {readable_size(needed)} "
                f"of memory are needed and {readable_size(free)} free; enlarge parts of it"
            )
        return picture

    def fitted(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height of a picture after `fit`: the same."""
        return size

    def result_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height of the result of a picture that has these."""
        return size[0] * self.scale, size[1] * self.scale

    def together(self, size: tuple[int, int]) -> int:
        """How many pictures of a width and height are best enlarged at once."""
        return 1 if self._side(size) else max(1, TILED_FROM // self._pixels(size))

    @torch.inference_mode()
    def paint(self, pictures: Sequence[Image.Image], to_come: int = 0) -> list[Image.Image]:
        """Enlarge pictures of one size.

        Args:
            pictures: as `fit` returned them.
            to_come: of no use here: nothing is compiled.

        Returns:
            RGB, or RGBA where the picture has transparency.
        """
        size = pictures[0].size
        results = [Image.new(picture.mode, self.result_size(size)) for picture in pictures]
        grid = cut(size, self.scale, self._side(size), self.network.reach)
        count = len(grid.tiles)
        steps = enlarged(self._run, [*map(colors, pictures)], grid, self.device)
        hidden = count == 1 or not self.progress
        for box, pixels in tqdm(steps, "tiles", count, leave=False, disable=hidden):
            for result, values in zip(results, to_bytes(pixels), strict=True):
                result.paste(Image.fromarray(values), box[:2])
        for picture, result in zip(pictures, results, strict=True):
            alpha = larger_alpha(picture, result.size)
            if self.match_colors:
                match_histograms(result, picture, alpha)
            if alpha is not None:
                result.putalpha(alpha)
        return results

    def _run(self, images: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._in_bf16):
            return self.network(images).float()

    def _pixels(self, size: tuple[int, int]) -> int:
        """Of the result."""
        return size[0] * size[1] * self.scale**2

    def _side(self, size: tuple[int, int]) -> int | None:
        """Of the tiles of a picture; None if it goes through the network whole."""
        if self.tile != "auto":
            return self.tile
        if self._pixels(size) <= TILED_FROM:
            return None
        return max(TILE_SIDE // self.scale, smallest_side(self.network.reach))
