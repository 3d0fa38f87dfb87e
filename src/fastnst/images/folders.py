"""Which pictures a folder holds."""

import os
from collections import deque
from collections.abc import Collection, Iterator
from pathlib import Path

from fastnst.images.formats import SUFFIXES


def list_images(folder: Path, also: Collection[str] = ()) -> list[Path]:
    """All that `each_image` gives, sorted."""
    return sorted(each_image(folder, also))


def each_image(folder: Path, also: Collection[str] = ()) -> Iterator[Path]:
    """Every picture below a folder, by extension; hidden files and folders are left out.

    They come while the folder is being read, in no order, so that it may hold millions. Links to
    folders are followed. A folder that can be reached in several ways, such as a loop of links, is
    gone through once: by its own name where that is below `folder`. One that may not be entered is
    left out.

    Args:
        folder: with pictures.
        also: more extensions, in small letters, to list files of.
    """
    wanted = SUFFIXES.union(also)
    seen: set[str] = set()
    waiting, linked = [str(folder)], deque[str]()
    while waiting or linked:
        parent = waiting.pop() if waiting else linked.popleft()
        place = os.path.realpath(parent)
        if place in seen:
            continue
        seen.add(place)
        links: list[str] = []
        for entry in _entries(parent):
            if _is_folder(entry):
                # not by `is_symlink`: Windows has junctions too
                own = os.path.realpath(entry.path) == str(Path(place, entry.name))
                (waiting if own else links).append(entry.path)
            elif Path(entry.name).suffix.lower() in wanted and _is_file(entry):
                yield Path(entry.path)
        linked.extend(sorted(links))


def _entries(folder: str) -> Iterator["os.DirEntry[str]"]:
    """What is in a folder and not hidden."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))
    except (PermissionError, FileNotFoundError, NotADirectoryError):  # not ours; gone meanwhile
        return


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link behind a folder that may not be entered, or to itself
        return False
