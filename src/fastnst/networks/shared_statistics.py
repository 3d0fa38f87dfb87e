"""Instance normalisation with the same statistics for every part of a huge picture.

Instance normalisation takes mean and deviation over the whole picture. A part of it has others, so
that parts painted on their own differ in colour and contrast, with seams where they meet. Chen et
al. 2022 (Towards ultra-resolution neural style transfer via thumbnail instance normalization)
therefore take the statistics once, from the picture scaled down, and use them everywhere. But small
pictures have other statistics. Here they are those of the picture itself, or of many samples of it:
one normalisation after the other, each over all samples before any goes on.
"""

import copy
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fastnst.networks.areas import Modulation
from fastnst.networks.layers import InstanceNorm2d, channel_statistics
from fastnst.networks.network import QuarterNetwork
from fastnst.networks.padding import pad_to_multiple
from fastnst.networks.resnet import ResidualBlock


class Sample(NamedTuple):
    """A part of a picture.

    Attributes:
        pixels: gives it, `(1, 3, H, W)` in [0, 1]; many together would take much memory.
        size: width and height of it.
        counted: the left, upper, right and lower edge of what of it counts, in its pixels. What is
            around that is there for the network to see.
        shares: for a network of `with_areas` what is wanted there, see `Modulation`.
    """

    pixels: Callable[[], Tensor]
    size: tuple[int, int]
    counted: tuple[int, int, int, int]
    shares: Callable[[], Tensor] | None = None


Walk = Generator[tuple["_SharedNorm", Tensor], None, Tensor]


class _SharedNorm(nn.BatchNorm2d):
    """An instance normalisation with given statistics: what batch normalisation does in `eval()`.

    They are changed in place, so that a compiled network sees it.
    """

    def __init__(self, norm: InstanceNorm2d) -> None:
        super().__init__(norm.num_features, norm.eps)
        self.weight, self.bias = norm.weight, norm.bias
        self.eval()

    def forward(self, input: Tensor) -> Tensor:
        with torch.autocast(input.device.type, enabled=False):  # for it computes in float32
            return super().forward(input)

    def take(self, found: Sequence[tuple[int, Tensor, Tensor]]) -> None:
        """Take the statistics of parts: number of pixels, mean and variance of each."""
        # on the CPU: in float64, which Apple's GPUs do not have
        parts = [(count, mean.cpu().double(), var.cpu().double()) for count, mean, var in found]
        total = sum(count for count, _, _ in parts)
        sums: Any = sum(count * mean for count, mean, _ in parts)
        mean: Tensor = sums / total
        variance: Any = sum(count * (var + (part - mean) ** 2) for count, part, var in parts)
        assert self.running_mean is not None
        assert self.running_var is not None
        self.running_mean.copy_(mean.float())
        self.running_var.copy_((variance / total).float())


def share_statistics(network: nn.Module) -> nn.Module:
    """A network with the same weights, of which instance normalisations keep the statistics of
    `measure`; what changes in the weights changes here too.

    A network without any, as with batch normalisation, paints parts like the whole as it is.
    """
    shared = copy.deepcopy(network, {id(weights): weights for weights in network.parameters()})
    for parent in list(shared.modules()):
        for name, child in parent.named_children():
            if isinstance(child, InstanceNorm2d):
                setattr(parent, name, _SharedNorm(child))
            elif isinstance(child, nn.ReLU):
                child.inplace = True  # nothing here is needed again for a gradient
    return shared


def measure(shared: nn.Module, samples: Sequence[Sample]) -> list[Tensor]:
    """Take the statistics of samples of a picture, all of them together.

    If what counts of the samples is the whole picture, and they overlap by twice the reach of the
    network, then these are exactly the statistics that the network takes of the whole picture.
    Memory is that of the features at a quarter of the resolution of all samples, twice.

    Args:
        shared: what `share_statistics` returned.
        samples: of the picture.

    Returns:
        For each sample what the residual blocks make of it, in 16 bits, from which the network can
        `finish`; nothing if there is no instance normalisation, for then nothing was computed.
    """
    if not _norms(shared):
        return []
    assert isinstance(shared, QuarterNetwork)  # the others have no instance normalisation
    widths, counted = zip(*(_extent(sample) for sample in samples), strict=True)

    def statistics(index: int, features: Tensor) -> tuple[int, Tensor, Tensor]:
        scale = widths[index] // features.shape[-1]
        left, upper, right, lower = (-(-edge // scale) for edge in counted[index])
        part = features[..., upper:lower, left:right]
        return part.shape[-1] * part.shape[-2], *channel_statistics(part)

    *large, small = _norms(shared.downsample)
    for norm in large:
        # from the start again each time: to keep features of this resolution takes much memory
        walks = (_walk_over(sample, shared.downsample) for sample in samples)
        norm.take([statistics(i, _until(norm, walk)) for i, walk in enumerate(walks)])
    # these wait before each normalisation, and hold all that they need to go on
    quarter = nn.Sequential(shared.downsample, shared.residual)
    waiting = [_walk_over(sample, quarter) for sample in samples]
    for norm in (small, *_norms(shared.residual)):
        norm.take([statistics(i, _until(norm, walk)) for i, walk in enumerate(waiting)])
    values = [_half(_end(walk)) for walk in waiting]
    for norm in _norms(shared.upsample):
        pairs = zip(values, samples, strict=True)
        walks = (_walk(shared.upsample, value.float(), sample.shares) for value, sample in pairs)
        norm.take([statistics(i, _until(norm, walk)) for i, walk in enumerate(walks)])
    return values


def _walk_over(sample: Sample, module: nn.Module) -> Walk:
    """As `_walk`, with the pixels there only when it begins."""
    return (yield from _walk(module, pad_to_multiple(sample.pixels(), 4), sample.shares))


def _extent(sample: Sample) -> tuple[int, tuple[int, int, int, int]]:
    """Width as the network pads it, and what counts: at the right and the lower edge of a picture
    the network counts what it pads as well."""
    left, upper, right, lower = sample.counted
    width, height = sample.size
    full_height, full_width = height + -height % 4, width + -width % 4
    right = full_width if right == width else right
    lower = full_height if lower == height else lower
    return full_width, (left, upper, right, lower)


def _norms(module: nn.Module) -> list[_SharedNorm]:
    return [child for child in module.modules() if isinstance(child, _SharedNorm)]


def _walk(module: nn.Module, features: Tensor, shares: Callable[[], Tensor] | None = None) -> Walk:
    """What the module computes, with a halt before each normalisation.

    What is held meanwhile is held in 16 bits.
    """
    shortcut = None
    for step in _steps(module):
        if isinstance(step, ResidualBlock):
            if shortcut is None:
                shortcut = _half(features)
            else:
                features, shortcut = features + shortcut.to(features.dtype), None
            continue
        if isinstance(step, _SharedNorm):
            dtype, features = features.dtype, _half(features)
            yield step, features
            features = features.to(dtype)
        if isinstance(step, Modulation) and shares is not None:
            step.shares = pad_to_multiple(shares(), 4)  # other walks have set theirs meanwhile
        features = step(features)
    return features


def _steps(module: nn.Module) -> Iterator[nn.Module]:
    """Layers in order; a residual block before and after its own."""
    if isinstance(module, ResidualBlock):
        yield module
        yield from _steps(module.body)
        yield module
    elif isinstance(module, nn.Sequential):
        for child in module:
            yield from _steps(child)
    else:
        yield module


def _half(features: Tensor) -> Tensor:
    """In 16 bits, infinite nowhere: 3 digits are enough, and there is much to hold."""
    if features.dtype == torch.bfloat16:  # which is what was computed
        return features
    largest = torch.finfo(torch.float16).max
    return features.clamp(-largest, largest).half()


def _until(norm: _SharedNorm, walk: Walk) -> Tensor:
    """Walk on to a normalisation, past those before it: what comes to it."""
    return next(features for halt, features in walk if halt is norm)


def _end(walk: Walk) -> Tensor:
    try:
        next(walk)
    except StopIteration as done:
        return done.value
    raise AssertionError("a normalisation more than there are")
