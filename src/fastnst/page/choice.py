"""What a page paints with: a network, and which of the styles that share it; the light one too."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fastnst.machine import UserError, from_home
from fastnst.models import (
    ENDING,
    LIGHT,
    MODELS,
    TRUNK,
    Model,
    StyleFile,
    check_numbers,
    fingerprint,
    finished_model,
    read_network,
    read_style,
    styles_beside,
)

# of the kinds of networks those that the page can compute, and only so
FULL_KIND = {"name": "resnet", "norm": "instance", "upsample": "nearest"}
LIGHT_KIND = {"name": "light"}
FULL_ADVICE = (
    ", and in a page all styles share one: give the folder of the run that it was learnt in with "
    "--ckpt"
)
LIGHT_ADVICE = ": install fastnst again"


class LightStyles(NamedTuple):
    """The light network, and what of the page's styles it can paint.

    Attributes:
        network: its file.
        fingerprint: of it.
        styles: files, by the names that the styles have in the page.
    """

    network: Path
    fingerprint: str
    styles: Mapping[str, Path]


class Choice(NamedTuple):
    """A network with styles.

    Attributes:
        network: the file of the one that comes with fastnst, or one of somebody's own.
        fingerprint: of it.
        styles: by name, in the order in which they are shown; a path where it is a finished one.
        light: the light network, if fastnst comes with one that has one of these styles.
    """

    network: Path | Model
    fingerprint: str
    styles: Mapping[str, Path | StyleFile]
    light: LightStyles | None


def choose(names: Sequence[str] | None, given: Iterable[Path]) -> Choice:
    """Choose what is in a page.

    Args:
        names: of finished styles, or of those of the run that is given; None for all.
        given: somebody's own: style files, which are shown first, and at most one run of many
            styles (its folder or `model.safetensors`), which takes the place of what comes with
            fastnst.

    Raises:
        UserError: if one is not there, the page cannot compute the network, or a style belongs to
            another one.
    """
    paths = list(dict.fromkeys(map(from_home, given)))
    own = [path for path in paths if path.name.endswith(ENDING)]
    runs = [path for path in paths if path not in own]
    if len(runs) > 1:
        raise UserError(
            f"{runs[0]} and {runs[1]} are two networks, and a page has one: give one of them, and "
            f"style files that belong to it."
        )
    source = runs[0] if runs else TRUNK
    model = read_network(source)
    _check_architecture(source, model, FULL_KIND)
    shared = fingerprint(model.network)
    there = _styles_of_run(source, model, names) if runs else _finished(names)
    known = {path.resolve() for path in there}
    own = [path for path in own if path.resolve() not in known]
    read = {path: read_style(path) for path in (*own, *there)}
    _check_styles(read, source, model, FULL_ADVICE)
    taken = [read[path].style["name"] for path in there]
    shown = dict(zip(_named(own, read, taken), (read[path] for path in own), strict=True))
    if runs:
        styles = {read[path].style["name"]: read[path] for path in there}
        return Choice(model, shared, shown | styles, light=None)
    finished = {read[path].style["name"]: path for path in there}
    return Choice(TRUNK, shared, shown | finished, _light(finished))


def _light(finished: Mapping[str, Path]) -> LightStyles | None:
    """Those of the finished styles that are in the light network too."""
    source = LIGHT / TRUNK.name
    files = {name: LIGHT / path.name for name, path in finished.items()}
    there = {name: path for name, path in files.items() if path.is_file()}
    if not there or not source.is_file():
        return None
    model = read_network(source)
    _check_architecture(source, model, LIGHT_KIND)
    read = {path: read_style(path) for path in there.values()}
    _check_styles(read, source, model, LIGHT_ADVICE)
    return LightStyles(source, fingerprint(model.network), there)


def _finished(names: Sequence[str] | None) -> list[Path]:
    if names is None:
        return sorted(MODELS.glob(f"*{ENDING}"))
    files = {name: finished_model(name, shared=True) for name in names}
    for name, path in files.items():
        if not path.name.endswith(ENDING):
            raise UserError(
                f"{name} has a network of its own, and in a page all styles share one: leave it "
                f"out."
            )
    return list(files.values())


def _styles_of_run(source: Path, model: Model, names: Sequence[str] | None) -> list[Path]:
    """The style files beside a network that belong to it."""
    beside = styles_beside(source, model.network)
    there = {style.style["name"]: path for path, style in beside.items()}
    if not there:
        raise UserError(
            f"{source} is a network without styles that share it: give the folder of a run of "
            f"fastnst train styles=[...], or a style file, which ends in {ENDING}."
        )
    for name in names or ():
        if name not in there:
            raise UserError(f"{name} is no style of {source}; there are {', '.join(there)}.")
    return [there[name] for name in dict.fromkeys(there if names is None else names)]


def _check_architecture(source: Path, model: Model, kind: Mapping[str, str]) -> None:
    has = model.architecture
    if any(has.get(key, value) != value for key, value in kind.items()):
        what = ", ".join(f"{key} {value}" for key, value in has.items())
        needed = " ".join(
            f"network={value}" if key == "name" else f"network.{key}={value}"
            for key, value in kind.items()
        )
        raise UserError(
            f"{source} is a network with {what}, which the page cannot compute: give one that was "
            f"trained with {needed}."
        )


def _check_styles(read: Mapping[Path, StyleFile], source: Path, model: Model, advice: str) -> None:
    shared = fingerprint(model.network)
    for path, style in read.items():
        if style.network != shared:
            raise UserError(f"{path} belongs to another network than {source}{advice}.")
        check_numbers(path, style, model.network)


def _named(
    files: Iterable[Path], read: Mapping[Path, StyleFile], taken: Iterable[str]
) -> Iterator[str]:
    """A name for each that no other has, not even on a system that takes a and A for the same."""
    used = {name.casefold() for name in taken}
    for path in files:
        first = name = read[path].style["name"]
        count = 1
        while name.casefold() in used:
            count += 1
            name = f"{first}_{count}"
        used.add(name.casefold())
        yield name
