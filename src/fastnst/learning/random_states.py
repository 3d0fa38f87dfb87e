"""The states of all random generators, as plain types, to go on from where a run was."""

import random
from typing import Any

import numpy as np
import torch


def random_states() -> dict[str, Any]:
    """Of Python, NumPy and PyTorch on all devices in use; numbers, lists and tensors only."""
    version, numbers, spare = random.getstate()
    numpy = np.random.get_state(legacy=False)  # noqa: NPY002 - libraries may draw from that one
    numpy["state"]["key"] = numpy["state"]["key"].tolist()
    states = {
        "python": [version, list(numbers), spare],
        "numpy": numpy,
        "cpu": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    if torch.backends.mps.is_available():
        states["mps"] = torch.mps.get_rng_state()
    return states


def restore(states: dict[str, Any]) -> None:
    """Set the generators; those of a device that is not here are left alone."""
    version, numbers, spare = states["python"]
    random.setstate((version, tuple(numbers), spare))
    key = np.array(states["numpy"]["state"]["key"], np.uint32)
    numpy = states["numpy"] | {"state": states["numpy"]["state"] | {"key": key}}
    np.random.set_state(numpy)  # noqa: NPY002
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])
    if "mps" in states and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"])
