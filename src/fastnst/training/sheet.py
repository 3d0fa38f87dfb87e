"""Sheets of pictures that show what a training has learnt."""

from collections.abc import Mapping, Sequence

from PIL import Image, ImageOps

from fastnst.images import labelled_grid

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
