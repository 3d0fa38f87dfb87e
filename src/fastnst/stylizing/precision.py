"""Whether a network may compute in 8 bits: what that costs depends on its numbers."""

import torch
from PIL import Image
from torch import Tensor

from fastnst.drawing import draw_dead_leaves
from fastnst.images import to_tensor
from fastnst.machine import computes_int8
from fastnst.networks import TransformationNetwork, in_eight_bits, want

SIDE = 64  # pixels of the picture that it is tried with
MOST = 2 / 255  # that pixels may change by, on average


def trial_picture() -> Tensor:
    """A drawn picture to try a network with, `(1, 3, SIDE, SIDE)` in [0, 1]."""
    return to_tensor(Image.fromarray(draw_dead_leaves(SIDE, 0, 0)))[None]


def in_few_bits(
    network: TransformationNetwork, device: torch.device, styles: int | None = None
) -> TransformationNetwork:
    """The network in 8 bits, if the processor computes these and a drawn picture that is painted
    so stays nearly as it is; else the network itself.

    Args:
        network: in `eval()` mode, on the device.
        device: where it is.
        styles: how many it paints at once, if they share pictures.
    """
    rounded = in_eight_bits(network) if computes_int8(device) else network
    if rounded is network:
        return network
    picture = trial_picture()
    if styles is not None:  # each of them alone
        picture = picture.expand(styles, -1, -1, -1)
        shares = torch.eye(styles)[..., None, None].expand(-1, -1, SIDE, SIDE)
        for one in (network, rounded):
            want(one, shares)
    with torch.inference_mode():
        change = (rounded(picture) - network(picture)).abs().mean((1, 2, 3)).max()
    return rounded if change < MOST else network
