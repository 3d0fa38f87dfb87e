"""Layers of the transformation networks, arranged for speed: the same numbers with less work.

Each equals its plain counterpart in PyTorch up to rounding. Written for `torch.compile`, which
fuses what is element-wise here into few passes over memory. A processor that paints without it
would go through memory once for each step of theirs, so there some take another way.
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

SUMMED = 2**16  # pixels at most in one float32 sum of PyTorch's batch normalisation, which is naive
SOME = 8  # rows and columns: every how many of them say roughly where a mean is
EPS = 1e-6  # under the root of a variance, so that it is never 0


def paints_at_once(images: Tensor) -> bool:
    """Whether nothing here is compiled, differentiated, or on a GPU."""
    recorded = torch.is_grad_enabled() or torch.compiler.is_compiling()
    return images.device.type == "cpu" and not recorded


class _Pad(torch.autograd.Function):
    """Padding whose backward folds the margins back in with slices: PyTorch's own scatters, which
    is slow in a compiled step and not deterministic on a GPU."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, pixels: int, mode: str) -> Tensor:
        ctx.pixels, ctx.mode = pixels, mode
        # autocast pads in float32 on a processor, of which there is no need: nothing is computed
        with torch.autocast(images.device.type, enabled=False):
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
        # compiled, both in one pass over memory: a mean of squares less the squared mean, which
        # would lose all digits far from 0, so that the mean of a few pixels is taken away before
        some = _mean(features[..., ::SOME, ::SOME])
        rest = features - some
        off = _mean(rest)
        variance = _mean(rest.square_()) - off.square()
        del rest  # where nothing is compiled, it is as large as the features
        mean, scale = some + off, torch.rsqrt(variance.clamp_min(0) + eps)
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
        grad_bias = values.sum((2, 3))
        grad_weight = (values * normalized).sum((2, 3))
        pixels = features.shape[2] * features.shape[3]
        common = grad_bias[..., None, None] + normalized * grad_weight[..., None, None]
        rest = values - common / pixels
        grad_features = (scale * _per_channel(weight) * rest).to(features.dtype)
        if weight.dim() == 1:  # one for all pictures
            grad_weight, grad_bias = grad_weight.sum(0), grad_bias.sum(0)
        return grad_features, grad_weight, grad_bias, None


def _mean(features: Tensor) -> Tensor:
    """Of each channel, in float32: `(N, C, H, W)` -> `(N, C, 1, 1)`."""
    # row by row, or the compiler shares the work out by channels, too few for all cores
    rows = features.permute(0, 2, 3, 1).mean(2, dtype=torch.float32)
    return rows.mean(1)[..., None, None]


def _per_channel(values: Tensor) -> Tensor:
    """`(C,)` -> `(1, C, 1, 1)`; of each picture, `(N, C)` -> `(N, C, 1, 1)`."""
    return values.view(-1, values.shape[-1], 1, 1)


class InstanceNorm2d(nn.InstanceNorm2d):
    """Affine instance normalisation without running statistics (Ulyanov et al. 2016).

    With another `weight` and `bias` in each style it is conditional instance normalisation, see
    `fastnst.networks.conditional`; in training these may be `(N, C)`, those of each picture.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, affine=True)

    def forward(self, input: Tensor) -> Tensor:
        """`(N, C, H, W)`, each channel of each picture to mean `bias` and deviation `weight`."""
        if paints_at_once(input):
            rows = zip(input.split(1), *self._rows(len(input)), strict=True)
            every = [self._of_one(*row) for row in rows]
            return every[0] if len(every) == 1 else torch.cat(every)
        return _InstanceNorm.apply(input, self.weight, self.bias, self.eps)

    def _rows(self, count: int) -> Iterator[tuple[Tensor, ...]]:
        """Weight and bias for each of so many pictures, `(C,)` each."""
        for values in (self.weight, self.bias):
            yield values.expand(count, -1).unbind()

    def _of_one(self, picture: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        # what batch normalisation does with a batch of one, which PyTorch has in one kernel
        mean = variance = None
        if picture.shape[2] * picture.shape[3] > SUMMED:
            mean, variance = channel_statistics(picture)
            weight, bias = weight.to(mean), bias.to(mean)  # all four of one precision
        taken = mean is None  # from the picture, by that kernel
        with torch.autocast("cpu", enabled=False):  # which would make it float32
            return F.batch_norm(picture, mean, variance, weight, bias, taken, 0, self.eps)


def channel_statistics(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel of one picture: `(1, C, H, W)` -> `(C,)` each, in float32
    at least."""
    if picture.device.type != "cpu":
        variance, mean = torch.var_mean(picture.float(), (0, 2, 3), correction=0)
        return mean, variance
    rows = max(1, SUMMED // picture.shape[3])
    parts = picture.split(rows, 2)
    means, variances = (
        torch.stack(found) for found in zip(*(_statistics(part) for part in parts), strict=True)
    )
    shares = means.new_tensor([part.shape[2] / picture.shape[2] for part in parts])[:, None]
    mean = (shares * means).sum(0)
    return mean, (shares * (variances + (means - mean) ** 2)).sum(0)


def _statistics(part: Tensor) -> tuple[Tensor, Tensor]:
    # what batch normalisation finds by the way, in a seventh of the time of `var_mean`
    part = part.contiguous(memory_format=torch.channels_last)
    # in float32, so that these are, too
    one = torch.ones(part.shape[1], dtype=torch.promote_types(part.dtype, torch.float32))
    _, mean, scale = torch.native_batch_norm(part, one, one, None, None, True, 0, EPS)
    return mean, (scale**-2 - EPS).clamp_min(0)


class FewOutputsConv2d(nn.Conv2d):
    """Square convolution to few channels, as RGB, without padding.

    Processors compute 16 or more output channels at a time, so three are mostly waste. Here a
    convolution of one column gives the contribution of each kernel column as channels of its own,
    and these are shifted and added up.
    """

    def forward(self, input: Tensor) -> Tensor:
        """`(N, C, H, W)` -> `(N, outputs, H - kernel + 1, W - kernel + 1)`, in float32 whatever
        autocast says: it is a sum of many parts."""
        columns = self.weight.shape[3]
        assert self.bias is not None
        # to add up is slow if it is not compiled: then three columns at a time, if that comes out
        together = 3 if columns % 3 == 0 and paints_at_once(input) else 1
        blocks = self.weight.unflatten(3, (-1, together))
        # the last column first: then what a pixel gives the columns' gradients lies in a row
        kernels = blocks.flip(3).permute(3, 0, 1, 2, 4).flatten(0, 1)
        parts = F.conv2d(input, kernels)
        if together == 1:
            total = _AddColumns.apply(parts, columns)
        else:
            total = _add_shifted(parts, columns // together, together)
        return (total + _per_channel(self.bias)).to(self.weight.dtype)


def _add_shifted(parts: Tensor, count: int, shift: int) -> Tensor:
    """`(N, count C, H, W + shift (count - 1))`, the rightmost first, -> `(N, C, H, W)`, float32."""
    outputs, width = parts.shape[1] // count, parts.shape[3] - shift * (count - 1)
    total: Any = 0
    for place, part in enumerate(parts.split(outputs, 1)):
        left = shift * (count - 1 - place)
        total = total + part[..., left : left + width].float()
    return total


class _AddColumns(torch.autograd.Function):
    """`(N, columns C, H, W + columns - 1)`, the last column first, -> `(N, C, H, W)` in float32.

    The gradient of the parts shows each pixel's several times. By strides, for the compiler would
    otherwise compute it, and all that it comes from, as often.
    """

    @staticmethod
    def forward(ctx: Any, parts: Tensor, columns: int) -> Tensor:
        ctx.columns, ctx.dtype = columns, parts.dtype
        return _add_shifted(parts, columns, 1)

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
