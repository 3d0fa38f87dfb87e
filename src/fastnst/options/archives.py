"""The options of `fastnst stylize` for a great many files."""

import argparse
from pathlib import Path

from fastnst.archives import TAR, WHOLE, is_address, shard
from fastnst.jobs import WRITTEN
from fastnst.machine import STDIN, UserError, checked, number
from fastnst.options.files import Group


def add_archives(group: Group) -> None:
    """The options themselves."""
    group.add_argument(
        "--journal",
        type=checked(_of_this_machine),
        metavar="FOLDER",
        help="keep there what was painted and what could not be and why, and go on where a run "
        "that was killed has ended; what could not be painted is not tried again",
    )
    group.add_argument(
        "--shard",
        type=checked(shard),
        default=WHOLE,
        metavar="I/N",
        help="paint the I-th of N parts of the files, as one of several machines",
    )
    group.add_argument(
        "--random-style",
        type=number(int, 0),
        nargs="?",
        const=0,
        metavar="SEED",
        help="a finished style for each file by chance, which depends on the seed, the file's name "
        "and that of its folder",
    )
    group.add_argument(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="paint with the workers of a Ray cluster; without an address that of RAY_ADDRESS, or "
        "one on this machine",
    )


def _of_this_machine(text: str) -> Path:
    if is_address(text):
        raise UserError(f"{text}: a journal is kept in a folder of this machine.")
    return Path(text)


def is_archive(found: argparse.Namespace) -> bool:
    """Whether files are painted as they are found, however many there are."""
    asked = (found.journal, found.random_style, found.ray)
    files = [str(file) for file in (*found.inputs, found.output or "")]
    return (
        any(it is not None for it in asked)
        or found.shard != WHOLE
        or any(is_address(file) or file.lower().endswith(TAR) for file in files)
    )


def check_archive(parser: argparse.ArgumentParser, found: argparse.Namespace) -> None:
    """End the program if something does not go together with files that are painted so."""
    which = "--journal, --shard, --random-style and --ray, shards and addresses"
    output = str(found.output or "")
    if not output or Path(output).suffix.lower() in WRITTEN | {TAR}:
        parser.error(f"{which} take a folder for the results: give it with -o")
    if STDIN in found.inputs:
        parser.error(f"{which} take files and folders: - is none")
    if found.temporal or found.webcam is not None:
        parser.error(f"{which} take files one by one: leave out --temporal and --webcam")


def check_random(parser: argparse.ArgumentParser, found: argparse.Namespace) -> None:
    """End the program if something does not go together with `--random-style`."""
    if found.ckpt or found.regions or found.blend or found.mask or found.webcam is not None:
        parser.error(
            "--random-style chooses one finished style for each file: leave out other styles, "
            "--regions, --blend, --mask and --webcam"
        )
    if not found.inputs:
        parser.error("--random-style: name pictures, videos or folders")
