"""What was done of a great many files, kept on disk: a run that was killed goes on where it was."""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple

from fastnst.machine import UserError
from fastnst.stylizing import Job


class Shard(NamedTuple):
    """A part of the work, as `3/8`: the third of eight, which are as large as each other."""

    number: int
    parts: int

    def __str__(self) -> str:
        return f"{self.number}_of_{self.parts}"

    def of(self, jobs: Sequence[Job]) -> list[Job]:
        """The jobs of this part: every eighth, so that large and small folders are shared out."""
        return list(jobs[self.number - 1 :: self.parts])


WHOLE = Shard(1, 1)


def shard(text: str) -> Shard:
    """Read `3/8`, or raise a `ValueError` that says how it is written."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(f"{text} is no part: give its number and how many there are, such as 3/8")
    return Shard(int(match[1]), int(match[2]))


class Journal:
    """A folder with a file of lines for each part of the work, written by the one that does it.

    A line is JSON: `{"source": ..., "target": ...}` of what was painted, with `"error": ...` of
    what could not be. All parts' lines are read, so that work can be shared out otherwise when it
    is gone on with. What failed is not tried again.

    Args:
        folder: for the files; it is made.
        part: whose file is written.

    Raises:
        UserError: if the folder cannot be made, read or written to.
    """

    def __init__(self, folder: Path, part: Shard) -> None:
        self.path = folder / f"part_{part}.jsonl"
        self._told: dict[str, bool] = {}  # by target, whether it was painted
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for file in sorted(folder.glob("part_*.jsonl")):
                self._read(file)
            _end_line(self.path)
            self._file: IO[str] = self.path.open("a", encoding="utf-8")
        except OSError as error:
            raise UserError(
                f"The journal {folder} cannot be kept ({error.strerror}): give another folder with "
                f"--journal."
            ) from error

    def _read(self, file: Path) -> None:
        for line in file.read_text("utf-8", errors="replace").splitlines():
            try:
                entry: dict[str, Any] = json.loads(line)
                self._told[entry["target"]] = "error" not in entry
            except (ValueError, KeyError, TypeError):  # cut off by a kill: it is done again
                continue

    def failed(self, jobs: Sequence[Job]) -> int:
        """How many of these could not be painted before."""
        return sum(not self._told.get(_name(job), True) for job in jobs)

    def left(self, jobs: Sequence[Job]) -> list[Job]:
        """Those of which nothing is known yet. A result that is there without a line was written
        just before a kill: files appear whole, so it is done, and told now."""
        left: list[Job] = []
        for job in jobs:
            if _name(job) in self._told:
                continue
            if os.path.exists(job.target):  # noqa: PTH110 (Path's raises for long names)
                self.add(job, None)
            else:
                left.append(job)
        return left

    def add(self, job: Job, error: UserError | None) -> None:
        """Tell what has become of a file, at once on disk."""
        entry = {"source": os.fspath(job.source), "target": _name(job)}
        if error is not None:
            entry["error"] = str(error)
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


def _name(job: Job) -> str:
    return os.fspath(job.target)


def _end_line(path: Path) -> None:
    """Give a line that a kill cut off an end, that the next one may not be lost with it."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb+") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
