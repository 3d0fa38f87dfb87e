"""The common recipe as published scripts have it: the measure of `benchmark.py` and of some tests.

The same network, losses and numbers as fastnst's, written plainly: PyTorch's own layers, float32,
nothing compiled, the whole loss network for the photographs too, pictures decoded one after another
between the steps.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import transforms
from torchvision.models import VGG

CONTENT_LAYER = "relu2_2"
STYLE_LAYERS = {"relu1_2": 3, "relu2_2": 8, "relu3_3": 15, "relu4_3": 22}  # places in VGG16
CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT = 1.0, 10.0, 1.0


def padded_conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """Convolution behind reflection padding."""
    return [nn.ReflectionPad2d(kernel // 2), nn.Conv2d(inputs, outputs, kernel, stride)]


def normalized(outputs: int) -> list[nn.Module]:
    """Instance normalisation and ReLU."""
    return [nn.InstanceNorm2d(outputs, affine=True), nn.ReLU()]


class PlainBlock(nn.Module):
    """Residual block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *padded_conv(channels, channels, 3),
            *normalized(channels),
            *padded_conv(channels, channels, 3),
            nn.InstanceNorm2d(channels, affine=True),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Shape kept."""
        return features + self.body(features)


class PlainNetwork(nn.Module):
    """`network=resnet` in PyTorch's own layers; its parameters come in the same order."""

    def __init__(self, width: int = 32, blocks: int = 5) -> None:
        super().__init__()
        twice, four = 2 * width, 4 * width
        self.layers = nn.Sequential(
            *padded_conv(3, width, 9),
            *normalized(width),
            *padded_conv(width, twice, 3, stride=2),
            *normalized(twice),
            *padded_conv(twice, four, 3, stride=2),
            *normalized(four),
            *(PlainBlock(four) for _ in range(blocks)),
            nn.Upsample(scale_factor=2, mode="nearest"),
            *padded_conv(four, twice, 3),
            *normalized(twice),
            nn.Upsample(scale_factor=2, mode="nearest"),
            *padded_conv(twice, width, 3),
            *normalized(width),
            *padded_conv(width, 3, 9),
        )

    def forward(self, images: Tensor) -> Tensor:
        """`(N, 3, H, W)` with sides divisible by 4, RGB in [0, 1], in and out."""
        return torch.sigmoid(self.layers(images) / 2)

    def take(self, parameters: Sequence[Tensor]) -> None:
        """Copy the parameters of fastnst's network."""
        with torch.no_grad():
            for own, other in zip(self.parameters(), parameters, strict=True):
                own.copy_(other)


def activations(features: nn.Sequential, images: Tensor) -> dict[str, Tensor]:
    """All of VGG16's activations that any loss needs."""
    found, hidden = {}, images
    for index, layer in enumerate(features[: max(STYLE_LAYERS.values()) + 1]):
        hidden = layer(hidden)
        if index in STYLE_LAYERS.values():  # a ReLU; what follows it does not work in place
            found[index] = hidden
    return {name: found[index] for name, index in STYLE_LAYERS.items()}


def gram(features: Tensor) -> Tensor:
    """Gram matrices divided by the number of values."""
    batch, channels, height, width = features.shape
    flat = features.reshape(batch, channels, height * width)
    return flat.bmm(flat.transpose(1, 2)) / (channels * height * width)


class PlainLoss:
    """`loss=relative` of VGG16.

    Args:
        vgg: torchvision's.
        mean, std: what it expects its input to be scaled by, `(1, 3, 1, 1)`.
        style: the style picture, `(1, 3, H, W)`.
    """

    def __init__(self, vgg: VGG | nn.Sequential, mean: Tensor, std: Tensor, style: Tensor) -> None:
        self.features = getattr(vgg, "features", vgg).requires_grad_(False)
        self.mean, self.std = mean, std
        with torch.no_grad():
            seen = self._see(style)
        self.grams = {name: gram(features) for name, features in seen.items()}

    def _see(self, images: Tensor) -> Mapping[str, Tensor]:
        return activations(self.features, (images - self.mean) / self.std)

    def __call__(self, output: Tensor, photographs: Tensor) -> Tensor:
        """The total, a scalar."""
        painted, seen = self._see(output), self._see(photographs)
        target = seen[CONTENT_LAYER]
        distance = (painted[CONTENT_LAYER] - target).square().sum((1, 2, 3))
        content = (distance / target.square().sum((1, 2, 3))).mean()
        style = 0
        for name, wanted in self.grams.items():
            distance = (gram(painted[name]) - wanted).square().sum((1, 2))
            style = style + (distance / wanted.square().sum()).mean() / len(self.grams)
        rows, columns = output.diff(dim=2), output.diff(dim=3)
        variation = rows.square().mean() + columns.square().mean()
        return CONTENT_WEIGHT * content + STYLE_WEIGHT * style + TV_WEIGHT * variation


def decoded_batches(files: Sequence[Path], size: int, batch_size: int) -> Iterator[Tensor]:
    """Endless batches `(N, 3, size, size)`, decoded as they are asked for."""
    shape = transforms.Compose(
        [transforms.Resize(size), transforms.CenterCrop(size), transforms.ToTensor()]
    )
    again = cycle(files)
    while True:
        pictures = [shape(Image.open(next(again)).convert("RGB")) for _ in range(batch_size)]
        yield torch.stack(pictures)


def step(
    network: nn.Module, loss: PlainLoss, optimizer: torch.optim.Optimizer, photographs: Tensor
) -> float:
    """One iteration; the total is printed by those scripts, so it is read here."""
    optimizer.zero_grad()
    total = loss(network(photographs), photographs)
    total.backward()
    optimizer.step()
    return total.item()
