"""What tests need not wait for, in their own processes and in those that they fork."""

import os
from typing import Any

import yaml
from hydra._internal.hydra import Hydra

_mode = Hydra.get_mode


def leave_out_what_tests_need_not() -> None:
    """Configurations are composed once and read by libyaml, and disks write when they like."""
    # Hydra composes all once more to see whether hydra.mode is set, which nothing but a word does
    Hydra.get_mode = _mode_of_words
    # hundreds of tests read a dozen files of `configs/` each; this takes a third of the time
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    os.fsync = os.fstat  # the power stays on; a descriptor that is none is an error as ever


def _mode_of_words(hydra: Hydra, config_name: str | None, overrides: list[str]) -> Any:
    if any("hydra.mode" in word for word in overrides):
        return _mode(hydra, config_name, overrides)
    return None
