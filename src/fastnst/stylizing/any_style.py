"""The style of any painting: predicted at once, and learnt on from there if there is time."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from fastnst.losses import LossNetwork, build_loss_network
from fastnst.machine import UserError, from_home, keep_freed_memory
from fastnst.models import LONGEST_NAME, TRUNK, StyleFile, fingerprint, read_network
from fastnst.networks import SMALLEST_SIDE
from fastnst.prediction import Progress, finish, read_predictor
from fastnst.styles import load_style_image

STYLE_SIZE = 512  # short side of a painting in pixels, as configs/style has it
LARGEST_STYLE = 4096


class Painting(NamedTuple):
    """A painting as it is looked at.

    Attributes:
        title: its file, without ending.
        pixels: `(1, 3, H, W)`, RGB in [0, 1].
    """

    title: str
    pixels: Tensor


def read_painting(
    file: str | Path, size: int = STYLE_SIZE, max_megapixels: float | None = None
) -> Painting:
    """Read a painting.

    Args:
        file: any picture.
        size: its short side in pixels when it is looked at; larger for larger strokes.
        max_megapixels: refuse larger files, in millions of pixels; None: Pillow's limit, 179.

    Raises:
        UserError: if it is no picture, or too small, or the size is.
    """
    if not SMALLEST_SIDE <= size <= LARGEST_STYLE:
        raise UserError(
            f"The style size is {size}: give pixels from {SMALLEST_SIDE} to {LARGEST_STYLE}."
        )
    path = from_home(file)
    if path.parts[:1] in (("http:",), ("https:",)):
        raise UserError(f"{file} is an address: download the painting first, and give its file.")
    if not path.is_file():
        raise UserError(f"There is no painting {path}: check the name.")
    pixels = load_style_image(path.stem, str(path), size, max_megapixels, "--style-size ")
    return Painting(path.stem, pixels)


def predict_style(painting: Painting) -> StyleFile:
    """Predict the style of a painting, for the network that comes with fastnst."""
    predictor = read_predictor()
    numbers = predictor.predict(_compact(), painting.pixels)
    name = re.sub(r"[^\w-]+", "_", painting.title)[:LONGEST_NAME]
    return StyleFile(numbers, {"name": name, "title": painting.title}, predictor.network, None)


def finish_style(
    style: StyleFile,
    painting: Painting,
    seconds: float,
    device: torch.device,
    weights: str | None = None,
    tell: Callable[[Progress], None] = lambda _: None,
) -> StyleFile:
    """Learn a style on.

    Args:
        style: of the network that comes with fastnst.
        painting: that it is of.
        seconds: how long; Ctrl-C ends it earlier and keeps what is best by then.
        device: to learn on.
        weights: of VGG19, a file or `pretrained`; None for the compact loss network.
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
        painting.pixels.to(device),
        loss_network.to(device),
        seconds,
        tell,
    )
    return style._replace(numbers=learnt.cpu())


def _compact() -> LossNetwork:
    return build_loss_network("compact", "pretrained")
