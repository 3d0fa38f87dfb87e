"""Whether a network may compute in bfloat16: what that costs depends on its weights."""

import torch
from torch import nn

from fastnst.machine import computes_bf16
from fastnst.stylizing import trial_picture

LEVEL = 1 / 255
MOST = 0.5 * LEVEL  # that pixels may change by, on average


@torch.inference_mode()
def bears_bf16(network: nn.Module, device: torch.device) -> bool:
    """Whether the hardware computes bfloat16 and the network's pictures stay as they are in it.

    It is tried with a drawn picture: they may change by half a step of 8 bits on average. Networks
    that add to an enlarged picture change by less; one that makes all of a picture can by more.

    Args:
        network: that enlarges, in `eval()` mode, on the device.
        device: where it is.
    """
    if not computes_bf16(device):
        return False
    images = trial_picture().to(device)
    exact = network(images)
    with torch.autocast(device.type, torch.bfloat16):
        rounded = network(images)
    return bool((rounded.float() - exact).abs().mean() < MOST)
