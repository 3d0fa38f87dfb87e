"""Whether a network may compute in 8 bits: what that costs depends on its numbers."""

import torch

from fastnst.drawing import draw_dead_leaves
from fastnst.machine import computes_int8
from fastnst.networks import TransformationNetwork, in_eight_bits

SIDE = 64  # pixels of the picture that it is tried with
MOST = 2 / 255  # that pixels may change by, on average


@torch.inference_mode()
def in_few_bits(network: TransformationNetwork, device: torch.device) -> TransformationNetwork:
    """The network in 8 bits, if the processor computes these and a drawn picture that is painted
    so stays nearly as it is; else the network itself.

    Args:
        network: in `eval()` mode, on the device.
        device: where it is.
    """
    if not computes_int8(device):
        return network
    with torch.inference_mode(False):  # its tensors are to be copied with the network
        rounded = in_eight_bits(network)
    if rounded is network:
        return network
    picture = torch.from_numpy(draw_dead_leaves(SIDE, 0, 0))
    images = picture.permute(2, 0, 1)[None].float() / 255
    change = (rounded(images) - network(images)).abs().mean()
    return rounded if change < MOST else network
