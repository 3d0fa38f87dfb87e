"""Residual blocks and upsamplings that multiply numbers of 8 bits: on processors that can, in half
the time of bfloat16 and a quarter of that of float32.

Weights are rounded once, of each output channel to 255 steps (Jacob et al. 2018, "Quantization and
training of neural networks for efficient integer-arithmetic-only inference"). Activations are
rounded as they come, to steps that need not be looked for: they come from instance normalisations,
so that the style's own numbers say how large they nearly always are, in any picture or part of it.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from fastnst.networks.areas import Modulation
from fastnst.networks.conditional import has_styles
from fastnst.networks.layers import InstanceNorm2d, replication_pad
from fastnst.networks.network import QuarterNetwork, TransformationNetwork
from fastnst.networks.upsample_conv import UpsampleConv2d, every_kernel, interleave

# Deviations from the mean that still have a step. The largest activation of five styles and three
# photographs had 13; with 6 instead, pictures were nearer to the exact ones by a fifth, but single
# pixels of The Great Wave twice as far off.
DEVIATIONS = 8
STEPS = 255
MIDDLE = 128  # what stands for 0 where values are negative too


class EightBitConv2d(nn.Module):
    """A convolution that rounds what comes and its weights to 8 bits.

    Its bias is left out: normalisation follows, and takes the mean away.

    Args:
        weight: `(outputs, inputs, H, W)`, of a convolution without padding, on a processor.
        norms: whose outputs, added up, are its input, before it was padded; `InstanceNorm2d`, or
            `nn.Sequential` of one and a `Modulation`.
        positive: whether the input went through a ReLU.
    """

    step: Tensor
    zero: Tensor

    def __init__(self, weight: Tensor, norms: Sequence[nn.Module], positive: bool) -> None:
        super().__init__()
        self.positive = positive
        # of one style they are shared with the network, which may come to paint another one
        self.numbers = [_numbers(norm) for norm in norms]
        weight = weight.detach().float()
        step = weight.abs().amax((1, 2, 3), keepdim=True).clamp_min(1e-12) / (STEPS // 2)
        self.register_buffer("step", step.flatten(), persistent=False)
        self.register_buffer("zero", torch.zeros(len(weight), dtype=torch.int), persistent=False)
        self.packed = _Packed((weight / step).round().to(torch.int8), self.step)

    def forward(self, input: Tensor) -> Tensor:
        """As the convolution; in bfloat16 where autocast says so."""
        step = self._step_of_input()
        values = (input * (1 / step)).round_()
        if self.positive:
            values.sub_(MIDDLE)
        # by way of signed numbers: PyTorch makes these with vector instructions, the others without
        whole = values.clamp_(-MIDDLE, MIDDLE - 1).to(torch.int8)
        rounded = whole.view(torch.uint8).bitwise_xor_(MIDDLE)
        low = torch.is_autocast_enabled("cpu")
        return torch.ops.onednn.qconv_pointwise(
            rounded.contiguous(memory_format=torch.channels_last),
            1.0,
            0 if self.positive else MIDDLE,
            self.packed.weight,
            self.step * step,
            self.zero,
            None,
            [1, 1],
            [0, 0],
            [1, 1],
            1,
            1.0,
            0,
            torch.bfloat16 if low else torch.float32,
            "none",
            [],
            "",
        )

    def _step_of_input(self) -> Tensor:
        weights, biases = zip(*self.numbers, strict=True)
        deviation = torch.stack(weights).square().sum(0).sqrt()
        mean = torch.stack(biases).sum(0)
        if self.positive:
            return (DEVIATIONS * deviation + mean).max().clamp_min(1e-12) / STEPS
        return (DEVIATIONS * deviation + mean.abs()).max().clamp_min(1e-12) / (STEPS // 2)


class EightBitUpsampleConv2d(nn.Module):
    """`UpsampleConv2d` that rounds, as `EightBitConv2d`.

    Args:
        conv: what it stands for.
        norms, positive: as there.
    """

    def __init__(self, conv: UpsampleConv2d, norms: Sequence[nn.Module], positive: bool) -> None:
        super().__init__()
        self.conv = EightBitConv2d(every_kernel(conv.weight), norms, positive)

    def forward(self, input: Tensor) -> Tensor:
        """`(N, inputs, H, W)` -> `(N, outputs, 2 H, 2 W)`."""
        return interleave(self.conv(replication_pad(input, 1)))


class _Packed:
    """Weights in the processor's own order, which cannot be copied and need not be."""

    def __init__(self, weight: Tensor, step: Tensor) -> None:
        self.weight = torch.ops.onednn.qconv_prepack(
            weight, step, 1.0, 0, [1, 1], [0, 0], [1, 1], 1, None
        )

    def __deepcopy__(self, _: object) -> "_Packed":
        return self


def in_eight_bits(network: TransformationNetwork) -> TransformationNetwork:
    """A network with the same numbers of the style, whose residual blocks and upsamplings compute
    in 8 bits; what changes in these numbers changes here too. The rest, a fifth of the work, is no
    faster so, or becomes too inexact. One without instance normalisations as it is.

    Args:
        network: in `eval()` mode, on a processor that `computes_int8`.
    """
    if not isinstance(network, QuarterNetwork) or not has_styles(network):
        return network
    network = copy.deepcopy(network, {id(it): it for it in network.parameters()})
    added = [norm for norm in network.downsample if _is_norm(norm)][-1:]
    blocks: Any = network.residual  # Any: to the type checker a child is any module
    for block in blocks:
        first, norm, _, second, last = block.body
        first[1] = EightBitConv2d(first[1].weight, added, positive=False)
        second[1] = EightBitConv2d(second[1].weight, [norm], positive=True)
        added = [*added, last]
    for place in range(0, len(network.upsample), 3):
        conv, norm, _ = network.upsample[place : place + 3]
        if isinstance(conv, UpsampleConv2d):
            network.upsample[place] = EightBitUpsampleConv2d(conv, added, positive=place > 0)
        added = [norm]
    return network


def _is_norm(module: nn.Module) -> bool:
    if isinstance(module, nn.Sequential):
        return isinstance(module[-1], Modulation)
    return isinstance(module, InstanceNorm2d)


def _numbers(norm: Any) -> tuple[Tensor, Tensor]:
    """Scale and shift, `(C,)` each, or those of R styles, `(C, R)`."""
    if isinstance(norm, nn.Sequential):
        after: Any = norm[-1]
        return after.scales[..., 0, 0], after.shifts[..., 0, 0]
    return norm.weight, norm.bias
