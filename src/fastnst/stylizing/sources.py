"""What a `Stylizer` can be made of."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from fastnst.machine import UserError
from fastnst.models import (
    ENDING,
    MODELS,
    Mixture,
    Model,
    OnnxNetwork,
    find_mixture,
    find_style,
    is_painting,
    read_model,
)
from fastnst.stylizing.any_style import predict_style, read_painting

Checkpoint = str | Path | Mixture
Region = Checkpoint | Mapping[str, float]


def chosen(
    checkpoint: Checkpoint | Sequence[Checkpoint] | None, style: str | Mapping[str, float] | None
) -> Sequence[Checkpoint]:
    """What is to be read: checkpoints, or in place of one the name or the mixture of a style.

    Raises:
        UserError: if both are given, or neither, or there is no such style.
    """
    if (checkpoint is None) == (style is None):
        raise UserError("Give a checkpoint or a style, one of the two.")
    if isinstance(style, str):
        return [find_style(style)]
    if style is not None:
        return [find_mixture(style)]
    assert checkpoint is not None
    return [checkpoint] if isinstance(checkpoint, str | Path | Mapping) else checkpoint


def shared_style(checkpoint: Checkpoint) -> Checkpoint:
    """Of a finished style that has a network of its own, what it is in the shared one, if it is."""
    if isinstance(checkpoint, Mapping) or Path(checkpoint).parent != MODELS:
        return checkpoint
    shared = MODELS / f"{Path(checkpoint).stem}{ENDING}"
    return shared if shared.is_file() else checkpoint


def chosen_region(style: Region) -> Checkpoint:
    """What is to be read of a region's style: a name is that of one in the shared network."""
    if isinstance(style, Mapping):
        return find_mixture({str(name): share for name, share in style.items()})
    return find_style(style, shared=True) if isinstance(style, str) else style


def one_mixture(checkpoints: Sequence[Checkpoint]) -> Mixture:
    """Styles and paintings that were named one by one, together; each counts once unless its share
    is given."""
    shares: dict[Path, float] = {}
    for checkpoint in map(shared_style, checkpoints):
        parts = checkpoint if isinstance(checkpoint, Mapping) else {Path(checkpoint): 1.0}
        for path, share in parts.items():
            shares[path] = shares.get(path, 0.0) + share
    return shares


def read(checkpoint: Checkpoint, device: torch.device, style_size: int) -> Model:
    """Read a checkpoint of any kind; an exported one for the kind of device. The style of a
    painting is predicted, with its short side scaled to `style_size` pixels."""
    if isinstance(checkpoint, Mapping):
        paintings = filter(is_painting, checkpoint)
        known = {path: predict_style(read_painting(path, style_size)) for path in paintings}
        return read_model(checkpoint, known)
    if Path(checkpoint).suffix.lower() == ".onnx":
        network = OnnxNetwork(checkpoint, "cpu" if device.type == "cpu" else "auto")
        return Model(network, network.architecture, network.style)
    return read_model(checkpoint)
