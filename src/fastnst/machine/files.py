"""Files that are there whole or not at all, and that one process at a time writes."""

import contextlib
import glob
import hashlib
import logging
import os
import re
from collections.abc import Generator
from pathlib import Path

from fastnst.machine.errors import UserError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

log = logging.getLogger(__name__)

SHORT = 80  # bytes of a name to which a few can be added on any file system
LONGEST_NAME = 255


def from_home(path: str | Path) -> Path:
    """A path with `~` and `~name` in their full length.

    Raises:
        UserError: if there is no such home, as in a container whose user has none.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(f"{path}: there is no such home folder here; write it in full.") from error


@contextlib.contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """Give a temporary name in the same folder, which becomes `path` if all goes well.

    Missing folders are made. The name keeps the extension, from which Pillow takes the format.

    Raises:
        UserError: if the folder cannot hold a name as long as that of `path`.
    """
    before, after = _temporary(path)
    temporary = path.with_name(f"{before}{os.getpid()}{after}")
    path.parent.mkdir(parents=True, exist_ok=True)
    longest = _longest_name(path.parent)
    if _length(path.name) > longest:  # found now, not when all the work is done
        raise UserError(
            f"{path}: the name has {_length(path.name)} bytes, and this folder takes {longest}: "
            f"give a shorter one."
        )
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def with_ending(path: Path, ending: str) -> Path:
    """`path` with an ending of its stem, which is cut where the name would be too long."""
    stem, room = path.stem, _longest_name(path.parent) - _length(ending + path.suffix)
    while _length(stem) > room:
        stem = stem[:-1]
    return path.with_stem(stem + ending)


def remove_needless(folder: Path) -> None:
    """Remove what killed processes left of `whole_file` in a folder and below, where another has
    made the file since: what is being written now is younger than the file, and stays. Of names
    with more than 80 bytes it cannot be told whose they are."""
    for parent, _, names in os.walk(folder):
        for name in names:
            match = re.fullmatch(r"\.(.+)\.\d+(\.[^.]*)", name)
            if match:
                leftover, whole = Path(parent, name), Path(parent, match[1] + match[2])
                with contextlib.suppress(FileNotFoundError):
                    if leftover.stat().st_mtime_ns < whole.stat().st_mtime_ns:
                        leftover.unlink()


def _length(name: str) -> int:
    return len(os.fsencode(name))


def _longest_name(folder: Path) -> int:
    """Bytes that a name may have."""
    if not hasattr(os, "pathconf"):  # Windows: letters, of up to three bytes
        return 3 * LONGEST_NAME
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except OSError:
        return LONGEST_NAME


def _temporary(path: Path) -> tuple[str, str]:
    """What comes before and after the process' number in a temporary name."""
    stem = path.stem
    if _length(path.name) > SHORT:  # the temporary one would be longer still
        stem = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return f".{stem}.", path.suffix[:SHORT]


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes have left of `path`, half-written under temporary names."""
    before, after = _temporary(path)
    for leftover in path.parent.glob(f"{glob.escape(before)}*{glob.escape(after)}"):
        leftover.unlink(missing_ok=True)


@contextlib.contextmanager
def durable_file(path: Path, before: Path | None = None) -> Generator[Path]:
    """`whole_file` for what must not be lost: it is on the disk when it gets its name, so that
    after a power cut either it or what had the name before is there.

    Args:
        path: of the file.
        before: the name to keep the file that was there before under.
    """
    with whole_file(path) as temporary:
        yield temporary
        _sync(temporary)
        if before is not None and path.exists():
            path.replace(before)
    if os.name != "nt":  # a folder of Windows cannot be opened
        _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(path: Path) -> Generator[None]:
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
