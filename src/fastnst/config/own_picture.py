"""A style that was given another picture: it is no longer by who painted the first one."""

import logging
from pathlib import Path
from typing import cast

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from fastnst.config.hydra import CONFIGS

log = logging.getLogger(__name__)

CUSTOM = "custom"  # the style that takes any picture
SAID = ("title", "artist", "year", "rights")  # of a painting


def truly_labelled(config: DictConfig) -> DictConfig:
    """A configuration with `style.image` of one's own, without what the file of the chosen style
    says about its painting: that is then what `style=custom` says. What the command line says of it
    stays.

    Args:
        config: as Hydra hands it to a command.
    """
    file = _style_file()
    if file is None or OmegaConf.is_missing(config.style, "image"):
        return config
    read = cast(DictConfig, OmegaConf.load(file))
    painting = read.get("style", read)  # the former in a file of the package _global_
    if config.style.image == painting.get("image"):
        return config
    own = cast(DictConfig, OmegaConf.load(CONFIGS / "style" / f"{CUSTOM}.yaml"))
    given = {word.lstrip("+").partition("=")[0] for word in HydraConfig.get().overrides.task}
    other = {
        key: own[key]
        for key in SAID
        if config.style[key] == painting.get(key) and f"style.{key}" not in given
    }
    if other:
        log.warning(
            "style.image=%s is not the painting of style=%s: %s are those of style=custom, which "
            "is for pictures of one's own; style.title=<text> and the like say more.",
            *(config.style.image, file.stem, ", ".join(other)),
        )
    return cast(DictConfig, OmegaConf.merge(config, {"style": other}))


def _style_file() -> Path | None:
    """Of the style that was chosen, unless that is `custom`."""
    runtime = HydraConfig.get().runtime
    choice = runtime.choices.get("style")
    if choice in (None, CUSTOM):
        return None
    files = (Path(source.path, "style", f"{choice}.yaml") for source in runtime.config_sources)
    return next((file for file in files if file.is_file()), None)
