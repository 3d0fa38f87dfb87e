"""Making training pictures beforehand: each is decoded and scaled once, several at a time.

`pictures.npy` grows picture by picture, and `progress.json` says how far it is, so that a
preparation that was interrupted goes on where it stopped.
"""

import contextlib
import io
import json
import logging
import os
import shutil
import time
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from tqdm import tqdm

from fastnst.data.bad_pictures import BadPictures
from fastnst.data.pictures import Pictures
from fastnst.data.prepared import INDEX, PICTURES, PreparedPictures, is_finished, read_note
from fastnst.machine import UserError, locked, readable_size, whole_file

log = logging.getLogger(__name__)

PROGRESS = "progress.json"
SAVE_EVERY = 5.0  # seconds: what a power cut costs at most
AHEAD = 4  # finished pictures per thread that may wait to be written


def prepare(
    source: Pictures, folder: Path, settings: dict[str, Any], bad: BadPictures
) -> PreparedPictures:
    """Make every picture of a source and keep it in a folder, unless that was done before.

    Pictures that cannot be read are left out.

    Args:
        source: of the pictures.
        folder: for these alone; made if missing.
        settings: which chose and shaped the pictures; they are noted in the index.
        bad: counts those that cannot be read, also those of a preparation done before.

    Raises:
        UserError: if the disk is too small, or too many of the pictures cannot be read.
    """
    state = source.state()
    if not is_finished(folder, state):  # else nothing is written: the folder may be read-only
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "lock").touch()
        except OSError as error:
            raise UserError(
                f"The folder {folder}, for the training pictures, cannot be made or written to "
                f"({error.strerror}): give another one with data.prepared=<folder>."
            ) from error
        with locked(folder / "lock"):
            if not is_finished(folder, state):  # another process may just have done it
                _make(source, folder, settings, state, bad)
    bad.add({why: why for why in read_note(folder / INDEX)["bad"]})
    return PreparedPictures(folder)


@dataclass
class _Progress:
    state: str = ""
    done: int = 0  # pictures, with the bad ones
    bad: list[tuple[int, str]] = field(default_factory=list)  # number of the picture, and why

    @classmethod
    def read(cls, path: Path) -> "_Progress":
        progress = cls(**read_note(path))
        # Ctrl-C may have come between noting a bad picture and counting it
        progress.bad = [(number, why) for number, why in progress.bad if number < progress.done]
        return progress

    def write(self, path: Path) -> None:
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(asdict(self)))


def _make(
    source: Pictures, folder: Path, settings: dict[str, Any], state: str, bad: BadPictures
) -> None:
    path = folder / PICTURES
    each, header = source.size**2 * 3, len(_header(0, source.size))
    progress = _Progress.read(folder / PROGRESS)
    there = header + (progress.done - len(progress.bad)) * each
    if progress.state == state and path.is_file() and path.stat().st_size >= there:
        reason = f"going on after {progress.done}, where it was interrupted"
    else:
        reason = _why_anew(folder, state)
        for name in (INDEX, PROGRESS, PICTURES):
            # not written over: a training that reads the old file keeps it
            (folder / name).unlink(missing_ok=True)
        progress, there = _Progress(state), header
        path.touch()
    whole = header + len(source) * each
    log.info(
        "Preparing %d pictures of %dx%d, %s, in %s: %s",
        *(len(source), source.size, source.size, readable_size(whole), folder, reason),
    )
    _check_space(folder, whole - path.stat().st_size)
    with path.open("r+b") as file:
        file.write(_header(0, source.size))
        file.truncate(there)
        file.seek(there)
        _append(source, file, progress, folder / PROGRESS, bad)
        if len(progress.bad) == len(source):
            raise UserError(
                f"None of the {len(source)} pictures can be read, and training needs some; the "
                f"first: {progress.bad[0][1]}"
            )
        file.seek(0)
        file.write(_header(len(source) - len(progress.bad), source.size))
        _to_disk(file)
    _write_index(folder, source, settings, progress)
    (folder / PROGRESS).unlink()


def _why_anew(folder: Path, state: str) -> str:
    before = read_note(folder / INDEX) or read_note(folder / PROGRESS)
    if not before:
        return "there are none with these settings yet"
    if before["state"] != state:
        return "files were added, removed or changed since the last time"
    return f"{PICTURES} is not what was written"


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"The prepared pictures need {readable_size(needed)} at {folder}, where "
            f"{readable_size(free)} are free: set data.cache=none, a smaller data.limit, or "
            f"data.prepared=<folder on another disk>."
        )


def _header(pictures: int, size: int) -> bytes:
    """What stands before the pixels in the file; numpy makes it as long for any number."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (pictures, size, size, 3)}
    )
    return header.getvalue()


def _append(
    source: Pictures, file: BinaryIO, progress: _Progress, note: Path, bad: BadPictures
) -> None:
    """Write the pictures that are still missing; `progress` is kept up to date."""
    bad.add({why: why for _, why in progress.bad})
    bar = tqdm(total=len(source), initial=progress.done, unit=" pictures", desc="preparing")
    saved = time.monotonic()
    try:
        with bar, contextlib.closing(_pictures(source, progress.done)) as pictures:
            for picture in pictures:
                if isinstance(picture, UserError):
                    progress.bad.append((progress.done, str(picture)))
                else:
                    file.write(picture.data)
                progress.done += 1
                bar.update()
                if isinstance(picture, UserError):  # noted by now, if this ends it
                    bad.add({str(picture): str(picture)})
                if time.monotonic() - saved > SAVE_EVERY:
                    _to_disk(file)
                    progress.write(note)
                    saved = time.monotonic()
    finally:
        _to_disk(file)
        progress.write(note)


def _pictures(source: Pictures, first: int) -> Generator[np.ndarray | UserError]:
    """The pictures from number `first` on, in order, or why there is none."""

    def make(index: int) -> np.ndarray | UserError:
        try:
            return source[index]
        except UserError as error:
            return error

    # Threads, not processes: Pillow lets go of Python's lock while it decodes and scales.
    threads = os.cpu_count() or 1
    waiting: deque[Future[np.ndarray | UserError]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for index in range(first, len(source)):
            waiting.append(pool.submit(make, index))
            if len(waiting) > AHEAD * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _write_index(
    folder: Path, source: Pictures, settings: dict[str, Any], progress: _Progress
) -> None:
    bad = dict(progress.bad)
    index = {
        "settings": settings,
        "state": progress.state,
        "bytes": (folder / PICTURES).stat().st_size,
        "names": [name for number, name in enumerate(source.names) if number not in bad],
        "bad": [*bad.values()],
    }
    with whole_file(folder / INDEX) as temporary:
        temporary.write_text(json.dumps(index, indent=1))


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
