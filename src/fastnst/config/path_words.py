"""Words of a command line that give paths: taken as they are, where Hydra's language would see
lists, calls and sweeps in brackets, commas and equals signs."""

import re
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, Quote, QuotedString
from hydra.errors import HydraException

from fastnst.images import SUFFIXES
from fastnst.machine import UserError, from_home

PATHS = {"style.image", "data.root", "data.annotations", "data.prepared", "loss_network.weights",
         "resume", "init", "trunk", "teacher", "content", "paintings", "start", "hydra.run.dir",
         "hydra.sweep.dir", "hydra.sweep.subdir"}  # fmt: skip
LISTS = {"masks", "styles"}
PLAIN = ("", "null", "???")  # values that are no paths
PARTS = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^,]+""")  # of a list, with its quotes


def quote_paths(arguments: list[str]) -> list[str]:
    """Put the paths of a command line into the quotes that Hydra asks for.

    What is quoted already, `null`, and with `--multirun` several values stay as they are.

    Args:
        arguments: of the command line.

    Raises:
        UserError: if the style is a picture.
    """
    multirun = any(word == "-m" or word.startswith("--mu") for word in arguments)
    return [_quoted(word, multirun) for word in arguments]


def _quoted(word: str, multirun: bool) -> str:
    key, equals, value = word.partition("=")
    name, stripped = key.lstrip("+"), value.strip()
    if not equals or stripped in PLAIN:
        return word
    if name == "style":
        _refuse_picture(word, value)
    if name in LISTS and stripped.startswith("[") and stripped.endswith("]"):
        if multirun and _parsed(word, sweep=True):
            return word
        parts: list[str] = PARTS.findall(stripped[1:-1])
        value = f"[{','.join(map(_element, parts))}]"
    elif name in PATHS and not _is_quoted(stripped):
        path = str(from_home(value)) if value.startswith("~") else value
        if multirun and not Path(path).exists() and _parsed(word, sweep=True):
            return word
        value = _in_quotes(path)
    return f"{key}={value}"


def _element(part: str) -> str:
    part = part.strip()
    return part if part in PLAIN or _is_quoted(part) else _in_quotes(part)


def _in_quotes(path: str) -> str:
    return QuotedString(text=path, quote=Quote.single).with_quotes()


def _is_quoted(value: str) -> bool:
    override = _parsed(f"key={value}")
    return override is not None and isinstance(override._value, QuotedString)  # pyright: ignore[reportPrivateUsage]  # value() is without its quotes


def _parsed(word: str, sweep: bool = False) -> Override | None:
    """As Hydra reads it; None if it cannot, or if it is no sweep and should be one."""
    try:
        override = OverridesParser.create().parse_override(word)
    except HydraException:
        return None
    return None if sweep and not override.is_sweep_override() else override


def _refuse_picture(word: str, value: str) -> None:
    picture = value.startswith(("http://", "https://")) or Path(value).suffix.lower() in SUFFIXES
    if picture:
        raise UserError(
            f"{word}: style takes the name of a style; for a picture of your own give style=custom "
            f"style.image={value}."
        )
