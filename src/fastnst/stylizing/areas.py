"""Several styles of one network in one picture, each in its own area of it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from fastnst.machine import UserError
from fastnst.models import Model, same_network
from fastnst.networks import Sample, style_of
from fastnst.stylizing.canvas import Canvas
from fastnst.stylizing.mask import Mask
from fastnst.stylizing.tiling import Tile


class Areas(NamedTuple):
    """Where each style goes.

    Attributes:
        masks: white where a style goes, one for each style but the last, which has the rest.
        styles: `(R, K)`, numbers of the styles.
    """

    masks: Sequence[Mask]
    styles: Tensor

    def wanted(self, canvas: Canvas, tile: Tile) -> Tensor:
        """How much of each style is wanted at each place of what a tile shows, `(1, R, H, W)`."""
        pictures = _over(tuple(self.masks), canvas.size)
        seen = [canvas.seen([picture], tile)[:, :1] for picture in pictures]
        return _shares(torch.cat(seen, 1))

    def on(self, samples: Sequence[Sample], canvas: Canvas, side: int, reach: int) -> list[Sample]:
        """Samples of a picture that know what is wanted where.

        Args:
            samples: as `canvas.samples` gave them, with this side and reach.
        """
        pictures = _over(tuple(self.masks), canvas.size)
        every = zip(*(canvas.samples(one, side, reach) for one in pictures), strict=True)
        return [
            sample._replace(shares=_Wanted(parts))
            for sample, parts in zip(samples, every, strict=True)
        ]


class _Wanted(NamedTuple):
    """Gives the shares for a sample: all of them together would take much memory."""

    parts: Sequence[Sample]

    def __call__(self) -> Tensor:
        return _shares(torch.cat([part.pixels()[:, :1] for part in self.parts], 1))


def make_areas(models: Sequence[Model], masks: Sequence[Mask]) -> Areas:
    """Areas for styles of one network.

    Args:
        models: one more than there are masks: the last is for the rest of the picture.
        masks: for the others.

    Raises:
        UserError: if they are not of one network.
    """
    if not same_network([model.network for model in models]):
        names = ", ".join(model.style["name"] for model in models)
        raise UserError(
            f"{names} do not share a network, and only styles that do can be in one picture's "
            f"regions: two others go with --mask."
        )
    return Areas(masks, torch.stack([style_of(model.network) for model in models]))


def _shares(wanted: Tensor) -> Tensor:
    """`(1, R - 1, H, W)` of the masks -> `(1, R, H, W)`; where masks overlap they share."""
    wanted = wanted / wanted.sum(1, keepdim=True).clamp_min(1)
    return torch.cat([wanted, 1 - wanted.sum(1, keepdim=True)], 1)


@lru_cache(maxsize=1)  # all tiles of a picture ask
def _over(masks: tuple[Mask, ...], size: tuple[int, int]) -> list[Image.Image]:
    """Masks as large as the picture, RGB as canvases take pictures."""
    return [mask.image.resize(size, Image.Resampling.BILINEAR).convert("RGB") for mask in masks]
