"""The style of any painting: predicted at once, and learnt on from there if there is time."""

import re
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from fastnst.losses import LossNetwork, build_loss_network
from fastnst.machine import UserError, from_home, keep_freed_memory
from fastnst.models import LONGEST_NAME, TRUNK, StyleFile, fingerprint, read_network
from fastnst.prediction import Progress, finish, read_predictor
from fastnst.styles import load_style_image

STYLE_SIZE = 512  # short side of a painting in pixels, as configs/style has it


def predict_style(painting: str | Path, size: int = STYLE_SIZE) -> StyleFile:
    """Predict the style of a painting, for the network that comes with fastnst.

    Args:
        painting: its file.
        size: its short side in pixels when it is looked at; larger for larger strokes.

    Raises:
        UserError: if it is no picture, or too small.
    """
    path = from_home(painting)
    predictor = read_predictor()
    numbers = predictor.predict(_compact(), _read(path, size))
    name = re.sub(r"[^\w-]+", "_", path.stem)[:LONGEST_NAME] or "painting"
    return StyleFile(numbers, {"name": name, "title": path.stem}, predictor.network, None)


def finish_style(
    style: StyleFile,
    painting: str | Path,
    seconds: float,
    device: torch.device,
    size: int = STYLE_SIZE,
    weights: str | None = None,
    tell: Callable[[Progress], None] = lambda _: None,
) -> StyleFile:
    """Learn a style on.

    Args:
        style: of the network that comes with fastnst.
        painting: that it is of.
        seconds: how long; Ctrl-C ends it earlier and keeps what is best by then.
        device: to learn on.
        size: as for `predict_style`.
        weights: of VGG19, as `loss_network.weights` takes them; None for the compact loss network.
        tell: is called now and then with what was reached.

    Raises:
        UserError: if the style is of another network, or the weights cannot be had.
    """
    network = read_network(TRUNK).network
    if style.network != fingerprint(network):
        raise UserError("The style is of another network than the one that comes with fastnst.")
    if device.type == "cpu":
        keep_freed_memory()
    network.requires_grad_(False).to(device)
    loss_network = _compact() if weights is None else build_loss_network("vgg19", weights)
    learnt = finish(
        network,
        style.numbers.to(device),
        _read(from_home(painting), size).to(device),
        loss_network.to(device),
        seconds,
        tell,
    )
    return style._replace(numbers=learnt.cpu())


def _read(path: Path, size: int) -> Tensor:
    if not path.is_file():
        raise UserError(f"There is no painting {path}: check the name.")
    return load_style_image(path.stem, str(path), size)


def _compact() -> LossNetwork:
    return build_loss_network("compact", "pretrained")
