"""The file of a style in `configs/style/`: finding it, and writing a weight into it."""

import re
from pathlib import Path

from hydra.conf import HydraConf
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from fastnst.machine import UserError, whole_file

KEY = "tv_weight"
COMMENT = "# number: weight of total variation with loss=relative, chosen by fastnst search-tv"
PLACES = (KEY, f"style.{KEY}", f"loss.{KEY}")  # the last two in a file of the package _global_


def find_style_file(hydra: HydraConf) -> Path:
    """The file that the chosen style was read from.

    Args:
        hydra: the node of that name in the configuration.

    Raises:
        UserError: if the style has no file of its own.
    """
    choice = hydra.runtime.choices["style"]
    if choice == "custom":
        raise UserError(
            "write=true with style=custom: that file is for any picture; give yours a file of its "
            "own in configs/style, see docs/extend/style.md, or leave out write=true."
        )
    for source in hydra.runtime.config_sources:
        path = Path(source.path, "style", f"{choice}.yaml")
        if source.schema == "file" and path.is_file():
            return path
    raise UserError(f"write=true: the file of style={choice} cannot be found; leave it out.")


def with_tv_weight(text: str, weight: float) -> str:
    """The text of a style's file with this weight of total variation; all else stays as it is.

    Raises:
        ValueError: if the text is not written like the files in `configs/style`.
    """
    line = rf"^([ \t]*){KEY}:[ \t]*[^\s#]+"
    if re.search(line, text, re.MULTILINE):
        text = re.sub(line, rf"\g<1>{KEY}: {weight}", text, count=1, flags=re.MULTILINE)
    else:
        # after the size, whose indentation is that of the style's keys
        new = rf"\g<0>\n\g<1>{COMMENT}\n\g<1>{KEY}: {weight}"
        text = re.sub(r"^([ \t]*)size:.*$", new, text, count=1, flags=re.MULTILINE)
    try:
        config = OmegaConf.create(text)
        found = isinstance(config, DictConfig) and weight in (
            OmegaConf.select(config, place) for place in PLACES
        )
    except (YAMLError, OmegaConfBaseException) as error:
        raise ValueError("no YAML") from error
    if not found:
        raise ValueError("no place for the weight")
    return text


def write_tv_weight(path: Path, weight: float) -> None:
    """Write the weight into the style's file.

    Raises:
        UserError: if the file is written in another way than those in `configs/style`.
    """
    try:
        text = with_tv_weight(path.read_text(encoding="utf-8"), weight)
    except ValueError as error:
        raise UserError(
            f"{path} has no line `size:` to put the weight after: write {KEY}: {weight} among the "
            f"style's keys yourself."
        ) from error
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
