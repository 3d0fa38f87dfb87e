"""The settings in `configs/`: composing them takes longer than all that is tested of them."""

import copy
import functools

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict

from fastnst.config import CONFIGS

GROUPS = {folder.name for folder in CONFIGS.iterdir() if folder.is_dir()}
PARSER = OverridesParser.create()


@functools.cache
def _once(name: str, choices: tuple[str, ...]) -> DictConfig:
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        return compose(name, [*choices])


def composed(*words: str, name: str = "train") -> DictConfig:
    """What Hydra makes of words: files are chosen once, and their values changed as it does."""
    changes = PARSER.parse_overrides([*words])
    chosen = [it.key_or_group in GROUPS for it in changes]
    choices = tuple(word for word, is_choice in zip(words, chosen, strict=True) if is_choice)
    config = copy.deepcopy(_once(name, choices))
    for change, is_choice in zip(changes, chosen, strict=True):
        key = change.key_or_group
        if change.is_delete():
            parent, _, last = key.rpartition(".")
            with open_dict(config):
                del OmegaConf.select(config, parent)[last]
        elif not is_choice:
            OmegaConf.update(config, key, change.value(), force_add=change.is_add())
    return config
