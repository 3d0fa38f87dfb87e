"""Layers of the transformation networks, arranged for speed: the same numbers with less work.

Each equals its plain counterpart in PyTorch up to rounding. Written for `torch.compile`, which
fuses what is element-wise here into few passes over memory, and no slower without it.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable


class _Pad(torch.autograd.Function):
    """Padding whose backward folds the margins back in with slices: PyTorch's own scatters, which
    is slow in a compiled step and not deterministic on a GPU."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, pixels: int, mode: str) -> Tensor:
        ctx.pixels, ctx.mode = pixels, mode
        return F.pad(images, (pixels,) * 4, mode)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides the names
        return _fold(_fold(grad, 2, ctx.pixels, ctx.mode), 3, ctx.pixels, ctx.mode), None, None


def replication_pad(images: Tensor, pixels: int) -> Tensor:
    """Pad each side of `(N, C, H, W)` by some pixels like the outermost ones."""
    return _Pad.apply(images, pixels, "replicate")


def _fold(grad: Tensor, dim: int, pixels: int, mode: str) -> Tensor:
    length = grad.shape[dim] - 2 * pixels
    first, middle, last = grad.split((pixels, length, pixels), dim)
    if mode == "reflect":  # row -1 shows row 1, row -2 row 2: not the outermost row itself
        first, last, inset = first.flip(dim), last.flip(dim), 1
    else:  # replicate: every row outside shows the outermost
        first, last, inset = first.sum(dim, keepdim=True), last.sum(dim, keepdim=True), 0
    rest = length - first.shape[dim] - inset
    return middle + _zeros_around(first, dim, inset, rest) + _zeros_around(last, dim, rest, inset)


def _zeros_around(part: Tensor, dim: int, before: int, after: int) -> Tensor:
    return F.pad(part, (before, after) if dim == 3 else (0, 0, before, after))


class ReflectionPad2d(nn.Module):
    """Pad each side by some pixels of reflection, fewer than the image has."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.pixels = pixels

    def forward(self, images: Tensor) -> Tensor:
        """`(N, C, H, W)` -> `(N, C, H + 2 pixels, W + 2 pixels)`."""
        return _Pad.apply(images, self.pixels, "reflect")


class _InstanceNorm(torch.autograd.Function):
    """Statistics in float32, in channels-last order; PyTorch's own goes through the other order."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, features: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> Tensor:
        mean = features.mean((2, 3), keepdim=True, dtype=torch.float32)
        # the mean first: a mean of squares less the squared mean would lose all digits far from 0
        variance = (features - mean).square_().mean((2, 3), keepdim=True)
        scale = torch.rsqrt(variance + eps)
        ctx.save_for_backward(features, mean, scale, weight)
        slope = scale * _per_channel(weight)
        shift = _per_channel(bias) - mean * slope
        return torch.addcmul(shift, features, slope).to(features.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides the names
        features, mean, scale, weight = ctx.saved_tensors
        values = grad.float()
        normalized = (features.float() - mean) * scale
        grad_bias = values.sum((2, 3), keepdim=True)
        grad_weight = (values * normalized).sum((2, 3), keepdim=True)
        pixels = features.shape[2] * features.shape[3]
        rest = values - (grad_bias + normalized * grad_weight) / pixels
        grad_features = (scale * _per_channel(weight) * rest).to(features.dtype)
        return grad_features, grad_weight.sum((0, 2, 3)), grad_bias.sum((0, 2, 3)), None


def _per_channel(values: Tensor) -> Tensor:
    return values.view(1, -1, 1, 1)


class InstanceNorm2d(nn.InstanceNorm2d):
    """Affine instance normalisation without running statistics (Ulyanov et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, affine=True)

    def forward(self, input: Tensor) -> Tensor:
        """`(N, C, H, W)`, each channel of each picture to mean `bias` and deviation `weight`."""
        return _InstanceNorm.apply(input, self.weight, self.bias, self.eps)


class UpsampleConv2d(nn.Conv2d):
    """Nearest-neighbour upsampling to twice the size, reflection padding by one pixel, 3x3
    convolution, all in one: no checkerboard (Odena, Dumoulin, Olah 2016).

    Three neighbouring rows of the larger picture are copies of only two rows of the smaller one,
    which two depends on whether the middle row is even or odd. So each output pixel needs a 2x2
    kernel of sums of the weights, one of four, instead of 3x3: 4/9 of the work. And reflecting the
    larger picture by one pixel is repeating the outermost pixel of the smaller one.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)

    def forward(self, input: Tensor) -> Tensor:
        """`(N, inputs, H, W)` -> `(N, outputs, 2 H, 2 W)`."""
        batch, _, height, width = input.shape
        # the four kernels as outputs of one convolution: (column parity, row parity, outputs)
        kernels = _halves(_halves(self.weight, 2), 4).reshape(-1, self.in_channels, 2, 2)
        assert self.bias is not None
        every = F.conv2d(replication_pad(input, 1), kernels, self.bias.repeat(4))
        every = every.permute(0, 2, 3, 1).reshape(
            batch, height + 1, width + 1, 2, 2, self.out_channels
        )
        return _Interleave.apply(every).permute(0, 3, 1, 2)


class _Interleave(torch.autograd.Function):
    """`(N, H + 1, W + 1, 2, 2, C)`, with the parities of column and row, -> `(N, 2 H, 2 W, C)`.

    Even rows begin at row 0, odd ones at row 1, so that neither uses all rows. By index, for then
    the compiler reads from where the values are instead of copying them together first.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, every: Tensor) -> Tensor:
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


def _halves(weight: Tensor, dim: int) -> Tensor:
    """Three taps on doubled rows -> two taps on the rows themselves, for even and for odd rows."""
    first, middle, last = weight.unbind(dim)
    even = torch.stack((first, middle + last), dim)
    odd = torch.stack((first + middle, last), dim)
    return torch.stack((even, odd))


class FewOutputsConv2d(nn.Conv2d):
    """Square convolution to few channels, as RGB, without padding.

    Processors compute 16 or more output channels at a time, so three are mostly waste. Here a
    convolution of one column gives the contribution of each kernel column as channels of its own,
    and these are shifted and added up.
    """

    def forward(self, input: Tensor) -> Tensor:
        """`(N, C, H, W)` -> `(N, outputs, H - kernel + 1, W - kernel + 1)`, in float32 whatever
        autocast says: it is a sum of many parts."""
        outputs, _, _, columns = self.weight.shape
        # the last column first: then what a pixel gives the columns' gradients lies in a row
        single = self.weight.flip(3).permute(3, 0, 1, 2)
        parts = F.conv2d(input, single.reshape(columns * outputs, self.in_channels, -1, 1))
        assert self.bias is not None
        total = _AddColumns.apply(parts, columns) + _per_channel(self.bias)
        return total.to(self.weight.dtype)


class _AddColumns(torch.autograd.Function):
    """`(N, columns C, H, W + columns - 1)`, the last column first, -> `(N, C, H, W)` in float32.

    The gradient of the parts shows each pixel's several times. By strides, for the compiler would
    otherwise compute it, and all that it comes from, as often.
    """

    @staticmethod
    def forward(ctx: Any, parts: Tensor, columns: int) -> Tensor:
        ctx.columns, ctx.dtype = columns, parts.dtype
        outputs, width = parts.shape[1] // columns, parts.shape[3] - columns + 1
        total: Any = 0
        for place, part in enumerate(parts.split(outputs, 1)):
            column = columns - 1 - place
            total = total + part[..., column : column + width].float()
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides the names
        (batch, outputs, height, width), more = grad.shape, ctx.columns - 1
        rows = F.pad(grad.permute(0, 2, 3, 1).to(ctx.dtype), (0, 0, more, more)).contiguous()
        row = (width + 2 * more) * outputs
        shown = rows.as_strided(
            (batch, height, width + more, ctx.columns * outputs), (height * row, row, outputs, 1)
        )
        return shown.contiguous().permute(0, 3, 1, 2), None
