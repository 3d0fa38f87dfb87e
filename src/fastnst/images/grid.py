"""Tables of pictures: labels above the columns and at the left of the rows."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

MARGIN = 8  # pixels between pictures, and around text
SMALLEST_TEXT = 12  # pixels
TEXT_SHARE = 14  # a line of text is this part of a cell's short side

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def labelled_grid(
    cells: Sequence[Sequence[Image.Image | None]], columns: Sequence[str], rows: Sequence[str]
) -> Image.Image:
    """Put pictures on a white sheet, each in the middle of its cell; all cells are of one size.

    Text is never cut off: labels of columns are wrapped, and cells grow where a word is wider than
    the pictures or a row's label higher; the gutter is as wide as the longest line of `rows`.

    Args:
        cells: row by row; None stays white, at least one picture is there.
        columns: labels of the columns.
        rows: labels of the rows, wrapped only where they have a line break.
    """
    pictures = [picture for row in cells for picture in row if picture is not None]
    width = max(picture.width for picture in pictures)
    height = max(picture.height for picture in pictures)
    font = ImageFont.load_default(max(SMALLEST_TEXT, min(width, height) // TEXT_SHARE))
    words = (word for label in columns for word in label.split())
    width = max([width, *(_size(word, font)[0] for word in words)])
    height = max([height, *(_size(label, font)[1] for label in rows)])
    columns = [_wrapped(label, font, width) for label in columns]
    gutter = max(_size(label, font)[0] for label in rows)
    left = MARGIN + (gutter + MARGIN if gutter else 0)
    top = 2 * MARGIN + max(_size(label, font)[1] for label in columns)
    sheet = Image.new(
        "RGB",
        (left + len(columns) * (width + MARGIN), top + len(rows) * (height + MARGIN)),
        "white",
    )
    draw = ImageDraw.Draw(sheet)
    for column, label in enumerate(columns):
        middle = left + column * (width + MARGIN) + width / 2
        draw.text((middle, top - MARGIN), label, "black", font, anchor="md", align="center")
    for row, (label, line) in enumerate(zip(rows, cells, strict=True)):
        y = top + row * (height + MARGIN)
        where = left - MARGIN, y + height / 2
        draw.text(where, label, "black", font, anchor="rm", align="right")
        for column, picture in zip(range(len(columns)), line, strict=True):
            if picture is not None:
                x = left + column * (width + MARGIN)
                corner = x + (width - picture.width) // 2, y + (height - picture.height) // 2
                sheet.paste(picture, corner)
    return sheet


def stack(sheets: Sequence[Image.Image]) -> Image.Image:
    """Put sheets below each other, each in the middle."""
    width = max(sheet.width for sheet in sheets)
    joined = Image.new("RGB", (width, sum(sheet.height for sheet in sheets)), "white")
    top = 0
    for sheet in sheets:
        joined.paste(sheet, ((width - sheet.width) // 2, top))
        top += sheet.height
    return joined


def _size(text: str, font: Font) -> tuple[int, int]:
    """Width and height in pixels of what is drawn, from the first line's ascender downwards."""
    draw = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    left, top, right, _ = draw.textbbox((0, 0), text, font, anchor="md")
    return (round(right - left + 0.5), round(-top + 0.5)) if text else (0, 0)


def _wrapped(text: str, font: Font, width: int) -> str:
    """Lines of at most `width` pixels, unless a word is wider."""
    lines: list[str] = []
    for word in text.split():
        if lines and _size(f"{lines[-1]} {word}", font)[0] <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)
