"""Sheets that show how a training paints: what lies where."""

import numpy as np
import torch
from torch import nn

from fastnst.training.sheet import StyleSheets

SIDE = 16


class Painter(nn.Module):
    """Paints each style in a colour of its own, and brighter where the photograph is."""

    device, dtype = torch.device("cpu"), torch.float32

    def forward(self, photographs, styles):
        colour = torch.eye(3)[styles].view(-1, 3, 1, 1)
        return colour * (0.6 + 0.4 * photographs.mean((1, 2, 3), keepdim=True))


def test_styles_are_in_columns_and_photographs_in_rows(tmp_path):
    photographs = torch.stack([torch.full((3, SIDE, SIDE), value) for value in (0.0, 1.0)])
    paintings = {f"style_{number}": torch.full((1, 3, 20, 20), 0.2) for number in range(3)}
    sheet = np.asarray(StyleSheets(tmp_path, paintings, photographs).draw(Painter()))
    places = []  # of the middle of each painted picture
    for photograph in (0.0, 1.0, 0.5):  # the last is the grey one that is always there
        for channel in range(3):
            colour = np.zeros(3)
            colour[channel] = round(255 * (0.6 + 0.4 * photograph))
            y, x = np.nonzero((np.abs(sheet - colour) <= 1).all(-1))
            assert len(y) == SIDE * SIDE
            places.append((y.mean(), x.mean()))
    rows, columns = ([place[axis] for place in places] for axis in (0, 1))
    assert rows[0] == rows[1] == rows[2] < rows[3] == rows[5] < rows[6] == rows[8]
    assert columns[0] == columns[3] == columns[6] < columns[1] == columns[7] < columns[2]
