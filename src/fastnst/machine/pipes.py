"""Pictures that come through a pipe: `-`, `/dev/stdin`, or a FIFO, which can be read once only."""

import shutil
import stat
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fastnst.machine.errors import UserError

STDIN = Path("-")


@contextmanager
def from_pipes(paths: Iterable[Path]) -> Generator[list[Path]]:
    """The same paths, with files in the place of pipes; these are there within the block.

    Raises:
        UserError: if there is no stdin to read.
    """
    with TemporaryDirectory(prefix="fastnst_") as folder:
        yield [_as_file(path, Path(folder)) for path in paths]


def _as_file(path: Path, folder: Path) -> Path:
    if path != STDIN and not is_pipe(path):
        return path
    copy = folder / ("stdin" if path == STDIN else path.name)
    with copy.open("wb") as file:
        if path != STDIN:
            with path.open("rb") as pipe:
                shutil.copyfileobj(pipe, file)
        elif sys.stdin is None or sys.stdin.isatty():
            raise UserError("-: there is nothing on stdin, give a picture through a pipe.")
        else:
            shutil.copyfileobj(sys.stdin.buffer, file)
    return copy


def is_pipe(path: Path) -> bool:
    """Whether a file is read from its beginning to its end, once."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False
