"""The loss network: a frozen VGG that turns images into named activations."""

from collections.abc import Collection
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from fastnst.losses.compact import EXPOSED, WIDTHS

VGG = Literal["vgg16", "vgg19"]
Architecture = Literal["vgg16", "vgg19", "compact"]


def torchvision_features(architecture: VGG) -> nn.Sequential:
    """torchvision's convolutional layers of VGG16 or VGG19, their weights not initialised.

    Built without memory first: the classifier behind them, 124 million parameters, is not needed.
    """
    from torchvision import models  # here: it takes as long to import as all that painting needs

    with torch.device("meta"):
        features = getattr(models, architecture)().features
    return features.to_empty(device="cpu")


def layer_indices(features: nn.Sequential) -> dict[str, int]:
    """Position of each ReLU in a VGG, by the papers' names `relu<block>_<convolution>`."""
    names: dict[str, int] = {}
    block, convolution = 1, 0
    for index, layer in enumerate(features):
        if isinstance(layer, nn.Conv2d):
            convolution += 1
        elif isinstance(layer, nn.ReLU):
            names[f"relu{block}_{convolution}"] = index
        elif isinstance(layer, nn.MaxPool2d):
            block, convolution = block + 1, 0
    return names


def _relus(*convolutions: int) -> list[str]:
    """Names for blocks of so many convolutions."""
    blocks = enumerate(convolutions, 1)
    return [f"relu{block}_{number + 1}" for block, count in blocks for number in range(count)]


LAYERS: dict[str, list[str]] = {
    "vgg16": _relus(2, 2, 3, 3, 3),
    "vgg19": _relus(2, 2, 4, 4, 4),
    "compact": list(EXPOSED),
}


def compact_layer_indices(features: nn.Sequential) -> dict[str, int]:
    """Position of each ReLU in the features of the compact network."""
    places = [index for index, layer in enumerate(features) if isinstance(layer, nn.ReLU)]
    return dict(zip(WIDTHS, places, strict=True))


class _MaxPool(torch.autograd.Function):
    """2x2 maximum whose backward compares instead of scattering, which `torch.compile` can fuse
    with what is around it. Equal largest values share the gradient; PyTorch's own gives all of it
    to the first of them."""

    @staticmethod
    def forward(ctx: FunctionCtx, features: Tensor) -> Tensor:
        largest = F.max_pool2d(features, 2)
        ctx.save_for_backward(features, largest)
        return largest

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides the names
        features, largest = ctx.saved_tensors
        height, width = 2 * largest.shape[2], 2 * largest.shape[3]
        even = features[..., :height, :width].unflatten(3, (-1, 2)).unflatten(2, (-1, 2))
        hit = (even == largest[:, :, :, None, :, None]).to(grad.dtype)
        share = grad[:, :, :, None, :, None] / hit.sum((3, 5), keepdim=True)
        spread = (hit * share).flatten(4, 5).flatten(2, 3)
        odd = (0, features.shape[3] - width, 0, features.shape[2] - height)
        return F.pad(spread, odd)


class MaxPool2d(nn.Module):
    """Maximum of each 2x2 block; a last odd row or column is left out, as in PyTorch's."""

    def forward(self, features: Tensor) -> Tensor:
        """`(N, C, H, W)` -> `(N, C, H // 2, W // 2)`."""
        return _MaxPool.apply(features)


class LossNetwork(nn.Module):
    """Frozen VGG (Simonyan and Zisserman 2015), or one shaped like it, with named activations.

    Whatever owns this module, its weights stay as they are: they need no gradient, the module
    stays in `eval()` mode when its owner is put into `train()` mode, and they are in nobody's
    `state_dict`, so that no checkpoint carries them.

    Args:
        features: the layers of a torchvision VGG with their weights (it becomes this module's own).
        mean, std: three values each; the VGG sees `(images - mean) / std`.
        pooling: `max` as trained, or `avg` (Gatys, Ecker, Bethge 2016 found it better looking).
        heads: those of the compact network, if it is that: what activations go through.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        features: nn.Sequential,
        mean: Collection[float],
        std: Collection[float],
        pooling: Literal["max", "avg"] = "max",
        heads: nn.ModuleDict | None = None,
    ) -> None:
        super().__init__()
        if heads is None:
            self.layers = layer_indices(features)
        else:
            found = compact_layer_indices(features)
            self.layers = {layer: found[layer] for layer in heads}
        pool = {"avg": lambda: nn.AvgPool2d(2, 2), "max": MaxPool2d}[pooling]
        layers = (pool() if isinstance(layer, nn.MaxPool2d) else layer for layer in features)
        self.features = nn.Sequential(*layers)
        self.heads = nn.ModuleDict() if heads is None else heads
        self.register_buffer("mean", torch.tensor(list(mean)).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(list(std)).view(1, 3, 1, 1))
        self.to(memory_format=torch.channels_last)
        self.requires_grad_(False)
        self.train(False)
        self.register_state_dict_post_hook(_leave_out)
        self.register_load_state_dict_pre_hook(_bring_own)

    def forward(self, images: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Activations of the named layers; nothing is computed beyond the deepest of them.

        Args:
            images: `(N, 3, H, W)`, RGB in [0, 1].
            layers: names such as `relu2_2`.

        Returns:
            For each name `(N, C, H', W')`, after the ReLU and, if there is one, its head.

        Raises:
            ValueError: for a name this network does not have.
        """
        unknown = [layer for layer in layers if layer not in self.layers]
        if unknown:
            raise ValueError(f"no layer {', '.join(unknown)}; there are {', '.join(self.layers)}")
        wanted = {self.layers[layer]: layer for layer in layers}
        activations: dict[str, Tensor] = {}
        hidden = (images - self.mean) / self.std
        for index in range(max(wanted, default=-1) + 1):
            hidden = self.features[index](hidden)
            if index in wanted:
                layer = wanted[index]
                activations[layer] = self.heads[layer](hidden) if layer in self.heads else hidden
        return activations

    def train(self, mode: bool = True) -> "LossNetwork":
        """Stay in evaluation mode, whatever the owner asks."""
        return super().train(False)


def _leave_out(module: nn.Module, state: dict[str, Any], prefix: str, _metadata: Any) -> None:
    for key in [key for key in state if key.startswith(prefix)]:
        del state[key]


def _bring_own(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """A checkpoint without the loss network's weights is complete: they load from themselves."""
    for name, value in [*module.named_parameters(), *module.named_buffers()]:
        state[prefix + name] = value
