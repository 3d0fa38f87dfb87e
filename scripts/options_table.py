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
group have the key. What can be said to `fastnst stylize`, `evaluate`, `export`, `publish` and
`gallery`, their `--help` tells.
"""
COMMANDS = ("train", "optimize", "study_layers", "search_tv", "distill", "prepare")
RECIPES = "experiment"  # its files set what other files explain
SHOWN = 4  # different values of a key at most; with more of them each choice has its own


class Key(NamedTuple):
    """A key in full, its value as it is written, the comment on it, and above which key that is."""

    name: str
    value: str
    comment: str = ""
    place: str = ""


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
    if lines[0].startswith("# ") and lines[0][2].isupper() or lines[0].startswith("# @package"):
        about = _above(lines, next(i for i, line in enumerate(lines) if not line.startswith("#")))
        lines[: len(about)] = [""] * len(about)  # not on the first key, then
    defaults: list[Key] = []
    keys: list[Key] = []
    for name, value in root.value:
        if name.value == "defaults":
            defaults = [_default(lines, entry) for entry in value.value]
        else:
            keys += _keys(lines, name, value, prefix)
    return File([line for line in about if not line.startswith("@package")], defaults, keys)


def _above(lines: list[str], row: int) -> list[str]:
    """The comment that ends above a line, without its signs."""
    first = row
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return [line.lstrip()[1:].removeprefix(" ") for line in lines[first:row]]


def _default(lines: list[str], entry: yaml.Node) -> Key:
    name, value = entry.value[0] if isinstance(entry, yaml.MappingNode) else (entry, entry)
    _, _, comment = lines[entry.start_mark.line].partition(" # ")
    return Key(name.value.removeprefix("override /"), value.value, comment)


def _keys(
    lines: list[str], name: yaml.Node, value: yaml.Node, prefix: str, outer: Key = Key("", "")
) -> Iterator[Key]:
    full, comment = prefix + name.value, " ".join(_above(lines, name.start_mark.line))
    own = outer._replace(name=full)
    if comment:
        own = Key(full, "", comment, full)
    if isinstance(value, yaml.MappingNode):
        for pair in value.value:
            yield from _keys(lines, *pair, f"{full}.", own)
    else:
        start, end = value.start_mark, value.end_mark
        rows = [*lines[start.line : end.line], lines[end.line][: end.column]]
        yield own._replace(value=" ".join([rows[0][start.column :], *map(str.strip, rows[1:])]))


def page(configs: Path = CONFIGS) -> str:
    """The page, in Markdown: all commands, then all groups."""
    parts = [HEAD]
    for command in COMMANDS:
        parts += _command(command.replace("_", "-"), read(configs / f"{command}.yaml"))
    for group in sorted(folder for folder in configs.iterdir() if folder.is_dir()):
        files = {path.stem: _inherited(path) for path in sorted(group.glob("*.yaml"))}
        parts += _recipes(files) if group.name == RECIPES else _group(group.name, files)
    return "\n".join(parts)


def _inherited(path: Path) -> File:
    """A file with the keys of those in its folder that it is made from."""
    file = read(path, f"{path.parent.name}." if path.parent.name != RECIPES else "")
    keys: dict[str, Key] = {}
    for base in file.defaults:
        if base.value == base.name != "_self_":
            keys |= {key.name: key for key in _inherited(path.with_stem(base.name)).keys}
    return file._replace(keys=[*(keys | {key.name: key for key in file.keys}).values()])


def _command(name: str, file: File) -> Iterator[str]:
    yield f"## `fastnst {name}`\n\n{_prose(file.about)}\n"
    chosen = [key for key in file.defaults if key.comment and key.name != "_self_"]
    # of what steers Hydra, only what is explained is meant to be set
    own = [key for key in file.keys if key.comment or not key.name.startswith("hydra.")]
    rows = [
        (f"`{key.name}`", _value(key.value), _plain(key.comment))
        for key in [*chosen, *_joined(own)]
    ]
    if rows:
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
        values = {choice: key.value for key, choice in same}
        row = (f"`{full}`", _of([*values], [*files]), _of_choices(values), _plain(comment))
        rows.append(row)
    if rows:
        yield _table(("key", "of", "default", "type and meaning"), rows)


def _recipes(files: dict[str, File]) -> Iterator[str]:
    yield f"## Group `{RECIPES}`\n\nWhole recipes; each is the same as what is beside it.\n"
    rows = []
    for choice, file in files.items():
        about = " ".join(line for line in file.about if not line.startswith("  "))
        settings = (f"{key.name}={key.value}" for key in (*file.defaults, *file.keys))
        rows.append((f"`{choice}`", _plain(about), _value(" ".join(settings))))
    yield _table((RECIPES, "what it is", "the same as"), rows)


def _joined(keys: Iterable[Key]) -> Iterator[Key]:
    """Keys with one comment on all of them as one."""
    for place, some in groupby(keys, lambda key: key.place or key.name):
        first, *others = some
        if first.name == place:
            yield first
        else:
            inner = (f"{key.name.removeprefix(place)[1:]}: {key.value}" for key in (first, *others))
            yield first._replace(name=place, value=", ".join(inner))


def _of(choices: list[str], every: list[str]) -> str:
    missing = [f"`{choice}`" for choice in every if choice not in choices]
    if not missing:
        return ""
    if len(missing) < len(choices):
        return f"all but {', '.join(missing)}"
    return ", ".join(f"`{choice}`" for choice in choices)


def _of_choices(values: dict[str, str]) -> str:
    counts = {value: [*values.values()].count(value) for value in values.values()}
    if len(counts) > SHOWN:
        return "the choice's own"
    common = max(counts, key=counts.__getitem__)
    usual = [_value(common)] if len(counts) == 1 or counts[common] > 1 else []
    others = [
        f"`{choice}`: {_value(value)}"
        for choice, value in values.items()
        if value != common or not usual
    ]
    return "; ".join(usual + others)


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


def _value(text: str) -> str:
    return {"???": "*required*", "null": "none"}.get(text, f"`{text}`")


def _plain(text: str) -> str:
    """What means something in Markdown or HTML is to mean nothing, except between backticks."""
    parts = text.replace("&", "&amp;").replace("<", "&lt;").split("`")
    for number in range(0, len(parts), 2):
        parts[number] = "".join(
            f"\\{sign}" if sign in "\\*_[]|" else sign for sign in parts[number]
        )
    return "`".join(parts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
