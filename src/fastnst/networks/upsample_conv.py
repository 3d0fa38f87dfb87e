"""Nearest-neighbour upsampling and a convolution as one, with less than half of the work."""

from itertools import product
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from fastnst.networks.layers import paints_at_once, replication_pad


class UpsampleConv2d(nn.Conv2d):
    """Nearest-neighbour upsampling to twice the size, reflection padding by one pixel, 3x3
    convolution, all in one: no checkerboard (Odena, Dumoulin, Olah 2016).

    Three neighbouring rows of the larger picture are copies of only two rows of the smaller one,
    which two depends on whether the middle row is even or odd. So each output pixel needs a 2x2
    kernel of sums of the weights, one of four, instead of 3x3: 4/9 of the work. And reflecting the
    larger picture by one pixel is repeating the outermost pixel of the smaller one.

    Args:
        inputs, outputs: channels of what comes in and goes out.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)

    def forward(self, input: Tensor) -> Tensor:
        """`(N, inputs, H, W)` -> `(N, outputs, 2 H, 2 W)`."""
        assert self.bias is not None
        padded = replication_pad(input, 1)
        return interleave(F.conv2d(padded, every_kernel(self.weight), self.bias.repeat(4)))


def every_kernel(weight: Tensor) -> Tensor:
    """The four kernels as outputs of one convolution: `(outputs, inputs, 3, 3)` -> `(4 outputs,
    inputs, 2, 2)`, by parity of the column, of the row, and output."""
    return _halves(_halves(weight, 2), 4).reshape(-1, weight.shape[1], 2, 2)


def interleave(every: Tensor) -> Tensor:
    """What a convolution with them gives, each at its pixels: `(N, 4 C, H + 1, W + 1)` ->
    `(N, C, 2 H, 2 W)`."""
    batch, _, rows, columns = every.shape
    every = every.permute(0, 2, 3, 1).reshape(batch, rows, columns, 2, 2, -1)
    return _Interleave.apply(every).permute(0, 3, 1, 2)


class _Interleave(torch.autograd.Function):
    """`(N, H + 1, W + 1, 2, 2, C)`, with the parities of column and row, -> `(N, 2 H, 2 W, C)`.

    Even rows begin at row 0, odd ones at row 1, so that neither uses all rows. By index, for then
    the compiler reads from where the values are instead of copying them together first.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, every: Tensor) -> Tensor:
        if paints_at_once(every):  # in training too: in here nothing is recorded
            return _interleave_now(every)
        height, width = (2 * (length - 1) for length in every.shape[1:3])
        rows = torch.arange(height, device=every.device)[:, None]
        columns = torch.arange(width, device=every.device)
        return every[:, (rows + 1) // 2, (columns + 1) // 2, columns % 2, rows % 2]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides the names
        apart = grad.unflatten(2, (-1, 2)).unflatten(1, (-1, 2))
        columns: list[Tensor] = []
        for column in (0, 1):
            rows = [
                F.pad(apart[:, :, row, :, column], (0, 0, column, 1 - column, row, 1 - row))
                for row in (0, 1)
            ]
            columns.append(torch.stack(rows, 3))
        return torch.stack(columns, 3)


def _interleave_now(every: Tensor) -> Tensor:
    """What `_Interleave` returns, copied: by index it takes twice as long if not compiled."""
    batch, *lengths, _, _, channels = every.shape
    height, width = (length - 1 for length in lengths)
    apart = every.new_empty(batch, height, 2, width, 2, channels)
    for row, column in product((0, 1), (0, 1)):
        shown = every[:, row : row + height, column : column + width, column, row]
        apart[:, :, row, :, column] = shown
    return apart.view(batch, 2 * height, 2 * width, channels)


def _halves(weight: Tensor, dim: int) -> Tensor:
    """Three taps on doubled rows -> two taps on the rows themselves, for even and for odd rows."""
    first, middle, last = weight.unbind(dim)
    even = torch.stack((first, middle + last), dim)
    odd = torch.stack((first + middle, last), dim)
    return torch.stack((even, odd))
