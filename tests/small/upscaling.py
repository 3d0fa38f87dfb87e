"""A small untrained network that enlarges, and the command with it."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from fastnst.commands.upscale import main
from fastnst.models import write_model
from fastnst.networks import EnlargingNetwork, build_enlarger

SMALL: dict[str, Any] = {"name": "sr", "width": 4, "blocks": 1}
SIDE = 36  # of the smallest tiles that this network allows


def small_enlarger(scale: int = 4, seed: int = 0, **architecture: Any) -> EnlargingNetwork:
    """A network that changes pictures as a trained one does, and more."""
    torch.manual_seed(seed)
    network = build_enlarger(SMALL | architecture | {"scale": scale}).eval()
    torch.nn.init.normal_(network.to_rgb.weight, std=0.1)  # which a new network has 0
    return network


def write_small_enlarger(path: Path, scale: int = 4, seed: int = 0) -> Path:
    network = small_enlarger(scale, seed)
    write_model(path, network, SMALL | {"scale": scale}, {"name": "sr"})
    return path


def upscale(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["fastnst upscale", *map(str, arguments)])
    try:
        main()
    except SystemExit as stopped:
        return int(str(stopped.code))
    return 0
