"""Painting files, fetched from where they are and put where they go."""

import errno
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from fastnst.archives.brushes import Brushes
from fastnst.archives.journal import Outcome
from fastnst.archives.listing import Item
from fastnst.archives.places import UnreadableError, is_address, place
from fastnst.archives.tars import paint_tar
from fastnst.jobs import sort
from fastnst.machine import UserError
from fastnst.stylizing import Files, Job, paint_files
from fastnst.video import VideoOptions, paint_video

REQUESTS = 8  # to an object store at once
# a full disk, a drive that is gone, too many open files: the next file would have it as well
NOT_OF_A_FILE = {
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EIO", "EROFS", "ESTALE", "ENOTCONN", "EMFILE", "ENFILE")
    if hasattr(errno, name)  # Windows has not all of them
}

Fetched = tuple[Item, Job | UserError]


class Worker:
    """Paints the files that it is given. Can be sent to another process or machine.

    Args:
        brushes: what paints.
        output: folder of the results, by path or address.
        files: how to read and write pictures.
        how: to paint videos.
        ours: whether results that are there are of this run or one that it goes on with: then
            those of a worker that has died are not painted again.
    """

    def __init__(
        self, brushes: Brushes, output: str, files: Files, how: VideoOptions, ours: bool
    ) -> None:
        self.brushes, self.output, self._ours = brushes, output, ours
        self._files, self._how = files, how

    def paint(self, items: Sequence[Item], again: bool = False) -> Iterator[Outcome]:
        """Paint files.

        Args:
            items: the files.
            again: whether another worker has died of them, or before them.

        Yields:
            What has become of each, in no order.

        Raises:
            UserError: if an object store does not answer, or what is wrong is no fault of a file,
                such as a full disk.
        """
        if again and self._ours:
            there = [item for item in items if self.is_there(item)]
            items = [item for item in items if item not in there]
            yield from map(self._done, there)
        with TemporaryDirectory(prefix="fastnst_") as scratch:
            for item in items:
                if item.is_shard:
                    yield self._paint_shard(item, Path(scratch))
            loose = [item for item in items if not item.is_shard]
            if loose:
                yield from self._paint_loose(loose, Path(scratch))

    def is_there(self, item: Item) -> bool:
        """Whether there is a result of it."""
        return place(self.output).has(item.target)

    def target(self, item: Item) -> str:
        """The whole name of its result."""
        return place(self.output).shown(item.target)

    def _done(self, item: Item, job: Job | None = None, error: UserError | None = None) -> Outcome:
        source, target = item.source, self.target(item)
        if error is None:
            return Outcome(source, target)
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in NOT_OF_A_FILE:
            raise error
        sentence = str(error)
        if job is not None:  # copies have names of their own
            sentence = sentence.replace(os.fspath(job.source), source)
            sentence = sentence.replace(os.fspath(job.target), target)
        return Outcome(source, target, sentence)

    def _paint_loose(self, items: Sequence[Item], scratch: Path) -> Iterator[Outcome]:
        with ThreadPoolExecutor(REQUESTS) as pool:
            folders = (scratch / str(number) for number in range(len(items)))
            jobs: dict[Job, Item] = {}
            for item, job in pool.map(self._fetch, items, folders):
                if isinstance(job, Job):
                    jobs[job] = item
                else:
                    yield self._done(item, error=job)
            files = {job: Path(item.folder, item.name) for job, item in jobs.items()}
            waiting: deque[Future[Outcome]] = deque()
            for job, error, remark in self._painted(files):
                waiting.append(pool.submit(self._keep, jobs[job], job, error, remark))
                while waiting and (waiting[0].done() or len(waiting) > REQUESTS):
                    yield waiting.popleft().result()
            yield from (outcome.result() for outcome in waiting)

    def _fetch(self, item: Item, scratch: Path) -> Fetched:
        before, after = scratch / "in", scratch / "out"
        if is_address(item.folder):
            before.mkdir(parents=True)
        try:
            source = place(item.folder).read(item.name, before)
        except UnreadableError as error:
            return item, error
        return item, Job(source, place(self.output).target(item.target, after))

    def _keep(
        self, item: Item, job: Job, error: UserError | None, remark: str | None = None
    ) -> Outcome:
        if error is None:
            place(self.output).keep(item.target, job.target)
        for file, folder in ((job.source, item.folder), (job.target, self.output)):
            if is_address(folder):  # a copy
                file.unlink(missing_ok=True)
        return self._done(item, job, error)._replace(remark=remark)

    def _painted(
        self, files: Mapping[Job, Path]
    ) -> Iterator[tuple[Job, UserError | None, str | None]]:
        """Paint files, with the names that decide their styles: those of one style together; gives
        each with why there is no result, and what is wrong with a video that there is one of."""
        by_style: dict[str, list[Job]] = {}
        for job, name in files.items():
            by_style.setdefault(self.brushes.style(name), []).append(job)
        for style, jobs in by_style.items():
            work = sort(jobs, smooth=False)
            if work.pictures:
                stylizer = self.brushes.of(style, moving=False)
                for job, error in paint_files(stylizer, work.pictures, self._files):
                    yield job, error, None
            for job in work.videos:
                stylizer = self.brushes.of(style, moving=True)
                try:
                    report = paint_video(stylizer, job.source, job.target, self._how)
                except UserError as error:
                    yield job, error, None
                else:
                    told = ", ".join([f"{report.frames} frames", *report.damage])
                    yield job, None, told if report.damage else None

    def _paint_shard(self, item: Item, scratch: Path) -> Outcome:
        inside = Path(item.folder, item.name).with_suffix("")
        remarks: list[str] = []

        def brush(jobs: Mapping[Job, str]) -> Iterator[tuple[Job, UserError | None]]:
            files = {job: inside / name for job, name in jobs.items()}
            for job, error, remark in self._painted(files):
                self._done(item, job, error)  # which ends the run if it is no fault of the file
                if remark is not None:
                    remarks.append(f"{jobs[job]}: {remark}")
                yield job, error

        item, job = self._fetch(item, scratch / "shard")
        if not isinstance(job, Job):
            return self._done(item, error=job)
        try:
            job.source.open("rb").close()
        except (FileNotFoundError, PermissionError) as error:
            reason = UserError(f"{job.source} cannot be read: {error.strerror}.")
            return self._done(item, error=reason)
        with TemporaryDirectory(dir=scratch) as samples:
            try:
                failed = paint_tar(job.source, job.target, brush, Path(samples))
            except UserError as error:
                return self._keep(item, job, error)
        kept = self._keep(item, job, None, "; ".join(remarks) or None)
        return kept._replace(failed=failed or None)
