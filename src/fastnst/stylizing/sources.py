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
    read_model,
)

Checkpoint = str | Path | Mixture


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


def read(checkpoint: Checkpoint, device: torch.device) -> Model:
    """Read a checkpoint of any kind; an exported one for the kind of device."""
    if not isinstance(checkpoint, Mapping) and Path(checkpoint).suffix.lower() == ".onnx":
        network = OnnxNetwork(checkpoint, "cpu" if device.type == "cpu" else "auto")
        return Model(network, network.architecture, network.style)
    return read_model(checkpoint)
