"""Labelled tables of pictures: where pictures and labels are, and that no text is cut off."""

import numpy as np
import pytest
from PIL import Image

from fastnst.images.grid import MARGIN, labelled_grid, stack

WHITE = (255, 255, 255)
LONG = "style layers 1-5: relu1_1, relu2_1, relu3_1, relu4_1, relu5_1"


def plain(color: str, size: tuple[int, int] = (120, 60)) -> Image.Image:
    return Image.new("RGB", size, color)


def box(sheet: Image.Image, color: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Of the pixels of a colour: left, top, right, bottom."""
    y, x = np.nonzero((np.asarray(sheet) == color).all(-1))
    return x.min(), y.min(), x.max() + 1, y.max() + 1


def ink(sheet: Image.Image) -> np.ndarray:
    """Where text is, if the pictures have bright colours."""
    return (np.asarray(sheet).max(-1) < 200) & (np.asarray(sheet).std(-1) == 0)


def test_pictures_are_whole_and_in_their_rows_and_columns():
    cells = [[plain("red"), plain("lime")], [plain("blue"), plain("yellow")]]
    sheet = labelled_grid(cells, ["one", "two"], ["a", "b"])
    red, lime = box(sheet, (255, 0, 0)), box(sheet, (0, 255, 0))
    blue, yellow = box(sheet, (0, 0, 255)), box(sheet, (255, 255, 0))
    for left, top, right, bottom in (red, lime, blue, yellow):
        assert (right - left, bottom - top) == (120, 60)
    assert (red[0], red[1]) == (blue[0], lime[1])
    assert (yellow[0], yellow[1]) == (lime[0], blue[1])
    assert lime[0] - red[2] == blue[1] - red[3] == MARGIN
    assert sheet.size == (yellow[2] + MARGIN, yellow[3] + MARGIN)


def test_another_shape_is_in_the_middle_of_its_cell_and_none_is_white():
    small = plain("red", (40, 20))
    sheet = labelled_grid([[plain("lime"), small, None]], ["", "", ""], [""])
    whole, inside = box(sheet, (0, 255, 0)), box(sheet, (255, 0, 0))
    assert inside[0] - (whole[2] + MARGIN) == (120 - 40) // 2
    assert inside[1] - whole[1] == whole[3] - inside[3] == 20
    third = np.asarray(sheet)[:, whole[2] + MARGIN + 120 + MARGIN :]
    assert (third == WHITE).all()


@pytest.mark.slow
@pytest.mark.parametrize("side", [16, 100, 700])
@pytest.mark.parametrize("columns", [[LONG, "gjpqy"], ["a_very_long_name_of_a_file", LONG]])
def test_no_text_is_cut_off_or_lies_on_another_or_on_a_picture(side, columns):
    rows = ["the longest label of these rows", "content layer\nrelu5_2\nand\nfour\nlines\nmore"]
    cells = [[plain("red", (side, side)), plain("lime", (side, side))], [plain("blue"), None]]
    sheet = labelled_grid(cells, columns, rows)
    text = ink(sheet)
    assert not any(edge.any() for edge in (text[:2], text[-2:], text[:, :2], text[:, -2:]))
    red, lime, blue = (box(sheet, rgb) for rgb in ((255, 0, 0), (0, 255, 0), (0, 0, 255)))
    assert [(right - left, bottom - top) for left, top, right, bottom in (red, lime, blue)] == [
        (side, side), (side, side), (120, 60),
    ]  # fmt: skip
    width = lime[0] - red[0] - MARGIN
    left = red[0] - (width - side) // 2
    assert width >= max(side, 120)
    assert not text[:, left - MARGIN : left].any()
    assert not text[:, left + width : left + width + MARGIN].any()
    for column in (left, left + width + MARGIN):
        assert text[: red[1], column : column + width].any()
    # between the labels of two rows there are white lines, and none within a line of text
    gutter = text[:, :left].any(1)
    assert (np.diff(gutter.astype(int)) == 1).sum() == 7


def test_stacked_sheets_are_below_each_other_in_the_middle():
    joined = stack([plain("red", (20, 10)), plain("lime", (60, 30))])
    assert joined.size == (60, 40)
    assert box(joined, (255, 0, 0)) == (20, 0, 40, 10)
    assert box(joined, (0, 255, 0)) == (0, 10, 60, 40)
