"""Reading what paints: a network of its own, a style of a network that many share, a mixture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from fastnst.images import SUFFIXES
from fastnst.machine import UserError, from_home
from fastnst.models.model_file import LONGEST_NAME, Model, read_network
from fastnst.models.style_file import StyleFile, check_numbers, fingerprint, read_style
from fastnst.models.zoo import ENDING, TRUNK, TRUNKS, finished_model
from fastnst.networks import has_styles, set_style

Mixture = Mapping[Path, float]  # style files, or pictures of paintings, with the share of each
Known = Mapping[Path, StyleFile]  # styles by what stands for them in a mixture
NONE: Known = {}


def read_model(source: str | Path | Mixture, known: Known = NONE) -> Model:
    """Read a network that paints one style.

    Args:
        source: what `read_network` takes; or a style file, whose network is the `model.safetensors`
            beside it or the one that comes with fastnst; or several style files of one network with
            their shares: then the numbers of the styles are mixed, and it paints in one pass.
        known: the styles of what is no style file in the mixture, such as a painting.

    Raises:
        UserError: if a file is not there or is none of these, or its network is not at hand.
    """
    if isinstance(source, Mapping):
        return _mixed(source, known)
    path = from_home(source)
    if not path.name.endswith(ENDING):
        return read_network(path)
    return _mixed({path: 1.0}, known)


def find_style(text: str, shared: bool = False) -> Path | Mixture:
    """The file of a finished style by name, or a mixture: `irises:0.6,red_fuji:0.4`. A style file,
    or a painting whose style is to be predicted, can stand in the place of a name.

    Args:
        text: as a command line has it.
        shared: of a style that has a network of its own as well, what it is in the shared one.

    Raises:
        UserError: if a style is not there, or what is said of it is no share.
    """
    if _is_file(text) and ("," not in text or from_home(text).is_file()):
        return from_home(text) if text.endswith(ENDING) else {from_home(text): 1.0}
    if ":" not in text and "," not in text:
        return _style_file(text) if shared else finished_model(text)
    shares: dict[str, float] = {}
    for word in map(str.strip, text.split(",")):
        name, colon, share = (word, "", word) if _is_file(word) else word.rpartition(":")
        name = name if colon else share
        try:
            shares[name] = shares.get(name, 0.0) + (float(share) if colon else 1.0)
        except ValueError:
            raise UserError(f"{word}: give a style and its share, such as irises:0.6.") from None
    return find_mixture(shares)


def find_painting(text: str) -> Mixture:
    """A painting that a command line names, with or without its share: `painting.jpg:0.5`.

    Raises:
        UserError: if it is none, by its name, or what is said of it is no share.
    """
    name, _, share = (text, "", "1") if is_painting(text) else text.rpartition(":")
    if not is_painting(name):
        kinds = ", ".join(sorted(SUFFIXES))
        raise UserError(
            f"{text} is no picture, by its name: give one of {kinds}; --style takes the names of "
            f"styles."
        )
    try:
        return {from_home(name): float(share)}
    except ValueError:
        raise UserError(f"{text}: give a painting and its share, such as {name}:0.6.") from None


def find_regions(text: str) -> dict[str, Path | Mixture]:
    """The styles of areas, each with the picture that says where: `sky.png=irises,cat.png=me.jpg`.

    Raises:
        UserError: if one is not there, or it is not written so.
    """
    pairs = [word.partition("=") for word in text.split(",")]
    if not all(file and style for file, _, style in pairs):
        raise UserError(f"{text}: give each picture with its style, such as sky.png=irises.")
    return {file: find_style(style, shared=True) for file, _, style in pairs}


def is_painting(path: str | Path) -> bool:
    """Whether it is a picture, by its name."""
    return Path(path).suffix.lower() in SUFFIXES


def find_mixture(shares: Mapping[str, float]) -> Mixture:
    """The files of finished styles, by name, of one's own, or of paintings, with the share of each.

    Raises:
        UserError: if one is not there.
    """
    found: dict[Path, float] = {}
    for name, share in shares.items():  # one may be named in two ways
        path = _style_file(name)
        found[path] = found.get(path, 0.0) + share
    return found


def _style_file(name: str) -> Path:
    # of a network of its own, which can be named but not mixed, it is said later
    named = _is_file(name) or name.endswith(".safetensors")
    return from_home(name) if named else finished_model(name, shared=True)


def _is_file(name: str) -> bool:
    return name.endswith(ENDING) or is_painting(name)


def _mixed(shares: Mixture, known: Known) -> Model:
    total = sum(shares.values())
    if not (total > 0 and total < float("inf") and min(shares.values()) >= 0):
        given = ", ".join(f"{path.name} {share:g}" for path, share in shares.items())
        raise UserError(f"The shares of a mixture are {given}: give none below 0, and not all 0.")
    styles: dict[Path, StyleFile] = {}
    for path in shares:
        if path not in known and not path.name.endswith(ENDING):
            raise UserError(
                f"{path} is a network of its own, and only styles that share one can be mixed: mix "
                f"their pictures, with --blend."
            )
        styles[path] = known[path] if path in known else read_style(path)
    first, *others = styles
    for other in others:
        if styles[other].network != styles[first].network:
            raise UserError(
                f"{other} and {first} belong to different networks: only styles that share one can "
                f"be mixed."
            )
    model = _network_of(
        first, styles[first].network, [path for path in styles if path not in known]
    )
    for path, style in styles.items():
        check_numbers(path, style, model.network)
    parts = [share / total * styles[path].numbers for path, share in shares.items()]
    set_style(model.network, torch.stack(parts).sum(0))
    described = _described([*styles.values()], [*shares.values()])
    return Model(model.network, model.architecture, described)


def _network_of(path: Path, wanted: str, files: Sequence[Path]) -> Model:
    """The network with a fingerprint: beside one of the files, or one that comes with fastnst."""
    names = ("model.safetensors", TRUNK.name)
    beside = [file.with_name(name) for file in files for name in names]
    unread = ""
    for candidate in dict.fromkeys((*beside, *TRUNKS.values())):
        if not candidate.is_file():
            continue
        try:
            model = read_network(candidate)
        except UserError as error:  # damaged, or another program's file of this name
            unread = unread or f" ({error})"
            continue
        if has_styles(model.network) and fingerprint(model.network) == wanted:
            return model
    raise UserError(
        f"{path} belongs to a network that is not at hand, neither beside it{unread} nor in "
        f"fastnst: put the model.safetensors of the run that it was learnt in beside it."
    )


def _described(styles: Sequence[StyleFile], shares: Sequence[float]) -> dict[str, Any]:
    if len(styles) == 1:
        return styles[0].style
    words: list[str] = []
    for style, share in zip(styles, shares, strict=True):
        words.append(style.style["name"])
        if len({*shares}) > 1:  # so that pictures of several steps have names of their own
            words.append(f"{100 * share / sum(shares):.0f}")
    titles = [str(style.style.get("title", style.style["name"])) for style in styles]
    return {"name": "_".join(words)[:LONGEST_NAME], "title": " + ".join(titles)}
