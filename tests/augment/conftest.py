from pathlib import Path

import pytest
import torch

from fastnst.models import fingerprint, write_model, write_style
from fastnst.networks import build_network, style_of

ARCHITECTURE = {"name": "light", "width": 4, "blocks": 1}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A small network and three styles of it, as a training writes them."""
    torch.manual_seed(0)
    network = build_network(ARCHITECTURE)
    network.to_rgb.weight.data *= 20  # so that it paints with contrast
    write_model(tmp_path / "model.safetensors", network, ARCHITECTURE, {"name": "styles"})
    for name in ("one", "two", "three"):
        own = style_of(network)
        numbers = own + 0.5 * torch.randn_like(own)
        style = tmp_path / f"{name}.style.safetensors"
        write_style(style, numbers, {"name": name}, fingerprint(network))
    return tmp_path
