"""Batches of photographs, of bytes or floats, painted each in a style of its own."""

import copy
from typing import Any

import torch
from torch import Tensor

from fastnst.machine import UserError, computes_bf16
from fastnst.networks import SMALLEST_SIDE, TransformationNetwork, paint_styles

CPU = torch.device("cpu")
# at once: on a processor ten pictures of 224x224, whose features stay in its caches (64 of them
# take a sixth less time than all at once); on others as much as keeps them busy
PIXELS_ON_CPU, PIXELS = 2**19, 2**24
BEYOND = 0.5  # that floats may lie outside [0, 1]: resizing overshoots a little, `Normalize` more


def check_pictures(pictures: Tensor) -> None:
    """Check that these are pictures that can be painted.

    Raises:
        UserError: if they are not `(N, 3, H, W)` or `(3, H, W)`, smaller than 16 pixels, neither
            bytes nor floats, or not in [0, 1].
    """
    shape = tuple(pictures.shape)
    if len(shape) not in (3, 4) or shape[-3] != 3:
        raise UserError(
            f"RandomStyle paints RGB, (N, 3, H, W) or (3, H, W), and was given {shape}: turn grey "
            f"pictures into RGB before, and where another tensor comes before the picture make "
            f"that a tv_tensors.Image."
        )
    if min(shape[-2:]) < SMALLEST_SIDE:
        raise UserError(
            f"RandomStyle paints pictures of at least {SMALLEST_SIDE}x{SMALLEST_SIDE} pixels, and "
            f"was given {shape[-1]}x{shape[-2]}: enlarge them before."
        )
    if pictures.dtype != torch.uint8 and not pictures.is_floating_point():
        raise UserError(
            f"RandomStyle paints bytes (torch.uint8) or floats in [0, 1], and was given "
            f"{pictures.dtype}: put v2.ToDtype(torch.float32, scale=True) before it."
        )
    if pictures.is_floating_point() and pictures.numel():
        lowest, highest = (value.item() for value in pictures.detach().aminmax())
        if not (lowest >= -BEYOND and highest <= 1 + BEYOND):
            raise UserError(
                f"RandomStyle paints floats in [0, 1], and was given some from {lowest:.3g} to "
                f"{highest:.3g}: put it before Normalize, and scale bytes with "
                f"v2.ToDtype(torch.float32, scale=True)."
            )


class BatchPainter:
    """A network that paints each picture of a batch in a style of its own.

    Args:
        network: in `eval()` mode, on the CPU.
    """

    def __init__(self, network: TransformationNetwork) -> None:
        self._copies = {CPU: network.requires_grad_(False)}

    def __getstate__(self) -> dict[str, Any]:
        """For another process, which makes copies for other devices of its own."""
        return {"_copies": {CPU: self._copies[CPU]}}

    @torch.no_grad()  # and not inference_mode: what is painted is learnt from afterwards
    def paint(self, pictures: Tensor, numbers: Tensor, strengths: Tensor) -> Tensor:
        """Paint pictures.

        Args:
            pictures: `(N, 3, H, W)`, N at least 1, RGB, bytes or floats in [0, 1].
            numbers: of the style of each, `(N, K)`.
            strengths: of the painting over the photograph, 0 to 1, `(N,)`.

        Returns:
            `(N, 3, H, W)`, on the same device and of the same type.
        """
        device = pictures.device
        pixels = PIXELS_ON_CPU if device.type == "cpu" else PIXELS
        together = max(1, pixels // (pictures.shape[-2] * pictures.shape[-1]))
        network = self._on(device)
        rows = (pictures, numbers.to(device), strengths.to(device))
        parts = zip(*(row.split(together) for row in rows), strict=True)
        return torch.cat([_paint(network, *part) for part in parts])

    def _on(self, device: torch.device) -> TransformationNetwork:
        if device not in self._copies:
            self._copies[device] = copy.deepcopy(self._copies[CPU]).to(device)
        return self._copies[device]


def _paint(
    network: TransformationNetwork, pictures: Tensor, numbers: Tensor, strengths: Tensor
) -> Tensor:
    whole = pictures.dtype == torch.uint8
    photographs = pictures.float() / 255 if whole else pictures.float()
    device = pictures.device
    with torch.autocast(device.type, torch.bfloat16, enabled=computes_bf16(device)):
        painted = paint_styles(network, photographs, numbers).float()
    mixed = photographs.lerp(painted, strengths.view(-1, 1, 1, 1))
    # `mixed` of bytes is in [0, 1], and so are its roundings
    return (mixed * 255).round_().to(torch.uint8) if whole else mixed.to(pictures.dtype)
