"""What the stylizing command has to do: which files, and where each result goes."""

import string
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fastnst.errors import UserError
from fastnst.images import SUFFIXES, list_images
from fastnst.video_formats import SUFFIXES as VIDEO_SUFFIXES

WRITTEN = SUFFIXES | VIDEO_SUFFIXES


class Job(NamedTuple):
    """A file to paint and where the result goes."""

    source: Path
    target: Path


def plan(inputs: Iterable[Path], output: Path | None, name: str | None, style: str) -> list[Job]:
    """Decide where each result goes.

    Without an output it goes beside its source. An output that ends in the extension of a picture
    or a video is a file, for one source; any other is a folder, in which the folders of the inputs
    are found again.

    Args:
        inputs: pictures, videos, and folders of pictures.
        output: file or folder.
        name: of results, without the extension: `{name}` stands for that of the source, `{style}`
            for that of the style. None for `{name}` in another folder, else `{name}_{style}`.
        style: name of the style.

    Raises:
        UserError: if two results would go to one file, or one over a source.
    """
    found = list(_find(inputs))
    if output is not None and output.suffix.lower() in WRITTEN and not output.is_dir():
        if len(found) != 1:
            raise UserError(f"{len(found)} files cannot all go to {output}: give a folder.")
        jobs = [Job(found[0][0], output)]
    else:
        pattern = name or ("{name}_{style}" if output is None else "{name}")
        jobs = [
            Job(path, _named(path if output is None else output / place, pattern, style))
            for path, place in found
        ]
    _check(jobs)
    return jobs


def name_pattern(text: str) -> str:
    """The same, if it is a pattern for names of results; else raise a `ValueError`."""
    fields = {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
    if fields - {"name", "style"} or "name" not in fields or Path(text).name != text:
        raise ValueError(f"{text} is no pattern for names: use {{name}}, and {{style}} if wanted")
    return text


def _find(inputs: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Each file with its place relative to the input that named it."""
    for path in inputs:
        if not path.is_dir():
            yield path, Path(path.name)
            continue
        files = list_images(path)
        if not files:
            raise UserError(f"There are no images in the folder {path}.")
        yield from ((file, file.relative_to(path)) for file in files)


def _named(path: Path, pattern: str, style: str) -> Path:
    stem = pattern.format(name=path.stem, style=style)
    # Pillow may read a format that it cannot write
    suffix = path.suffix if path.suffix.lower() in WRITTEN else ".png"
    return path.with_name(stem + suffix)


def _check(jobs: list[Job]) -> None:
    taken = {job.source.resolve(): job.source for job in jobs}
    for source, target in jobs:
        if other := taken.get(target.resolve()):
            raise UserError(f"{source} would be written over {other}: give another output with -o.")
        taken[target.resolve()] = source
