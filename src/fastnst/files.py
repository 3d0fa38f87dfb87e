"""Files that are there whole or not at all, that one process at a time writes, and files of
tensors that never run code."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

log = logging.getLogger(__name__)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary name in the same folder, which becomes `path` if all goes well.

    Missing folders are made. The name keeps the extension, from which Pillow takes the format.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time past, the others wait; the system frees the lock of a killed one.

    Windows and some network drives have no such lock: there nobody waits.
    """
    with path.open("w") as file:
        if fcntl is not None:
            with contextlib.suppress(OSError):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    log.info("Another process is at work in %s: waiting for it.", path.parent)
                    fcntl.flock(file, fcntl.LOCK_EX)
        yield


def readable_size(count: int) -> str:
    """Bytes -> such as 16.3 GB or 0.2 MB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def load_plain(path: Path) -> Any:
    """Read a file of `torch.save` that holds tensors and plain types only, onto the CPU.

    Raises:
        ValueError: if it is anything else; no code in it is run.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises whatever foreign bytes lead it to
        raise ValueError("it is not a file of tensors and plain values") from error
