"""bfloat16: where the hardware has it and the network's pictures stay as they are."""

import pytest
import torch
from torch import nn

from fastnst.upscaling import precision
from fastnst.upscaling.precision import bears_bf16

CPU = torch.device("cpu")


class Same(nn.Module):
    """Gives the picture, over numbers that are so much larger."""

    def __init__(self, larger: float) -> None:
        super().__init__()
        self.larger, self.conv = larger, nn.Conv2d(3, 3, 1)
        nn.init.constant_(self.conv.bias, larger)
        nn.init.dirac_(self.conv.weight)

    def forward(self, images):
        return self.conv(images).float() - self.larger


@pytest.mark.parametrize(("larger", "bears"), [(0, True), (8, False), (float("nan"), False)])
def test_what_rounding_shows_in_is_computed_in_float32(monkeypatch, larger, bears):
    monkeypatch.setattr(precision, "computes_bf16", lambda _: True)
    assert bears_bf16(Same(larger), CPU) is bears


def test_nothing_is_tried_where_the_hardware_has_none(monkeypatch):
    monkeypatch.setattr(precision, "computes_bf16", lambda _: False)
    assert not bears_bf16(nn.Identity(), CPU)  # of which bfloat16 would change nothing
