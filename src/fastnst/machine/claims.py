"""Folders that one living process at a time writes to."""

import contextlib
import os
import socket
import time
from collections.abc import Generator
from pathlib import Path
from typing import TextIO

from fastnst.machine.errors import UserError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

LOCK = ".lock"
PATIENCE = 1.0  # seconds: one that was killed may take a moment to be gone

_held: dict[Path, TextIO] = {}


def claim(folder: Path) -> None:
    """Make a folder and keep other processes out of it until `release`, or until this one ends: the
    system lets go of what a killed one had. What is claimed already stays so.

    Windows and some network drives have no such lock: there nobody is kept out.

    Raises:
        UserError: if another living process has it.
        OSError: if it cannot be made or written to.
    """
    folder = folder.absolute()
    if folder in _held:
        return
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / LOCK).open("a+")
    give_up = time.monotonic() + PATIENCE
    while not lock(file):
        if time.monotonic() > give_up:
            file.seek(0)
            who = file.read().strip()
            file.close()
            raise UserError(
                f"{folder} is in use: {who or 'another process'} is at work there; wait until it "
                f"has ended, or give another folder with hydra.run.dir=<folder>."
            )
        time.sleep(PATIENCE / 20)
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    file.flush()
    _held[folder] = file


def release(folder: Path) -> None:
    """Let other processes in again."""
    file = _held.pop(folder.absolute(), None)
    if file is not None:
        file.close()


def is_claimed(folder: Path) -> bool:
    """Whether another living process has claimed a folder."""
    path = folder.absolute() / LOCK
    if path.parent in _held or not path.is_file():
        return False
    with contextlib.suppress(OSError), path.open("a") as file:
        return not lock(file)
    return False


@contextlib.contextmanager
def claimed(folder: Path) -> Generator[None]:
    """`claim` a folder, and `release` it in the end."""
    claim(folder)
    try:
        yield
    finally:
        release(folder)


def lock(file: TextIO) -> bool:
    """Keep others from doing the same until the file is closed; False if another has."""
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # there is no such thing here
            pass
    return True


def _forget() -> None:
    """A loader process may outlive a killed training by seconds, and must not hold its folder."""
    for file in _held.values():
        file.close()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
