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
        return colour * (0.6 + 0.4 * photographs)


def test_styles_are_in_columns_and_photographs_in_rows(tmp_path):
    photographs = torch.stack([torch.full((3, SIDE, SIDE), value) for value in (0.0, 1.0)])
    paintings = {
        f"style_{number}": 0.2 * torch.eye(3)[number].view(1, 3, 1, 1).expand(-1, -1, 20, 20)
        for number in range(3)
    }
    sheet = np.asarray(StyleSheets(tmp_path, paintings, photographs).draw(Painter()))
    places = []  # of the middle of each painting, and of each painted picture
    for brightness in (0.2, 0.6, 1.0, 0.8):  # the last is of the grey one that is always there
        for channel in range(3):
            colour = np.zeros(3)
            colour[channel] = round(255 * brightness)
            y, x = np.nonzero((np.abs(sheet - colour) <= 1).all(-1))
            assert len(y) == SIDE * SIDE
            places.append((y.mean(), x.mean()))
    rows, columns = ([place[axis] for place in places] for axis in (0, 1))
    assert rows[0] == rows[2] < rows[3] == rows[5] < rows[6] == rows[8] < rows[9] == rows[11]
    assert columns[:3] == columns[3:6] == columns[6:9] == columns[9:] == sorted(columns[:3])
