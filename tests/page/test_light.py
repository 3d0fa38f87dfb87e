"""The light network of the page: its tests in TypeScript compare with what PyTorch paints."""

import json
from pathlib import Path

import torch
from safetensors import safe_open

from fastnst.networks import build_network, set_style


def test_the_reference_of_the_light_network_is_what_pytorch_paints(root: Path) -> None:
    path = root / "web" / "tests" / "engine" / "light.safetensors"
    with safe_open(path, "pt") as file:
        architecture = json.loads(file.metadata()["architecture"])
        state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    numbers, photograph, painted = map(state.pop, ("numbers", "photograph", "painted"))
    network = build_network(architecture).eval()
    network.load_state_dict(state)
    set_style(network, numbers)
    assert architecture["name"] == "light"
    assert network.reach == 20  # as in painting.test.ts
    with torch.no_grad():
        found = network(photograph / 255)
    torch.testing.assert_close(found, painted, atol=1e-3, rtol=0)  # it is kept in 16 bits
