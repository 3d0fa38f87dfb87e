"""The stylizing command with a small untrained network."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fastnst.commands.stylize import main
from fastnst.models import write_model
from fastnst.networks import build_network

ARCHITECTURE = {
    "name": "resnet",
    "width": 4,
    "blocks": 1,
    "norm": "instance",
    "upsample": "nearest",
}


CLOSE = 12  # of 255: statistics are taken in float16, and untrained networks magnify that
SIDE = 116  # of the smallest tiles that this network allows


def write_small_model(path: Path, name: str = "dots", seed: int = 0, contrast: float = 1) -> Path:
    """Write a network with random weights; with a contrast of 20 it paints as much as a trained."""
    torch.manual_seed(seed)
    network = build_network(ARCHITECTURE)
    network.to_rgb[1].weight.data *= contrast
    style = {"name": name, "title": name.capitalize()}
    write_model(path, network, ARCHITECTURE, style)
    return path


def stylize(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["stylize.py", *map(str, arguments)])
    try:
        main()
    except SystemExit as stopped:
        return int(str(stopped.code))
    return 0


def values(picture: object) -> np.ndarray:
    """Of a picture or an array, without sign trouble."""
    return np.asarray(picture).astype(int)


def distance(one: object, other: object) -> np.ndarray:
    """Of each value."""
    return np.abs(values(one) - values(other))
