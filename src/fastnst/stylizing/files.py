"""Many files painted, or enlarged, with one network: reading, computing and writing at once."""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image

from fastnst.images import (
    check_writable,
    origin,
    read_image,
    read_metadata,
    read_size,
    write_image,
)
from fastnst.machine import UserError
from fastnst.stylizing.protocol import PaintsPictures

# Pillow lets go of Python's lock while it decodes and encodes; the network needs cores as well
THREADS = max(1, min(4, (os.cpu_count() or 1) // 2))

WAITING_PIXELS = 2**24  # of pictures read ahead, or painted and not written yet, at most

Smooth = Callable[[np.ndarray, np.ndarray], np.ndarray]  # a picture, and what it was painted as

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class Job(NamedTuple):
    """A file to paint and where the result goes."""

    source: Path
    target: Path


class Files(NamedTuple):
    """How picture files are read and written.

    Attributes:
        quality: of JPEG, WebP, AVIF and HEIC, 1 to 100; None for the usual one.
        keep_metadata: all of it, instead of EXIF alone.
        max_megapixels: refuse larger pictures; None for Pillow's limit.
    """

    quality: int | None = None
    keep_metadata: bool = False
    max_megapixels: float | None = None


Read = tuple[Job, Image.Image | UserError]


def paint_files(
    painter: PaintsPictures, jobs: Sequence[Job], files: Files, smooth: Smooth | None = None
) -> Iterator[tuple[Job, UserError | None]]:
    """Paint picture files; neighbours of one size are painted together.

    Args:
        painter: a `Stylizer`, or what else there is.
        jobs: the files.
        files: how to read and write them.
        smooth: what to make of each painted one, in order, if they are the frames of a film.

    Yields:
        Each job once it is done, in order, and what is wrong if there is no result of it.
    """

    def read(job: Job) -> Read:
        return job, _read(job, painter, files)

    def write(done: Read) -> tuple[Job, UserError | None]:
        job, painted = done
        if isinstance(painted, UserError):
            return job, painted
        return job, _write(painted, job, files, painter)

    found = {job: read_size(job.source, files.max_megapixels) for job in jobs}
    sizes = {job: size and painter.fitted(size) for job, size in found.items()}
    pictures = ahead(read, jobs, lambda job: _pixels(sizes[job]))
    painted = _paint_all(painter, pictures, sizes, smooth)
    return ahead(write, painted, lambda done: _pixels(getattr(done[1], "size", None)))


def _pixels(size: tuple[int, int] | None) -> int:
    return 0 if size is None else size[0] * size[1]


def ahead(
    function: Callable[[Argument], Result],
    arguments: Iterable[Argument],
    pixels: Callable[[Argument], int],
) -> Iterator[Result]:
    """Results in order, computed by other threads; a few of them before they are asked for, as
    long as the pictures in them have few pixels."""
    waiting: deque[tuple[Future[Result], int]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for argument in arguments:
            waiting.append((pool.submit(function, argument), pixels(argument)))
            while len(waiting) > 2 * THREADS or sum(size for _, size in waiting) > WAITING_PIXELS:
                yield waiting.popleft()[0].result()
        while waiting:
            yield waiting.popleft()[0].result()


def _read(job: Job, painter: PaintsPictures, files: Files) -> Image.Image | UserError:
    try:
        picture = read_image(job.source, max_megapixels=files.max_megapixels)
    except UserError as error:
        return error
    except MemoryError:
        return UserError(f"{job.source}: it has too many pixels for this machine.")
    try:
        fitting = painter.fit(picture)
    except UserError as error:
        return UserError(f"{job.source}: {error}.")
    except MemoryError as error:
        return _too_large(job.source, picture, error, painter)
    try:  # not when all the work is done
        check_writable(job.target, painter.result_size(fitting.size))
    except UserError as error:
        return error
    return fitting


def _write(
    painted: Image.Image, job: Job, files: Files, painter: PaintsPictures
) -> UserError | None:
    try:
        metadata = read_metadata(
            job.source, everything=files.keep_metadata, origin=origin(job.source.name)
        )
        write_image(painted, job.target, quality=files.quality, metadata=metadata)
    except UserError as error:
        return error
    except MemoryError as error:
        return _too_large(job.target, painted, error, painter)
    return None


def _paint_all(
    painter: PaintsPictures,
    pictures: Iterator[Read],
    sizes: Mapping[Job, tuple[int, int] | None],
    smooth: Smooth | None,
) -> Iterator[Read]:
    to_come = Counter(sizes.values())
    for batch in _batches(painter, pictures):
        for job, _ in batch:
            to_come[sizes[job]] -= 1
        size = sizes[batch[-1][0]]
        # to compile for a batch that another size cut short would pay for nothing
        to_compile_for = to_come[size] if _is_full(painter, batch) else 0
        if smooth is None:
            yield from _paint(painter, batch, to_compile_for)
            continue
        frames = [np.array(picture) for _, picture in batch]  # copies: they may be painted over
        for frame, done in zip(frames, _paint(painter, batch, to_compile_for), strict=True):
            yield _smoothed(smooth, frame, done)


def _smoothed(smooth: Smooth, frame: np.ndarray, done: Read) -> Read:
    job, painted = done
    if isinstance(painted, UserError):
        return done
    return job, Image.fromarray(smooth(frame, np.asarray(painted)))


def _batches(painter: PaintsPictures, pictures: Iterator[Read]) -> Iterator[list[Read]]:
    batch: list[Read] = []
    for job, picture in pictures:
        if batch and not _fits(painter, picture, batch):
            yield batch
            batch = []
        batch.append((job, picture))
        # a huge picture does not wait until the next one is read as well
        if _is_full(painter, batch):
            yield batch
            batch = []
    if batch:
        yield batch


def _fits(painter: PaintsPictures, picture: Image.Image | UserError, batch: list[Read]) -> bool:
    first = batch[0][1]
    if isinstance(first, UserError) or isinstance(picture, UserError):
        return False
    return picture.size == first.size and len(batch) < painter.together(picture.size)


def _is_full(painter: PaintsPictures, batch: list[Read]) -> bool:
    picture = batch[0][1]  # at the size to work at, which its file need not have
    return isinstance(picture, UserError) or not _fits(painter, picture, batch)


def _paint(painter: PaintsPictures, batch: list[Read], to_come: int) -> list[Read]:
    jobs, pictures = zip(*batch, strict=True)
    if isinstance(pictures[0], UserError):  # failures come alone
        return batch
    try:
        return list(zip(jobs, painter.paint(pictures, to_come), strict=True))
    except (RuntimeError, MemoryError) as error:  # PyTorch and Pillow when memory is full
        if len(batch) == 1:
            return [(jobs[0], _too_large(jobs[0].source, pictures[0], error, painter))]
    return [done for one in batch for done in _paint(painter, [one], 0)]


def _too_large(
    source: Path, picture: Image.Image, error: Exception, painter: PaintsPictures
) -> UserError:
    why = " ".join(str(error).split())
    return UserError(
        f"{source}: {picture.width}x{picture.height} pixels are too many for this machine; "
        f"{painter.when_too_large}{f' ({why})' if why else ''}."
    )
