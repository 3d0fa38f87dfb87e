"""What the stylizing command has to do: which files, and where each result goes."""

import os
import re
import string
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from fastnst.images import (
    ANIMATED,
    SUFFIXES,
    UNMARKED,
    is_animated,
    list_images,
    origin,
    read_origin,
)
from fastnst.machine import UserError, with_ending
from fastnst.models import finished_styles
from fastnst.stylizing import Job
from fastnst.video import READ_SUFFIXES, STOPPED, is_video_in_folder
from fastnst.video import SUFFIXES as VIDEO_SUFFIXES

CASELESS = sys.platform in ("darwin", "win32")  # a.jpg and A.JPG are one file there
WRITTEN = SUFFIXES | VIDEO_SUFFIXES
MAY_LACK_A_MARK = UNMARKED | ANIMATED | READ_SUFFIXES  # of these what moves has none
# of files that somebody may wish for, and that Pillow does not know
OTHERS = {
    *(".jxl", ".heic", ".heif", ".hif", ".avif", ".jxr", ".svg", ".ai", ".xcf", ".kra", ".exr"),
    *(".hdr", ".raw", ".dng", ".nef", ".cr2", ".cr3", ".arw", ".orf", ".rw2", ".raf", ".mp3"),
    *(".wav", ".ogg", ".vob", ".zip", ".docx", ".pptx", ".html", ".txt", *READ_SUFFIXES),
}


def plan(
    inputs: Iterable[Path],
    output: Path | None,
    name: str | None,
    style: str,
) -> list[Job]:
    """Decide where each result goes.

    Without an output it goes beside its source. An output that ends in the extension of a picture
    or a video is a file, for one source; any other is a folder, in which the folders of the inputs
    are found again; it may have a dot in its name, as in `holiday.2024`, but not the extension of
    a file that cannot be written, unless it is there. What lies in a folder and is a result of
    something else there is left out, whatever style made it.

    Args:
        inputs: pictures, videos, and folders of these.
        output: file or folder.
        name: of results, without the extension: `{name}` stands for that of the source, `{style}`
            for that of the style. None for `{name}` in another folder, else `{name}_{style}`.
        style: name of the style.

    Raises:
        UserError: if two results would go to one file, or one over a source, or the output is a
            file of a kind that cannot be written.
    """
    if output is not None:
        _check_output(output)
    found = list(dict.fromkeys(_find(inputs)))
    if output is not None and output.suffix.lower() in WRITTEN and not output.is_dir():
        if len(found) != 1:
            raise UserError(f"{len(found)} files cannot all go to {output}: give a folder.")
        if name is not None:
            raise UserError(f"{output} is a name already: leave out --name, or give a folder.")
        jobs = [Job(found[0].path, output)]
    else:
        pattern = name or ("{name}_{style}" if output is None else "{name}")
        targets = [
            _named(
                one.path if output is None else output / one.place,
                pattern,
                style,
            )
            for one in found
        ]
        # what is a result of another picture in these folders is not to be painted again
        there = [*targets, *(with_ending(target, STOPPED) for target in targets)]
        results = {os.path.realpath(target) for target in there}
        results |= {os.path.realpath(path) for path in _earlier_results(found)}
        jobs = [
            Job(one.path, target)
            for one, target in zip(found, targets, strict=True)
            if not (one.in_folder and os.path.realpath(one.path) in results)
        ]
    _check(jobs)
    return jobs


def name_pattern(text: str) -> str:
    """The same, if it is a pattern for names of results; else raise a `ValueError`."""
    parsed = [(field, spec, how) for _, field, spec, how in string.Formatter().parse(text)]
    fields = {field for field, _, _ in parsed} - {None}
    plain = not any(spec or how for _, spec, how in parsed)
    if fields - {"name", "style"} or "name" not in fields or Path(text).name != text or not plain:
        raise ValueError(f"{text} is no pattern for names: use {{name}}, and {{style}} if wanted")
    return text


class _Found(NamedTuple):
    """A file, its place relative to the input that named it, and whether that is a folder."""

    path: Path
    place: Path
    in_folder: bool


def _find(inputs: Iterable[Path]) -> Iterator[_Found]:
    for path in inputs:
        if not path.is_dir():
            yield _Found(path, Path(path.name), False)
            continue
        files = [
            file
            for file in list_images(path, also=READ_SUFFIXES)
            if file.suffix.lower() in SUFFIXES or is_video_in_folder(file)
        ]
        if not files:
            raise UserError(f"There are no images in the folder {path}, nor videos.")
        yield from (_Found(file, file.relative_to(path), True) for file in files)


def _earlier_results(found: Sequence[_Found]) -> Iterator[Path]:
    """Those that were painted from others among them."""
    marks = {one.path: read_origin(one.path) for one in found if one.in_folder}
    paths = list(dict.fromkeys(one.path for one in found))
    # what an origin stands for, by the mark of that file itself: results of one photograph in
    # several folders, which have its name, are not each other's source
    sources: dict[str, set[str | None]] = {}
    for path in paths:
        sources.setdefault(origin(path.name), set()).add(marks.get(path))
    stems = {(path.parent, path.stem) for path in paths}
    names = "|".join(re.escape(card.name) for card in finished_styles())
    # of a mixture of unequal shares with the percentage of each
    ending = re.compile(rf"(.+?)((?:_(?:{names}))+|(?:_(?:{names})_\d+){{2,}})(?:{STOPPED})?")
    for path, mark in marks.items():
        if mark is not None:
            if sources.get(mark, set()) - {mark}:
                yield path
        elif (suffix := path.suffix.lower()) in MAY_LACK_A_MARK:
            match = ending.fullmatch(path.stem)
            if match is None or (path.parent, match[1]) not in stems:
                continue
            if suffix not in ANIMATED - UNMARKED or is_animated(path):
                yield path


def _check_output(output: Path) -> None:
    suffix = output.suffix.lower()
    if output == Path("-"):
        raise UserError("-o -: results are not written to stdout: name a file or a folder.")
    if suffix in WRITTEN or output.is_dir():
        return
    if suffix in OTHERS or suffix in Image.registered_extensions():
        raise UserError(
            f"{output}: files of this kind are not written: end the name in one of "
            f"{', '.join(sorted(WRITTEN))}, or name a folder."
        )


def _named(path: Path, pattern: str, style: str) -> Path:
    stem = pattern.format(name=path.stem, style=style)
    return path.with_name(stem + _written_suffix(path.suffix))


def _written_suffix(suffix: str) -> str:
    """The same, or what is written in its place: there are formats that are only read."""
    if suffix.lower() in WRITTEN:
        return suffix
    return ".mp4" if suffix.lower() in READ_SUFFIXES else ".png"


def _check(jobs: list[Job]) -> None:
    sources = {_place(job.source): job.source for job in jobs}
    taken: dict[str, Path] = {}
    for source, target in jobs:
        place = _place(target)
        if other := sources.get(place):
            raise UserError(f"{source} would be written over {other}: give another output with -o.")
        if other := taken.get(place):
            raise UserError(
                f"{source} and {other} would both become {target}: paint them one by one, or into "
                f"other folders."
            )
        taken[place] = source


def _place(path: Path) -> str:
    real = os.path.realpath(path)
    return real.casefold() if CASELESS else real
