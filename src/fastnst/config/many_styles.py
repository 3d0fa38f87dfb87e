"""`styles=[a,b,...]`: names of files in `configs/style`, and what these say of their paintings."""

import logging
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from fastnst.config.errors import close_to
from fastnst.config.groups import Style
from fastnst.config.hydra import CONFIGS
from fastnst.config.settings import flat, read_settings
from fastnst.machine import UserError

log = logging.getLogger(__name__)

WEIGHTS = ("style_weight", "tv_weight")  # of the loss that a style may have of its own
MANY = "many_styles"  # name of what a run with several styles trains
LONGEST = 60  # letters of several names in that of a folder


def run_name(style: str, styles: object) -> str:
    """What the folder of runs is named after: their style, or the several that they have.

    Args:
        style: name of the one.
        styles: the names, as in the configuration, not yet checked; None if there is one style.
    """
    if styles is None:
        return style
    names = [str(name) for name in styles] if isinstance(styles, ListConfig) else [str(styles)]
    every = "+".join(names)
    if len(every) <= LONGEST:
        return every
    return f"{MANY}_{zlib.crc32(every.encode()):08x}"


def with_styles(config: DictConfig, words: Sequence[str] | None = None) -> DictConfig:
    """A configuration in which `styles` are what their files say, and `style` stands for them all.

    Each has the weights of style and total variation that it would have alone: of the command line,
    else of its file, else of the loss.

    Args:
        config: as Hydra hands it to a command; any without `styles` stays as it is.
        words: of the command line that it was composed from; None: those that Hydra knows.

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
    if words is None:
        words = HydraConfig.get().overrides.task
    given = {word.lstrip("+").partition("=")[0] for word in words}
    if lost := sorted(key for key in given if key.startswith("style.")):
        log.warning("%s is for one style: with styles=[...] each has what its file says.", lost[0])
    styles = [_read(name, config, given) for name in names]
    own_names = [style["name"] for style in styles]
    if len({*own_names}) < len(own_names):
        raise UserError(
            f"styles: two of {', '.join(names)} call themselves the same in their files, and the "
            f"name is that of the style file; give each a name of its own."
        )
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
        config.styles = styles
        if "style" in config:
            config.style = every
    return config


def _read(name: str, config: DictConfig, given: Collection[str]) -> dict[str, Any]:
    sources: list[str] = []
    if HydraConfig.initialized():  # there may be a folder of one's own
        sources += [source.path for source in HydraConfig.get().runtime.config_sources]
    folders = [Path(source, "style") for source in (*sources, str(CONFIGS))]
    # of two with one name Hydra takes that of the first folder
    every = (file for folder in reversed(folders) for file in sorted(folder.glob("*.yaml")))
    files = {file.stem: file for file in every}
    if name not in files:
        raise UserError(
            f"styles: there is no style {name}{close_to(name, files)}; there are "
            f"{', '.join(sorted(files))}."
        )
    try:
        read = cast(DictConfig, OmegaConf.load(files[name]))
        painting = read.get("style", read)  # the former in a file of the package _global_
        if painting is not read:
            _warn_of_the_rest(files[name], read)
        if OmegaConf.is_missing(painting, "image"):
            raise UserError(
                f"styles: {name} has no picture of its own; give it a file in configs/style that "
                f"names one."
            )
        alone = config.copy()
        with open_dict(alone):
            alone.style = painting
        for key in WEIGHTS:
            own = OmegaConf.select(read, f"loss.{key}")
            if own is not None and f"loss.{key}" not in given:
                alone.loss[key] = own
        plain = cast(dict[str, Any], OmegaConf.to_container(alone.style, resolve=True))
        try:
            style = read_settings(plain, Style)
        except UserError as error:
            raise UserError(f"styles: in {files[name]}: {error}") from error
        return style.model_dump() | {key: alone.loss[key] for key in WEIGHTS}
    except (OmegaConfBaseException, YAMLError, AttributeError) as error:
        raise UserError(
            f"styles: {files[name]} is not written like the files in configs/style "
            f"({' '.join(str(error).split())})."
        ) from error


def _warn_of_the_rest(file: Path, read: DictConfig) -> None:
    """Say what of a file of the package _global_ is only for a training of that style alone."""
    used = {f"loss.{key}" for key in WEIGHTS}
    every = (key for key, _ in flat(cast(dict[str, Any], OmegaConf.to_container(read))))
    if rest := [key for key in every if key not in used and not key.startswith("style.")]:
        log.warning(
            "%s of %s is for one style: among several it is not used.", ", ".join(rest), file
        )
