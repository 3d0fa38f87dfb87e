"""A trained network as a tool: pictures in, painted pictures out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fastnst.compilation import Compiled
from fastnst.errors import UserError
from fastnst.hardware import choose_device, computes_bf16
from fastnst.images import flatten, resize_short_side
from fastnst.model_file import read_model
from fastnst.networks import SMALLEST_SIDE

# Pixels of one size still to paint after which compiling the network for that size has won back
# the time it takes: on two cores of an AMD EPYC about 10 seconds against 0.4 for each million
# pixels. For a GPU not measured yet.
PAYS_AFTER = {"cpu": 2**25, "cuda": 2**30}


class Stylizer:
    """Repaints pictures with one trained network, in bfloat16 where the hardware computes it.

    Args:
        checkpoint: a `model.safetensors` or a training checkpoint.
        device: `auto`, `cpu`, `cuda` or `mps`.
        size: length of the short side to work at, in pixels; None keeps each picture's size.

    Raises:
        UserError: if the checkpoint is none or the device is not there.
    """

    def __init__(
        self, checkpoint: str | Path, device: str = "auto", *, size: int | None = None
    ) -> None:
        self.size = size
        self.device = choose_device(device)
        network, self.style = read_model(checkpoint)
        self.network = network.to(self.device)
        self._compiled: dict[torch.Size, Compiled] = {}

    def __call__(self, picture: Image.Image) -> Image.Image:
        """Repaint one picture, see `fit` and `paint`."""
        return self.paint([self.fit(picture)])[0]

    def fit(self, picture: Image.Image) -> Image.Image:
        """The picture at the size to work at.

        Raises:
            UserError: if a side is shorter than the network can take.
        """
        if self.size is not None:
            picture = resize_short_side(picture, self.size)
        if min(picture.size) < SMALLEST_SIDE:
            raise UserError(
                f"it is {picture.width}x{picture.height} pixels, and at least "
                f"{SMALLEST_SIDE}x{SMALLEST_SIDE} are needed; enlarge it with --size"
            )
        return picture

    @torch.inference_mode()
    def paint(self, pictures: Sequence[Image.Image], to_come: int = 0) -> list[Image.Image]:
        """Repaint pictures of one size; transparency is kept.

        Args:
            pictures: of the same size, any mode.
            to_come: how many more of this size there will be; for enough of them the network is
                compiled first.

        Returns:
            RGB, or RGBA where the picture has transparency.
        """
        values = np.stack([np.asarray(flatten(picture)) for picture in pictures])
        pixels = torch.from_numpy(values).to(self.device).permute(0, 3, 1, 2).float() / 255
        work = to_come * pixels.shape[2] * pixels.shape[3]
        if work >= PAYS_AFTER.get(self.device.type, float("inf")):
            self._compiled.setdefault(pixels.shape, Compiled(self.network))
        network = self._compiled.get(pixels.shape, self.network)
        bf16 = computes_bf16(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
            output = network(pixels)
        return [_like(picture, one) for picture, one in zip(pictures, _bytes(output), strict=True)]


def _bytes(images: Tensor) -> np.ndarray:
    """`(N, 3, H, W)` in [0, 1] -> uint8 `(N, H, W, 3)`, rounded."""
    return images.permute(0, 2, 3, 1).mul(255).round().byte().cpu().numpy()


def _like(picture: Image.Image, painted: np.ndarray) -> Image.Image:
    image = Image.fromarray(painted)
    if picture.mode == "RGBA":
        image.putalpha(picture.getchannel("A"))
    return image
