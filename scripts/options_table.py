"""The page of all options, made from the comments in `configs/` so that it cannot drift.

    python scripts/options_table.py

writes `docs/train/options.md`; `make docs` does so before it builds the site.

How the files are written: at the top a sentence on what the file is; above a key its type and its
meaning. A comment above a key that holds others is on all of them that have none of their own.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
PAGE = ROOT / "docs" / "train" / "options.md"
HEAD = """# All options

Made from the comments in `configs/`. Any key can be set on the command line, as `key=value`;
`fastnst train --help` shows those of the chosen groups, `fastnst train --cfg job` the result of a
command line. *Required* keys have no default. Where nothing is said under *of*, all choices of the
group have the key. What can be said to `fastnst stylize`, `upscale`, `evaluate`, `export`,
`publish`, `gallery` and `page`, their `--help` tells.
"""
COMMANDS = {  # by the files of their settings
    "train": "train",
    "super_resolution": "train task=super_resolution",
    "optimize": "optimize",
    "study_layers": "study-layers",
    "search_tv": "search-tv",
    "distill": "distill",
    "train_predictor": "train-predictor",
    "prepare": "prepare",
}
RECIPES = "experiment"  # the group whose files set what others explain
SHOWN = 4  # different values of a key at most; with more of them each choice has its own


class Key(NamedTuple):
    """A key in full, its value as it is written, a comment, and above which key that stands."""

    name: str
    value: str
    comment: str
    place: str


class File(NamedTuple):
    """A file of `configs/`: what it says of itself, what it is made from, and its keys."""

    about: list[str]
    defaults: list[Key]
    keys: list[Key]


def read(path: Path, prefix: str = "") -> File:
    """Read a file with its comments; `prefix` comes before the names of its keys."""
    lines = path.read_text(encoding="utf-8").splitlines()
    root = yaml.compose("\n".join(lines))
    about: list[str] = []
    if lines[0][2].isupper() or lines[0].startswith("# @"):  # else it is on the first key
        about = _above(lines, next(i for i, line in enumerate(lines) if not line.startswith("#")))
        lines[: len(about)] = [""] * len(about)
    defaults: list[Key] = []
    keys: list[Key] = []
    for name, value in root.value:
        if name.value == "defaults":
            defaults = [_default(lines, entry) for entry in value.value]
        else:
            keys += _keys(lines, name, value, prefix, ("", ""))
    return File([line for line in about if not line.startswith("@")], defaults, keys)


def _above(lines: list[str], row: int) -> list[str]:
    """The comment that ends above a line, without its signs."""
    first = row
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return [line.lstrip()[1:].removeprefix(" ") for line in lines[first:row]]


def _default(lines: list[str], entry: yaml.Node) -> Key:
    name, value = entry.value[0] if isinstance(entry, yaml.MappingNode) else (entry, entry)
    _, _, comment = lines[entry.start_mark.line].partition(" # ")
    name = name.value.removeprefix("override /")
    return Key(name, value.value, comment, name)


def _keys(
    lines: list[str], name: yaml.Node, value: yaml.Node, prefix: str, outer: tuple[str, str]
) -> Iterator[Key]:
    full, comment = prefix + name.value, " ".join(_above(lines, name.start_mark.line))
    said = (comment, full) if comment or not outer[0] else outer
    if isinstance(value, yaml.MappingNode):
        for pair in value.value:
            yield from _keys(lines, *pair, f"{full}.", said)
    else:
        line = lines[value.start_mark.line]
        yield Key(full, line[value.start_mark.column : value.end_mark.column], *said)


def page(configs: Path = CONFIGS) -> str:
    """The page, in Markdown: all commands, then all groups."""
    parts = [HEAD]
    for file, command in COMMANDS.items():
        parts += _command(command, read(configs / f"{file}.yaml"))
    for group in sorted(folder for folder in configs.iterdir() if folder.is_dir()):
        paths = sorted(group.glob("*.yaml"))
        if group.name == RECIPES:
            parts += _recipes({path.stem: read(path) for path in paths})
        else:
            parts += _group(group.name, {path.stem: _inherited(path) for path in paths})
    return "\n".join(parts)


def _inherited(path: Path) -> File:
    """A group's file with the keys of those beside it that it is made from."""
    file = read(path, f"{path.parent.name}.")
    bases = [_inherited(path.with_stem(key.name)) for key in file.defaults if key.name != "_self_"]
    keys = {key.name: key for each in (*bases, file) for key in each.keys}
    return file._replace(keys=[*keys.values()])


def _command(name: str, file: File) -> Iterator[str]:
    yield f"## `fastnst {name}`\n\n{_prose(file.about)}\n"
    chosen = [key for key in file.defaults if key.comment and key.name != "_self_"]
    # of what steers Hydra, only what is explained is meant to be set
    own = [key for key in file.keys if key.comment or not key.name.startswith("hydra.")]
    rows = [(key.name, _code(key.value), key.comment) for key in (*chosen, *_joined(own))]
    yield _table(("key", "default", "type and meaning"), rows)


def _group(name: str, files: dict[str, File]) -> Iterator[str]:
    yield f"## Group `{name}`\n"
    yield "\n".join(f"* `{choice}`: {_about(file)}" for choice, file in files.items()) + "\n"
    found = [(key, choice) for choice, file in files.items() for key in _joined(file.keys)]
    # a name without a comment only repeats that of the file
    found = [pair for pair in found if pair[0].comment or pair[0].name != f"{name}.name"]
    order = [key.name for key, _ in found]
    found.sort(key=lambda pair: (order.index(pair[0].name), pair[0].comment))
    rows = []
    for (full, comment), same in groupby(found, lambda pair: (pair[0].name, pair[0].comment)):
        values: dict[str, list[str]] = {}
        for key, choice in same:
            values.setdefault(key.value, []).append(choice)
        of = [choice for choices in values.values() for choice in choices]
        all_have_it = len(of) == len(files)
        rows.append((full, "" if all_have_it else _names(of, files), _default_of(values), comment))
    yield _table(("key", "of", "default", "type and meaning"), rows)


def _recipes(files: dict[str, File]) -> Iterator[str]:
    yield f"## Group `{RECIPES}`\n\nWhole recipes; each is the same as the settings below it.\n"
    for choice, file in files.items():
        settings = " ".join(f"{key.name}={key.value}" for key in (*file.defaults, *file.keys))
        yield f"* `{choice}`: {_about(file)}\n\n    `{settings}`\n"


def _joined(keys: Iterable[Key]) -> Iterator[Key]:
    """Keys with one comment on all of them as one."""
    for place, some in groupby(keys, lambda key: key.place):
        first, *others = some
        inner = (f"{key.name.removeprefix(place)[1:]}: {key.value}" for key in (first, *others))
        yield first if first.name == place else first._replace(name=place, value=", ".join(inner))


def _default_of(values: dict[str, list[str]]) -> str:
    if len(values) == 1:
        return _code(*values)
    if len(values) > SHOWN:
        return "the choice's own"
    return "; ".join(f"{_code(value)} ({_names(of, ())})" for value, of in values.items())


def _names(choices: list[str], every: Iterable[str]) -> str:
    missing = [choice for choice in every if choice not in choices]
    few = "all but " if 0 < len(missing) < len(choices) else ""
    return few + ", ".join(f"`{choice}`" for choice in (missing if few else choices))


def _about(file: File) -> str:
    if file.about:
        return _prose(file.about).replace("\n", "\n    ")
    known = {key.name: key.value.strip('"') for key in file.keys}
    return _plain(", ".join(known[f"style.{key}"] for key in ("title", "artist", "year")))


def _prose(lines: Iterable[str]) -> str:
    """A comment as Markdown; lines that are set in are commands."""
    parts = []
    for is_command, some in groupby(lines, lambda line: line.startswith("  ")):
        text = "\n".join(line[2:] if is_command else _plain(line) for line in some)
        parts.append(f"```sh\n{text}\n```" if is_command else text)
    return "\n\n".join(parts)


def _code(text: str) -> str:
    return {"???": "*required*", "null": "none"}.get(text, f"`{text}`")


def _plain(text: str) -> str:
    """What means something in Markdown or HTML is to mean nothing, except between backticks."""
    parts = text.replace("&", "&amp;").replace("<", "&lt;").split("`")
    for number in range(0, len(parts), 2):
        parts[number] = "".join(
            f"\\{sign}" if sign in r"\*_[]|" else sign for sign in parts[number]
        )
    return "`".join(parts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Rows of a key, cells in Markdown, and a comment; nothing if there are none."""
    lines = [(f"`{key}`", *cells, _plain(comment)) for key, *cells, comment in rows]
    whole = [head, ("---",) * len(head), *lines] if lines else []
    return "".join(f"| {' | '.join(line)} |\n" for line in whole)


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
