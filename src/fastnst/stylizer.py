"""A trained network as a tool: picture in, painted picture out."""

from pathlib import Path

import torch
from PIL import Image

from fastnst.errors import UserError
from fastnst.images import flatten, resize_short_side, to_image, to_tensor
from fastnst.model_file import read_model
from fastnst.networks import SMALLEST_SIDE


def choose_device(name: str) -> torch.device:
    """`auto` takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        UserError: if the device asked for is not there.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(kind for kind, present in there.items() if present)
    if not there[name]:
        raise UserError(f"There is no {name} device here: use --device auto or --device cpu.")
    return torch.device(name)


class Stylizer:
    """Repaints pictures with one trained network.

    Args:
        checkpoint: a `model.safetensors` or a training checkpoint.
        device: `auto`, `cpu`, `cuda` or `mps`.

    Raises:
        UserError: if the checkpoint is none or the device is not there.
    """

    def __init__(self, checkpoint: str | Path, device: str = "auto") -> None:
        self.device = choose_device(device)
        network, self.style = read_model(checkpoint)
        self.network = network.to(self.device)

    @torch.inference_mode()
    def __call__(self, picture: Image.Image, size: int | None = None) -> Image.Image:
        """Repaint a picture; transparency is kept.

        Args:
            picture: any mode.
            size: length of the short side to work at, in pixels; None keeps the picture's size.

        Returns:
            RGB, or RGBA where the picture has transparency.

        Raises:
            UserError: if a side is shorter than the network can take.
        """
        if size is not None:
            picture = resize_short_side(picture, size)
        if min(picture.size) < SMALLEST_SIDE:
            raise UserError(
                f"it is {picture.width}x{picture.height} pixels, and at least "
                f"{SMALLEST_SIDE}x{SMALLEST_SIDE} are needed; enlarge it with --size"
            )
        pixels = to_tensor(flatten(picture))[None].to(self.device)
        painted = to_image(self.network(pixels)[0])
        if picture.mode == "RGBA":
            painted.putalpha(picture.getchannel("A"))
        return painted
