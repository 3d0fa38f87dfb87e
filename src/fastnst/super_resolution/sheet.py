"""Sample sheets of super-resolution."""

from pathlib import Path
from typing import cast

import pytorch_lightning as pl
import torch
from PIL import Image
from torch import Tensor

from fastnst.images import enlarge, labelled_grid, shrink, to_image
from fastnst.learning import SampleSheets

ROWS = ("bicubic", "enlarged", "truth")


class EnlargedSheets(SampleSheets):
    """Sheets of held-out pictures: what bicubic interpolation and the network make of them when
    they are small, and the truth.

    Args:
        folder: the run's.
        truth: `(N, 3, S, S)`.
        scale: how many times smaller.
        blur: sigma of the Gaussian before that, in pixels.
    """

    def __init__(self, folder: Path, truth: Tensor, scale: int, blur: float) -> None:
        super().__init__(folder)
        self.truth, self.small, self.scale = truth, shrink(truth, scale, blur), scale

    def draw(self, module: pl.LightningModule) -> Image.Image:
        """See `SampleSheets`."""
        device, dtype = module.device, cast(torch.dtype, module.dtype)
        # one at a time: a sheet shall not need more memory than training does
        enlarged = [module(small.to(device, dtype)) for small in self.small.split(1)]
        rows = (enlarge(self.small, self.scale), torch.cat(enlarged), self.truth)
        cells = [[to_image(picture) for picture in row] for row in rows]
        return labelled_grid(cells, [""] * len(self.truth), ROWS)
