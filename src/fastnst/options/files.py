"""Options that every command has which makes other pictures of pictures."""

import argparse
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastnst.archives import is_address
from fastnst.jobs import name_pattern
from fastnst.machine import STDIN, checked, is_pipe, number

Group = argparse._ArgumentGroup  # pyright: ignore[reportPrivateUsage]  # it has no public name


def file_or_address(text: str) -> Path | str:
    """A path, or the address of a place in an object store as it is."""
    return text if is_address(text) else Path(text)


def add_targets(
    parser: argparse.ArgumentParser, default: str, kind: Callable[[str], Any] = Path
) -> None:
    """Where results go: `-o`, `--name`, `--skip-existing`.

    Args:
        parser: of the command line.
        default: what results are called, without the extension, if nothing is said.
        kind: makes of the text of `-o` what it is.
    """
    parser.add_argument(
        "-o",
        "--output",
        type=kind,
        help=f"file or folder to write; without it {default} beside each file",
    )
    parser.add_argument(
        "--name",
        type=checked(name_pattern),
        metavar="PATTERN",
        help="names of the results, such as {name}_{style}",
    )
    parser.add_argument(
        "--skip-existing", action="store_true", help="leave out what has been written already"
    )


def add_machine(parser: argparse.ArgumentParser, tiled: str) -> None:
    """What computes, and how much of a picture at once: `--device`, `--tile`.

    Args:
        parser: of the command line.
        tiled: what `--tile` does.
    """
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument("--tile", type=_tile, default="auto", metavar="auto|N|off", help=tiled)


def add_picture_files(group: Group) -> None:
    """How picture files are read and written."""
    group.add_argument(
        "--quality",
        type=number(int, 1, 100),
        help="of JPEG, WebP, AVIF and HEIC, 1 to 100 (default 95)",
    )
    group.add_argument(
        "--keep-metadata",
        action="store_true",
        help="keep resolution, XMP and comments as well, beside EXIF",
    )
    group.add_argument(
        "--max-megapixels",
        type=number(float, 1),
        metavar="N",
        help="read pictures of up to so many (default 179: larger ones may be an attack)",
    )


def check_pipes(parser: argparse.ArgumentParser, found: argparse.Namespace) -> None:
    """End the program if something comes through a pipe, and nothing says where it goes."""
    if found.output is None and any(path == STDIN or is_pipe(path) for path in found.inputs):
        parser.error("what comes through a pipe has no place of its own: give -o")


def silence_pillow() -> None:
    """Leave out what it says about damage that it can do without, such as in EXIF, or before the
    error that it raises."""
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)


@checked
def _tile(text: str) -> Any:
    if text in ("auto", "off"):
        return None if text == "off" else text
    return number(int, 1)(text)
