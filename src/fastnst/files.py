"""Files that are there whole or not at all, and files of tensors that never run code."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch


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


def load_plain(path: Path) -> Any:
    """Read a file of `torch.save` that holds tensors and plain types only, onto the CPU.

    Raises:
        ValueError: if it is anything else; no code in it is run.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises whatever foreign bytes lead it to
        raise ValueError("it is not a file of tensors and plain values") from error
