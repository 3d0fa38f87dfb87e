"""`styles=[a,b,...]`: names of files in `configs/style`, and what these say of their paintings."""

from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict

from fastnst.config.errors import close_to
from fastnst.config.hydra import CONFIGS
from fastnst.machine import UserError

MANY = "many_styles"  # name of what a run with several styles trains


def run_name(style: str, styles: ListConfig | None) -> str:
    """What a run is named after: its style, or that it has many."""
    return style if styles is None else MANY


def with_styles(config: DictConfig) -> DictConfig:
    """A configuration in which `styles` are what their files say, and `style` stands for them all.

    Args:
        config: as Hydra hands it to a command; any without `styles` stays as it is.

    Raises:
        UserError: naming styles that are none.
    """
    names = config.get("styles")
    if names is None:
        return config
    named = isinstance(names, ListConfig) and all(isinstance(name, str) for name in names)
    if not named or not names or len(set(names)) < len(names):
        raise UserError(
            f"styles={names}: give a list of files in configs/style, each once, such as "
            f"styles=[starry_night,great_wave]."
        )
    styles = [_read(name) for name in names]
    every = {
        "name": MANY,
        "title": ", ".join(style["title"] for style in styles),
        "artist": ", ".join(dict.fromkeys(style["artist"] for style in styles)),
        "year": "various",
        "rights": "see those of the styles",
        "image": None,
        "size": max(style["size"] for style in styles),
    }
    config = config.copy()
    with open_dict(config):
        config.styles, config.style = styles, every
    return config


def _read(name: str) -> dict[str, Any]:
    sources = [str(CONFIGS)]
    if HydraConfig.initialized():  # there may be a folder of one's own
        sources += [source.path for source in HydraConfig.get().runtime.config_sources]
    folders = [Path(source, "style") for source in sources]
    files = {file.stem: file for folder in folders for file in sorted(folder.glob("*.yaml"))}
    if name not in files:
        raise UserError(
            f"styles: there is no style {name}{close_to(name, files)}; there are "
            f"{', '.join(sorted(files))}."
        )
    read = cast(DictConfig, OmegaConf.load(files[name]))
    painting = read.get("style", read)  # the former in a file of the package _global_
    if OmegaConf.is_missing(painting, "image"):
        raise UserError(
            f"styles: {name} has no picture of its own; give it a file in configs/style that names "
            f"one."
        )
    return cast(dict[str, Any], OmegaConf.to_container(painting, resolve=True))
