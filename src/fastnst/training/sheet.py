"""A sheet of pictures: the style at the left, photographs above, their stylizations below."""

from collections.abc import Sequence

from PIL import Image, ImageOps

MARGIN = 8  # pixels between pictures


def draw_sheet(
    style: Image.Image, photographs: Sequence[Image.Image], painted: Sequence[Image.Image]
) -> Image.Image:
    """Put pictures on one white sheet.

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
