"""What there is to paint, as it is found: never all of it at once, for there may be millions."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeVar

from fastnst.archives.places import TAR, is_address, parted, place
from fastnst.archives.shard import Shard
from fastnst.images import SUFFIXES
from fastnst.jobs import WRITTEN
from fastnst.machine import UserError
from fastnst.video import READ_SUFFIXES

Element = TypeVar("Element")


class Item(NamedTuple):
    """A file to paint.

    Attributes:
        folder: that it was found in, by path or address.
        name: in that folder.
        target: name of the result, in the folder of the results.
    """

    folder: str
    name: str
    target: str

    @property
    def source(self) -> str:
        """Its whole name."""
        return place(self.folder).shown(self.name)

    @property
    def is_shard(self) -> bool:
        """Whether it is a shard of WebDataset."""
        return self.name.lower().endswith(TAR)


class Listing(NamedTuple):
    """Which files are painted, and what their results are called.

    Attributes:
        inputs: one folder, or files, by path or address.
        part: of the files, by a hash of their names: the same wherever it is listed.
        pattern: of the names of results, without the extension, with `{name}` and `{style}`.
        style: the name of the style of a file.
    """

    inputs: Sequence[str]
    part: Shard
    pattern: str
    style: Callable[[Path], str]

    def items(self) -> Iterator[Item]:
        """The files, as they are found.

        Raises:
            UserError: if a folder cannot be listed.
        """
        for folder, name in self._found():
            if self.part.has(name):
                yield Item(folder, name, self._target(folder, name))

    def check(self, output: str) -> None:
        """Check that this can be painted into a folder without anything being written over.

        Raises:
            UserError: if there is no such file, there is more than a folder, two files have one
                name, or the results would lie among the pictures.
        """
        folders = [it for it in self.inputs if _is_folder(it)]
        if folders and len(self.inputs) > 1:
            raise UserError(
                f"{folders[0]} and {len(self.inputs) - 1} more: give one folder, or files, with "
                f"--journal, --shard, --random-style, --ray and for shards and object stores."
            )
        taken: dict[str, str] = {}
        for file in self.inputs:
            if not is_address(file) and not os.path.exists(file):  # noqa: PTH110 (long names)
                raise UserError(f"{file}: there is no such file or folder.")
            if not _is_folder(file):
                name = self._target(*parted(file))
                if other := taken.get(name):
                    raise UserError(
                        f"{file} and {other} would both become {name}: paint them apart."
                    )
                taken[name] = file
            if _lies_in(output, file if _is_folder(file) else parted(file)[0], _is_folder(file)):
                raise UserError(
                    f"The results would lie among the pictures of {file}: give -o a folder "
                    f"outside of it."
                )

    def _found(self) -> Iterator[tuple[str, str]]:
        for it in self.inputs:
            if _is_folder(it):
                yield from ((it, name) for name in place(it).names())
            else:
                yield parted(it)

    def _target(self, folder: str, name: str) -> str:
        path = PurePosixPath(name)
        suffix = path.suffix.lower()
        if suffix == TAR:
            return name
        stem = self.pattern.format(name=path.stem, style=self.style(Path(folder, name)))
        if suffix in WRITTEN:
            return path.with_name(stem + path.suffix).as_posix()
        # the whole name stays: a.psd and a.png may lie side by side
        written = ".mp4" if suffix in READ_SUFFIXES else ".png"
        return path.with_name(stem + path.suffix + written).as_posix()


def in_chunks(elements: Iterable[Element], size: int) -> Iterator[list[Element]]:
    """Lists of so many, of the last as many as are left."""
    chunk: list[Element] = []
    for element in elements:
        chunk.append(element)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _is_folder(file: str) -> bool:
    if not is_address(file):
        return Path(file).is_dir()
    return PurePosixPath(file).suffix.lower() not in {*SUFFIXES, *READ_SUFFIXES, TAR}


def _lies_in(output: str, folder: str, below: bool) -> bool:
    """Whether results go to a folder with pictures, or, if asked for, below it."""
    if is_address(output) != is_address(folder):
        return False
    target, source = (
        PurePosixPath(it) if is_address(it) else Path(os.path.realpath(it))
        for it in (output, folder)
    )
    return source == target or (below and source in target.parents)
