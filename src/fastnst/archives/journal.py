"""What was done of a great many files, kept on disk: a run that was killed goes on where it was."""

import hashlib
import json
import os
from array import array
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple

import numpy as np

from fastnst.archives.shard import Shard
from fastnst.machine import UserError, lock


class Outcome(NamedTuple):
    """What has become of a file.

    Attributes:
        source, target: by path or address.
        error: why there is no result, if there is none.
        failed: what of it could not be painted, and why: samples of a shard.
        remark: what is wrong with a file that was painted, such as a video that is cut off.
    """

    source: str
    target: str
    error: str | None = None
    failed: dict[str, str] | None = None
    remark: str | None = None

    @property
    def skipped(self) -> int:
        """How many pictures could not be painted."""
        return len(self.failed or ()) + (self.error is not None)


class Journal:
    """A folder with a file of lines for each part of the work, written by the one that does it.

    A line is JSON: `{"source": ..., "target": ...}` of what was painted, with `"error": ...` of
    what could not be, `"failed": {sample: error}` of a shard, and `"remark": ...` of a damaged
    video. All parts' lines are read, so that work can be shared out otherwise when it is gone on
    with. What failed is not tried again. In memory each line is a number of 8 bytes.

    Args:
        folder: for the files; it is made.
        part: whose file is written, by one run at a time.

    Attributes:
        goes_on: whether this part was begun before, and may have left results without lines.

    Raises:
        UserError: if the folder cannot be made, read or written to, or another run keeps the file.
    """

    def __init__(self, folder: Path, part: Shard) -> None:
        self.path = folder / f"part_{part}.jsonl"
        self._skipped: dict[int, int] = {}  # by target, how many pictures
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.goes_on = self.path.exists()
            self._file: IO[str] = self.path.open("a", encoding="utf-8")
            if not lock(self._file):
                self._file.close()
                raise UserError(f"{self.path} is kept by another run, which paints the same part.")
            _end_line(self.path)
            targets = array("Q")
            for file in sorted(folder.glob("part_*.jsonl")):
                self._read(file, targets)
            self._told = np.unique(np.frombuffer(targets, np.uint64)) if targets else np.empty(0)
        except OSError as error:
            raise UserError(
                f"The journal {folder} cannot be kept ({error.strerror}): give another folder with "
                f"--journal."
            ) from error

    def _read(self, file: Path, targets: "array[int]") -> None:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    entry: dict[str, Any] = json.loads(line)
                    outcome = Outcome(**entry)
                    key = _key(outcome.target)
                except (ValueError, TypeError):  # cut off by a kill: it is done again
                    continue
                targets.append(key)
                if outcome.skipped:
                    self._skipped[key] = outcome.skipped

    def skipped(self, target: str) -> int | None:
        """How many pictures could not be painted of what has become of a file before; None if
        nothing has."""
        key = np.uint64(_key(target))
        place = np.searchsorted(self._told, key)
        if place == len(self._told) or self._told[place] != key:
            return None
        return self._skipped.get(int(key), 0)

    def add(self, outcome: Outcome) -> None:
        """Tell what has become of a file, at once on disk."""
        entry = {key: value for key, value in outcome._asdict().items() if value}
        # ASCII: a name may hold bytes that are no text
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def _key(target: str) -> int:
    # of a hundred million files two share one with a chance of 1 in 3,700
    return int.from_bytes(hashlib.blake2b(os.fsencode(target), digest_size=8).digest(), "big")


def _end_line(path: Path) -> None:
    """Give a line that a kill cut off an end, that the next one may not be lost with it."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb+") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
