"""Training pictures for super-resolution: the truth, and what the network is given of it."""

import torch
from torch import Tensor

from fastnst.config import CocoData, DeadLeavesData, FolderData
from fastnst.data import PhotographData
from fastnst.images import shrink


class EnlargingData(PhotographData):
    """`PhotographData` whose batches are pictures and the same, made smaller on the device.

    Args:
        settings: the `data` group.
        seed: of the shuffling.
        scale: how many times smaller.
        blur: sigma of the Gaussian before that, in pixels.
    """

    def __init__(
        self, settings: CocoData | FolderData | DeadLeavesData, seed: int, scale: int, blur: float
    ) -> None:
        if isinstance(settings, DeadLeavesData):
            # of noise nothing is left in the small picture: features that ask for it back are
            # given a lattice of dots
            settings = settings.model_copy(update={"grain": False})
        elif settings.resize == "crop":
            # a picture that was made smaller is sharper than those that people enlarge
            settings = settings.model_copy(update={"resize": "cut"})
        super().__init__(settings, seed)
        self.scale, self.blur = scale, blur

    def on_after_batch_transfer(
        self, batch: tuple[Tensor, Tensor, Tensor, Tensor], dataloader_idx: int
    ) -> tuple[Tensor, ...]:
        """`(N, 3, S, S)` in [0, 1], and `(N, 3, S / scale, S / scale)`."""
        truth, _ = super().on_after_batch_transfer(batch, dataloader_idx)
        small = shrink(truth.float(), self.scale, self.blur).to(truth)
        return truth, small.contiguous(memory_format=torch.channels_last)
