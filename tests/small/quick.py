"""What tests need not wait for, in their own processes and in those that they fork."""

import functools
import logging
import os
from typing import Any

import omegaconf._utils
import omegaconf.base
import yaml
from hydra._internal import defaults_list
from hydra._internal.hydra import Hydra
from hydra.core.config_store import ConfigStore
from omegaconf.grammar_parser import parse

_mode = Hydra.get_mode
_choices = defaults_list._create_interpolation_map
_parse = functools.cache(parse)


def leave_out_what_tests_need_not() -> None:
    """Configurations are composed once and read by libyaml, and disks write when they like."""
    # Hydra composes all once more to see whether hydra.mode is set, which nothing but a word does
    Hydra.get_mode = _mode_of_words
    # and makes a configuration of what is chosen for each file, for the sake of ${...} in choices
    defaults_list._create_interpolation_map = _choices_where_needed
    # there is one, which Hydra copies with each list of folders
    ConfigStore.__deepcopy__ = lambda store, memo: store
    # of ${...}, a few dozen are read again in each configuration
    omegaconf.base.parse = omegaconf._utils.parse = _parse
    # hundreds of tests read a dozen files of `configs/` each; this takes a third of the time
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    os.fsync = os.fstat  # the power stays on; a descriptor that is none is an error as ever


def let_loggers_propagate() -> None:
    """In a process of pytest, which asks all that do not for their messages, six times in a test:
    PyTorch has 58 of them."""
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.startswith("torch"):
            logger.propagate = True


def _mode_of_words(hydra: Hydra, config_name: str | None, overrides: list[str]) -> Any:
    if any("hydra.mode" in word for word in overrides):
        return _mode(hydra, config_name, overrides)
    return None


def _choices_where_needed(overrides: Any, defaults: list[Any], self_added: bool) -> Any:
    if any(default.is_interpolation() for default in defaults):
        return _choices(overrides, defaults, self_added)
    return None
