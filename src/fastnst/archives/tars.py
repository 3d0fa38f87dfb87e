"""Shards of WebDataset: tar files of samples, painted into others with all else that is in them."""

import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fastnst.archives.listing import in_chunks
from fastnst.images import SUFFIXES
from fastnst.machine import UserError, whole_file
from fastnst.stylizing import Job

SAMPLES = 64  # read and painted at once

Brush = Callable[[Mapping[Job, str]], Iterable[tuple[Job, UserError | None]]]


class Member(NamedTuple):
    """A file in a tar, with its content."""

    info: tarfile.TarInfo
    content: bytes | None


class Sample(NamedTuple):
    """Neighbours in a tar whose names are the same up to the first dot.

    Attributes:
        members: all of them.
        picture: which one is painted, if there is one; `seg.png` and the like are none.
    """

    members: list[Member]
    picture: int | None


def paint_tar(source: Path, target: Path, brush: Brush, scratch: Path) -> dict[str, str]:
    """Paint the first picture of each sample; what else there is is copied, with names and dates.

    Args:
        source: the shard.
        target: where it goes, whole.
        brush: paints files, which have their names in the shard with them.
        scratch: an empty folder.

    Returns:
        Why pictures could not be painted, by their names; their samples are left out.

    Raises:
        UserError: if the shard is damaged.
    """
    failed: dict[str, str] = {}
    try:
        with (
            whole_file(target) as file,
            tarfile.open(source, "r|") as before,
            tarfile.open(file, "w|", format=tarfile.PAX_FORMAT) as after,
        ):
            for chunk in in_chunks(_samples(before), SAMPLES):
                for sample in _painted(chunk, brush, scratch, failed):
                    for info, content in sample.members:
                        after.addfile(info, None if content is None else BytesIO(content))
    except (tarfile.TarError, EOFError) as error:
        raise UserError(f"{source}: it is damaged or cut off ({error}).") from error
    return failed


def _samples(tar: tarfile.TarFile) -> Iterator[Sample]:
    members: list[Member] = []
    for info in tar:
        if members and _key(info.name) != _key(members[0].info.name):
            yield _sample(members)
            members = []
        content = tar.extractfile(info) if info.isreg() else None
        members.append(Member(info, None if content is None else content.read()))
    if members:
        yield _sample(members)


def _sample(members: list[Member]) -> Sample:
    pictures = [
        number
        for number, (info, content) in enumerate(members)
        if content is not None and f".{_extension(info.name)}" in SUFFIXES
    ]
    return Sample(members, min(pictures, default=None))


def _key(name: str) -> str:
    folder, slash, file = name.rpartition("/")
    return folder + slash + file.partition(".")[0]


def _extension(name: str) -> str:
    return PurePosixPath(name).name.partition(".")[2].lower()


def _painted(
    chunk: list[Sample], brush: Brush, scratch: Path, failed: dict[str, str]
) -> Iterator[Sample]:
    """The samples with their pictures painted, without those that could not be."""
    jobs: dict[int, Job] = {}
    names: dict[int, str] = {}
    for number, (members, picture) in enumerate(chunk):
        if picture is None:
            continue
        info, content = members[picture]
        names[number] = info.name
        name = f"picture.{_extension(info.name)}"  # any other this system may not take
        jobs[number] = Job(scratch / f"in_{number}" / name, scratch / f"out_{number}" / name)
        jobs[number].source.parent.mkdir(exist_ok=True)
        jobs[number].source.write_bytes(content or b"")
    errors = dict(brush({job: names[number] for number, job in jobs.items()}))
    for number, (members, picture) in enumerate(chunk):
        if picture is None:
            yield Sample(members, picture)
            continue
        job, info = jobs[number], members[picture].info
        job.source.unlink()
        if error := errors[job]:
            sentence = str(error).replace(os.fspath(job.source), info.name)
            failed[info.name] = sentence.replace(os.fspath(job.target), info.name)
            continue
        content = job.target.read_bytes()
        job.target.unlink()
        info.size, info.type = len(content), tarfile.REGTYPE
        info.pax_headers = {key: it for key, it in info.pax_headers.items() if key != "size"}
        members[picture] = Member(info, content)
        yield Sample(members, picture)
