"""Weights for the loss network: torchvision's, random ones, a file, or those in the package."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from fastnst.losses.compact import WEIGHTS, compact_features, compact_heads
from fastnst.losses.network import VGG, Architecture, LossNetwork, torchvision_features
from fastnst.machine import UserError, from_home, load_plain

if TYPE_CHECKING:
    from torchvision.models import WeightsEnum

Normalization = Literal["imagenet", "caffe"]
NORMALIZATIONS = {
    # torchvision's own training; and the original VGG, which saw 0..255 values less their mean
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "caffe": ((0.48235, 0.45882, 0.40784), (1 / 255, 1 / 255, 1 / 255)),
}
SUFFIXES = (".pth", ".pt", ".safetensors")


class Weights(NamedTuple):
    """Weights with the input normalisation they were trained with."""

    state: dict[str, Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]


def build_loss_network(
    name: Architecture,
    weights: str,
    normalization: Normalization = "imagenet",
    pooling: Literal["max", "avg"] = "max",
    seed: int = 0,
) -> LossNetwork:
    """Build a frozen loss network.

    Args:
        name: `vgg16`, `vgg19` or `compact`.
        weights: `pretrained`; a `.pth` or `.safetensors` file with torchvision's names, or for
            `compact` one of `fastnst distill`; for a VGG also the name of one of
            torchvision's weights, or `random`.
        normalization: of the input, for a file that does not say so itself.
        pooling: `max` or `avg`.
        seed: of the random weights.

    Raises:
        UserError: if the weights cannot be had or do not fit.
    """
    file = local_weights(name, weights)
    if name == "compact":
        with torch.device("meta"):  # without drawing weights, which would change what is drawn next
            features, heads = compact_features(), compact_heads()
        features, heads = features.to_empty(device="cpu"), heads.to_empty(device="cpu")
    else:
        features, heads = torchvision_features(name), None
    if file is not None:
        chosen = _read_file(from_home(file), normalization)
    elif name == "compact":
        chosen = _read_file(WEIGHTS)
    elif weights == "random":
        chosen = _random(features, seed)
    else:
        chosen = _download(
            _pretrained(name) if weights == "pretrained" else _of_torchvision(name)[weights]
        )
    network = LossNetwork(features, chosen.mean, chosen.std, pooling, heads)
    _load(network, chosen.state, weights, name)
    return network


def _of_torchvision(architecture: VGG) -> "type[WeightsEnum]":
    from torchvision import models  # here: see `torchvision_features`

    return models.get_model_weights(architecture)


def _pretrained(architecture: VGG) -> "WeightsEnum":
    """The original VGG weights where torchvision has them (VGG16), else its default."""
    known = _of_torchvision(architecture)
    return known.__members__.get("IMAGENET1K_FEATURES", known["DEFAULT"])


def _cache_path(weights: "WeightsEnum") -> Path:
    folder = torch.hub.get_dir()
    if folder.startswith("~"):  # PyTorch would make a folder of that name
        raise UserError(
            "There is no home folder here to keep the weights of the loss network in: set "
            "TORCH_HOME=<folder> in the environment, name a file with loss_network.weights=<file>, "
            "or go on with the small loss network that comes with fastnst, loss_network=compact."
        )
    return Path(folder) / "checkpoints" / weights.url.rsplit("/", 1)[-1]


def _download(weights: "WeightsEnum") -> Weights:
    path = _cache_path(weights)
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            # torchvision's file names end in the first digits of their hash
            torch.hub.download_url_to_file(weights.url, str(path), path.stem.rsplit("-", 1)[-1])
        state = load_plain(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(
            f"Cannot get the weights {weights} ({error}): put the file of {weights.url} at "
            f"{path}, name a file with loss_network.weights=<file>, or go on with the small loss "
            f"network that comes with fastnst, loss_network=compact, at lower quality."
        ) from error
    preset = weights.transforms()
    return Weights(state, tuple(preset.mean), tuple(preset.std))


def _random(features: nn.Sequential, seed: int) -> Weights:
    """He initialisation without biases: activations keep their scale from layer to layer, which a
    random loss network needs to carry style (He, Wang, Hopcroft 2016)."""
    generator = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}
    for name, parameter in features.named_parameters():
        value = torch.zeros_like(parameter)
        if value.dim() == 4:
            nn.init.kaiming_normal_(value, nonlinearity="relu", generator=generator)
        state[f"features.{name}"] = value
    return Weights(state, *NORMALIZATIONS["imagenet"])


def _read_file(path: Path, normalization: Normalization = "imagenet") -> Weights:
    if not path.is_file():
        raise UserError(f"There is no weights file {path}: check loss_network.weights.")
    mean, std = NORMALIZATIONS[normalization]
    try:
        if path.suffix == ".safetensors":
            state = load_file(path)
            with safetensors.safe_open(path, "pt") as file:
                metadata = file.metadata() or {}
            if "mean" in metadata and "std" in metadata:
                mean, std = (_three(metadata[key]) for key in ("mean", "std"))
        else:
            state = load_plain(path)
    except (OSError, ValueError, TypeError, RuntimeError, safetensors.SafetensorError) as error:
        raise UserError(
            f"{path} cannot be read as VGG weights ({error}): loss_network.weights needs a .pth or "
            f".safetensors file of tensors with torchvision's names."
        ) from error
    if not isinstance(state, dict):
        raise UserError(f"{path} holds no dictionary of tensors: check loss_network.weights.")
    return Weights(state, mean, std)


def _three(text: str) -> tuple[float, ...]:
    values = tuple(float(value) for value in json.loads(text))
    if len(values) != 3 or not all(map(math.isfinite, values)):
        raise ValueError(f"mean or std is {text[:50]} instead of three numbers")
    return values


def _load(
    network: LossNetwork, state: Mapping[str, object], source: str, architecture: str
) -> None:
    """Copy the convolutions' weights; `classifier.*` and the like are of no use here."""
    wrong: list[str] = []
    for name, parameter in network.named_parameters():
        value = state.get(name)
        if not isinstance(value, Tensor):
            wrong.append(f"{name} is missing")
        elif value.shape != parameter.shape:
            wrong.append(f"{name} is {tuple(value.shape)} instead of {tuple(parameter.shape)}")
        else:
            parameter.data.copy_(value)
    if wrong:
        more = f" and {len(wrong) - 4} more" if len(wrong) > 4 else ""
        raise UserError(
            f"The weights {source} do not fit {architecture}: {'; '.join(wrong[:4])}{more}; "
            f"check loss_network.weights and the choice of loss_network."
        )


def downloaded(name: VGG) -> bool:
    """Whether the weights that `pretrained` means are on this machine already."""
    try:
        return _cache_path(_pretrained(name)).is_file()
    except UserError:  # without a home folder
        return False


def weights_file(text: str) -> str:
    """A file of weights of a VGG, by name.

    Raises:
        UserError: if there is none.
    """
    if not text.endswith(SUFFIXES) or not from_home(text).is_file():
        raise UserError(f"{text} is no file of weights: give a .pth or .safetensors of VGG19.")
    return text


def local_weights(name: Architecture, weights: str) -> str | None:
    """The file of a loss network's weights, if they are one.

    Args:
        name: `vgg16`, `vgg19` or `compact`.
        weights: as in `loss_network.weights`.

    Returns:
        Its path; None for weights that are known by a name.

    Raises:
        UserError: if they are neither a file nor known by that name.
    """
    if weights.endswith(SUFFIXES):
        return weights
    if weights == "pretrained":
        return None
    more = () if name == "compact" else ("random", *_of_torchvision(name).__members__)
    if weights not in more:
        raise UserError(
            f"loss_network.weights={weights} is not known for {name}: use "
            f"{', '.join(('pretrained', *more))}, or a file ending in {', '.join(SUFFIXES)}."
        )
    return None
