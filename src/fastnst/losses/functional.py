"""Perceptual losses as pure functions. `docs/train/losses.md` compares them with the sources.

Feature maps are `(N, C, H, W)` activations of the loss network, Gram matrices `(N, C, C)` or
`(1, C, C)`, results are `(N,)`, one for each picture: what is minimised is their mean, so that a
batch shared out to several processes, or to several steps that accumulate, means the same. All are
means or ratios: none grows with the picture's size.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from fastnst.machine import computes_bf16

# asked once: a compiled step cannot ask
CPU_COMPUTES_BF16 = computes_bf16(torch.device("cpu"))


def gram_matrix(features: Tensor) -> Tensor:
    """Gram matrix of each feature map (Johnson et al. 2016, eq. 3).

    `G[i, j] = sum_p F[i, p] F[j, p] / (C H W)`

    In float32 outside autocast: a sum over so many squares overflows float16.

    Args:
        features: `(N, C, H, W)`, any float type.

    Returns:
        `(N, C, C)` in float32.
    """
    return _GramMatrix.apply(features)


class _GramMatrix(torch.autograd.Function):
    """The gradient, `(dG + dG^T) F / (C H W)`, is one product where PyTorch's own takes two, and
    as good in the features' own precision: it is rounded to that anyway."""

    @staticmethod
    def forward(ctx: FunctionCtx, features: Tensor) -> Tensor:
        ctx.save_for_backward(features)
        with torch.autocast(features.device.type, enabled=False):
            flat = features.permute(0, 2, 3, 1).flatten(1, 2)
            return _products(flat) / flat[0].numel()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides the names
        (features,) = ctx.saved_tensors
        # float16 does not reach as far as the gradient
        dtype = torch.float32 if features.dtype == torch.float16 else features.dtype
        with torch.autocast(features.device.type, enabled=False):
            flat = features.to(dtype).permute(0, 2, 3, 1)
            both = (grad + grad.transpose(1, 2)) / flat[0].numel()
            product = flat.flatten(1, 2) @ both.to(dtype)
            return product.view(flat.shape).permute(0, 3, 1, 2).to(features.dtype)


def _products(flat: Tensor) -> Tensor:
    """`(N, P, C)` -> sums over P of the products of channels, `(N, C, C)` in float32.

    Processors that multiply bfloat16 add up in float32, but give a result of 8 bits. What these
    lack is the same product less the result, which is computed as exactly: in two products there
    are 17 bits, in half the time of one in float32.
    """
    across = flat.transpose(1, 2)
    if flat.dtype == torch.bfloat16 and flat.device.type == "cpu" and CPU_COMPUTES_BF16:
        rough = torch.bmm(across, flat)
        return rough.float() + torch.baddbmm(rough, across, flat, beta=-1).float()
    return across.float() @ flat.float()


def feature_loss(features: Tensor, target: Tensor) -> Tensor:
    """Feature reconstruction loss (Johnson et al. 2016, eq. 2): `mean((F(y) - F(x))^2)`.

    In the square of the activations' unit.

    Args:
        features, target: `(N, C, H, W)`, activations of a layer.

    Returns:
        `(N,)`, float32, at least 0.

    Raises:
        ValueError: if the shapes differ.
    """
    _same_shape(features, target)
    return (features.float() - target.float()).square().flatten(1).mean(1)


def style_loss(gram: Tensor, target: Tensor) -> Tensor:
    """Style reconstruction loss of one layer: `mean((G(y) - G(s))^2)` over entries.

    The paper's eq. 4 is the squared Frobenius norm, C^2 times this; the mean is the convention of
    pytorch/examples.

    Args:
        gram: `(N, C, C)`, float32.
        target: `(1, C, C)` or `(N, C, C)`.

    Returns:
        `(N,)`, at least 0.

    Raises:
        ValueError: if the Gram matrices are of different layers.
    """
    _same_channels(gram, target)
    return (gram - target).square().mean((1, 2))


def relative_feature_loss(features: Tensor, target: Tensor) -> Tensor:
    """Feature reconstruction loss relative to the target: `||F(y) - F(x)||^2 / ||F(x)||^2`.

    Dimensionless: 0 is a perfect match, 1 is as far off as features that are zero everywhere. The
    target's norm is taken as given: where the target learns too, more of it is no way to be nearer.

    Args:
        features, target: `(N, ...)`, activations of a layer.

    Returns:
        `(N,)`, float32, at least 0.

    Raises:
        ValueError: if the shapes differ.
    """
    _same_shape(features, target)
    target, within = target.float(), tuple(range(1, target.dim()))
    distance = (features.float() - target).square().sum(within)
    return distance / _positive(target.detach().square().sum(within))


def relative_style_loss(gram: Tensor, target: Tensor) -> Tensor:
    """Style reconstruction loss relative to the target: `||G(y) - G(s)||^2 / ||G(s)||^2`.

    Frobenius norms. Dimensionless: 0 is a perfect match, 1 is as far off as a picture with no
    features at all.

    Args:
        gram: `(N, C, C)`, float32.
        target: `(1, C, C)` or `(N, C, C)`.

    Returns:
        `(N,)`, at least 0.

    Raises:
        ValueError: if the Gram matrices are of different layers.
    """
    _same_channels(gram, target)
    distance = (gram - target).square().sum((1, 2))
    return distance / _positive(target.square().sum((1, 2)))


def total_variation(images: Tensor) -> Tensor:
    """Mean squared difference of horizontal neighbours plus the same of vertical neighbours.

    Means over pixels and channels (the sources sum), in squared units of [0, 1] values.

    Args:
        images: `(N, C, H, W)` with H and W at least 2.

    Returns:
        `(N,)`, at least 0.
    """
    return _TotalVariation.apply(images)


class _TotalVariation(torch.autograd.Function):
    """The gradient of a difference goes to two neighbours: as a difference again, which is compiled
    into one pass, where PyTorch's own writes slices into zeros."""

    @staticmethod
    def forward(ctx: FunctionCtx, images: Tensor) -> Tensor:
        ctx.save_for_backward(images)
        horizontal, vertical = _differences(images.float())
        return horizontal.square().mean((1, 2, 3)) + vertical.square().mean((1, 2, 3))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides the names
        (images,) = ctx.saved_tensors
        horizontal, vertical = _differences(images.float())
        across = (F.pad(horizontal, (1, 0)) - F.pad(horizontal, (0, 1))) / horizontal[0].numel()
        down = F.pad(vertical, (0, 0, 1, 0)) - F.pad(vertical, (0, 0, 0, 1))
        both = across + down / vertical[0].numel()
        return (2 * grad[:, None, None, None] * both).to(images.dtype)


def _differences(images: Tensor) -> tuple[Tensor, Tensor]:
    """Of horizontal and of vertical neighbours."""
    return images.diff(dim=3), images.diff(dim=2)


def _positive(value: Tensor) -> Tensor:
    """1 instead of 0: a layer that is dead for the whole target is measured absolutely."""
    return torch.where(value > 0, value, 1.0)


def _same_shape(features: Tensor, target: Tensor) -> None:
    if features.shape != target.shape:
        raise ValueError(f"feature maps differ: {tuple(features.shape)}, {tuple(target.shape)}")


def _same_channels(gram: Tensor, target: Tensor) -> None:
    if gram.shape[1:] != target.shape[1:]:
        raise ValueError(f"Gram matrices differ: {tuple(gram.shape)}, {tuple(target.shape)}")
