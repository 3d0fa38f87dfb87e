"""Sheets of pictures that show how a training paints."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pytorch_lightning as pl
import torch
from PIL import Image, ImageOps
from torch import Tensor

from fastnst.images import labelled_grid, to_image
from fastnst.learning import SampleSheets

MARGIN = 8  # pixels between pictures


def draw_sheet(
    style: Image.Image, photographs: Sequence[Image.Image], painted: Sequence[Image.Image]
) -> Image.Image:
    """One style: it is at the left, photographs are above, their stylizations below.

    Args:
        style: any size; it is fitted into the first column.
        photographs: all of one size.
        painted: the stylization of each, of the same size.
    """
    width, height = photographs[0].size
    columns = 1 + len(photographs)
    sheet = Image.new(
        "RGB",
        (columns * (width + MARGIN) + MARGIN, 2 * (height + MARGIN) + MARGIN),
        "white",
    )
    fitted = ImageOps.contain(style, (width, 2 * height + MARGIN), Image.Resampling.LANCZOS)
    sheet.paste(fitted, (MARGIN, MARGIN + (2 * height + MARGIN - fitted.height) // 2))
    for column, pair in enumerate(zip(photographs, painted, strict=True), start=1):
        for row, picture in enumerate(pair):
            left = MARGIN + column * (width + MARGIN)
            sheet.paste(picture, (left, MARGIN + row * (height + MARGIN)))
    return sheet


def draw_styles_sheet(
    styles: Mapping[str, Image.Image],
    photographs: Sequence[Image.Image],
    painted: Sequence[Sequence[Image.Image]],
) -> Image.Image:
    """Many styles: they are above, and each photograph is at the left of its stylizations.

    Args:
        styles: by name, any sizes.
        photographs: all of one size.
        painted: of each photograph the stylization in each style, of the same size.
    """
    size = photographs[0].size
    heads = [ImageOps.contain(it, size, Image.Resampling.LANCZOS) for it in styles.values()]
    rows = [[photograph, *row] for photograph, row in zip(photographs, painted, strict=True)]
    cells = [[None, *heads], *rows]
    return labelled_grid(cells, ["", *styles], [""] * len(cells))


class StyleSheets(SampleSheets):
    """Sheets of the style pictures, and a few photographs with their stylizations.

    Args:
        folder: the run's.
        styles: the style pictures by name, `(1, 3, H, W)` each.
        photographs: `(N, 3, S, S)`, held-out photographs.
    """

    def __init__(self, folder: Path, styles: Mapping[str, Tensor], photographs: Tensor) -> None:
        super().__init__(folder)
        self.styles = {name: to_image(style[0]) for name, style in styles.items()}
        # blobs, the vice of these networks, show first where there is nothing to paint
        self.photographs = torch.cat([photographs, torch.full_like(photographs[:1], 0.5)])

    def draw(self, module: pl.LightningModule) -> Image.Image:
        """See `SampleSheets`."""
        device, dtype = module.device, cast(torch.dtype, module.dtype)
        numbers = torch.arange(len(self.styles), device=device)
        # one at a time: a sheet shall not need more memory than training does
        painted = [
            [to_image(module(photograph, style)[0]) for style in numbers.split(1)]
            for photograph in self.photographs.to(device, dtype).split(1)
        ]
        photographs = [to_image(photograph) for photograph in self.photographs]
        if len(self.styles) == 1:
            (style,) = self.styles.values()
            return draw_sheet(style, photographs, [row[0] for row in painted])
        return draw_styles_sheet(self.styles, photographs, painted)
