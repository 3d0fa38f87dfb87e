"""Which pictures a folder holds."""

import os
from collections import deque
from collections.abc import Collection, Iterator
from pathlib import Path

from fastnst.images.formats import SUFFIXES


def list_images(folder: Path, also: Collection[str] = ()) -> list[Path]:
    """Every picture below a folder, by extension, sorted; hidden files and folders are left out.

    Links to folders are followed. A folder that can be reached in several ways, such as a loop of
    links, is gone through once: by its own name where that is below `folder`.

    Args:
        folder: with pictures.
        also: more extensions, in small letters, to list files of.
    """
    wanted = SUFFIXES.union(also)
    files = (Path(parent, name) for parent, names in _walk(folder) for name in names)
    return sorted(path for path in files if path.suffix.lower() in wanted and _is_file(path))


def _walk(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Folders and the names of what else is in them, without hidden ones."""
    seen: set[str] = set()
    waiting = deque([str(root)])
    while waiting:
        linked: list[str] = []
        for folder, folders, files in os.walk(waiting.popleft()):
            place = os.path.realpath(folder)
            if place in seen:
                folders.clear()
                continue
            seen.add(place)
            yield folder, [name for name in files if not name.startswith(".")]
            inside = [name for name in folders if not name.startswith(".")]
            # not by `islink`: Windows has junctions too
            folders[:] = [
                name
                for name in inside
                if os.path.realpath(Path(folder, name)) == str(Path(place, name))
            ]
            linked += [str(Path(folder, name)) for name in {*inside} - {*folders}]
        waiting.extend(sorted(linked))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # behind a folder that may not be entered
        return False
