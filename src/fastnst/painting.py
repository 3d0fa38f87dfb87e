"""Many files painted with one network: reading, computing and writing at the same time."""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

from PIL import Image

from fastnst.errors import UserError
from fastnst.images import read_image, read_size, write_image
from fastnst.stylizer import Stylizer

BATCH_PIXELS = 2**20  # in a batch at most, unless one picture alone has more
# Pillow lets go of Python's lock while it decodes and encodes; the network needs cores as well
THREADS = max(1, min(4, (os.cpu_count() or 1) // 2))

Result = TypeVar("Result")


class Job(NamedTuple):
    """A file to paint and where the result goes."""

    source: Path
    target: Path


Read = tuple[Job, Image.Image | UserError]


def paint_files(stylizer: Stylizer, jobs: Sequence[Job]) -> Iterator[tuple[Job, UserError | None]]:
    """Paint files; neighbours of one size are painted together.

    Args:
        stylizer: with the network.
        jobs: the files.

    Yields:
        Each job once it is done, in order, and what is wrong if there is no result of it.
    """

    def read(job: Job) -> Read:
        return job, _read(job.source, stylizer)

    def write(done: Read) -> tuple[Job, UserError | None]:
        job, painted = done
        return job, painted if isinstance(painted, UserError) else _write(painted, job.target)

    sizes = [read_size(job.source) for job in jobs]
    return _ahead(write, _paint_all(stylizer, _ahead(read, jobs), sizes))


def _ahead(
    function: Callable[..., Result], arguments: Iterable[Job] | Iterable[Read]
) -> Iterator[Result]:
    """Results in order, computed by other threads; a few of them before they are asked for."""
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for argument in arguments:
            waiting.append(pool.submit(function, argument))
            if len(waiting) > 2 * THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _read(source: Path, stylizer: Stylizer) -> Image.Image | UserError:
    try:
        picture = read_image(source)
    except UserError as error:
        return error
    except MemoryError:
        return UserError(f"{source}: it has too many pixels for this machine.")
    try:
        return stylizer.fit(picture)
    except UserError as error:
        return UserError(f"{source}: {error}.")
    except MemoryError as error:
        return _too_large(source, picture, error)


def _write(painted: Image.Image, target: Path) -> UserError | None:
    try:
        write_image(painted, target)
    except UserError as error:
        return error
    except MemoryError as error:
        return _too_large(target, painted, error)
    return None


def _paint_all(
    stylizer: Stylizer, pictures: Iterator[Read], sizes: Sequence[tuple[int, int] | None]
) -> Iterator[Read]:
    to_come, sizes_in_order = Counter(sizes), iter(sizes)
    for batch in _batches(pictures):
        for _ in batch:
            size = next(sizes_in_order)
            to_come[size] -= 1
        # to compile for a batch that another size cut short would pay for nothing
        yield from _paint(stylizer, batch, to_come[size] if _is_full(batch) else 0)


def _batches(pictures: Iterator[Read]) -> Iterator[list[Read]]:
    batch: list[Read] = []
    for job, picture in pictures:
        if batch and not _fits(picture, batch):
            yield batch
            batch = []
        batch.append((job, picture))
    if batch:
        yield batch


def _fits(picture: Image.Image | UserError, batch: list[Read]) -> bool:
    first = batch[0][1]
    if isinstance(first, UserError) or isinstance(picture, UserError):
        return False
    pixels = (len(batch) + 1) * picture.width * picture.height
    return picture.size == first.size and pixels <= BATCH_PIXELS


def _is_full(batch: list[Read]) -> bool:
    picture = batch[0][1]  # at the size to work at, which its file need not have
    return isinstance(picture, UserError) or not _fits(picture, batch)


def _paint(stylizer: Stylizer, batch: list[Read], to_come: int) -> list[Read]:
    jobs, pictures = zip(*batch, strict=True)
    if isinstance(pictures[0], UserError):  # failures come alone
        return batch
    try:
        return list(zip(jobs, stylizer.paint(pictures, to_come), strict=True))
    except (RuntimeError, MemoryError) as error:  # PyTorch and Pillow when memory is full
        if len(batch) == 1:
            return [(jobs[0], _too_large(jobs[0].source, pictures[0], error))]
    return [done for one in batch for done in _paint(stylizer, [one], 0)]


def _too_large(source: Path, picture: Image.Image, error: Exception) -> UserError:
    return UserError(
        f"{source}: {picture.width}x{picture.height} pixels are too many for this machine; "
        f"work at a smaller --size ({' '.join(str(error).split())})."
    )
