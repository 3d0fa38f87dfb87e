"""Folders of pictures: of this machine, or of an object store, by their address."""

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from fastnst.images import SUFFIXES, each_image
from fastnst.machine import UserError, load_library, remove_needless
from fastnst.video import READ_SUFFIXES, TRANSPORT, is_video_in_folder

TAR = ".tar"  # a shard of WebDataset
# what is named `.ts` would have to be looked into
IN_STORES = {*SUFFIXES, *READ_SUFFIXES, TAR} - {*TRANSPORT}
FLAT = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"}


class Place(Protocol):
    """A folder. Names are relative to it, with `/` between folders."""

    def names(self) -> Iterator[str]:
        """Pictures, videos and shards in it and below, as they are found, in no order."""
        ...

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        ...

    def shown(self, name: str) -> str:
        """The file's whole name, for people."""
        ...

    def read(self, name: str, scratch: Path) -> Path:
        """A file of this machine with the content; in the folder `scratch` if it is a copy."""
        ...

    def target(self, name: str, scratch: Path) -> Path:
        """Where to write the file on this machine, whole; `keep` then takes it from there."""
        ...

    def keep(self, name: str, file: Path) -> None:
        """Put what was written there in its place."""
        ...

    def tidy(self) -> None:
        """Remove what killed workers left half-written."""
        ...


def is_address(text: str) -> bool:
    """Whether it names a place of an object store, such as `s3://bucket/photos`; a page of the web
    is none."""
    return "://" in text and not text.lower().startswith(("http://", "https://"))


@lru_cache(maxsize=16)
def place(folder: str) -> Place:
    """The place of a folder, by its path or address.

    Raises:
        UserError: if it is the address of a kind that is not known, or not installed.
    """
    return _Store(folder) if is_address(folder) else _Folder(Path(folder))


def is_empty(folder: str) -> bool:
    """Whether a folder, by its path or address, has no results in it, or is not there yet."""
    return next(place(folder).names(), None) is None


def parted(file: str) -> tuple[str, str]:
    """The folder of a file, and its name in there, by its path or address."""
    if is_address(file):
        folder, _, name = file.rpartition("/")
        return folder, name
    return os.fspath(Path(file).parent), Path(file).name


class _Folder:
    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> Iterator[str]:
        for path in each_image(self.root, also={*READ_SUFFIXES, TAR}):
            suffix = path.suffix.lower()
            if suffix in SUFFIXES or suffix == TAR or is_video_in_folder(path):
                yield path.relative_to(self.root).as_posix()

    def has(self, name: str) -> bool:
        return os.path.exists(self.root / name)  # noqa: PTH110 (Path's raises for long names)

    def shown(self, name: str) -> str:
        return os.fspath(self.root / name)

    def read(self, name: str, scratch: Path) -> Path:
        return self.root / name

    def target(self, name: str, scratch: Path) -> Path:
        return self.root / name

    def keep(self, name: str, file: Path) -> None:
        """It is there."""

    def tidy(self) -> None:
        remove_needless(self.root)


class _Store:
    """Of fsspec. What its systems raise is as manifold as they are: only a file that is not there
    or not to be read is one file's fault, anything else ends the run, which can be gone on with."""

    def __init__(self, address: str) -> None:
        core = load_library("fsspec", "cloud").core
        self.address = address if address.endswith("://") else address.rstrip("/")
        try:
            found: tuple[Any, str] = core.url_to_fs(self.address, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise UserError(
                f"{address}: {error}. pip install 'fastnst[cloud]' may help."
            ) from error
        self.system, self.root = found
        # these have no folders, and to make some would make a bucket of a mistyped name
        self._flat = self.address.partition("://")[0].lower() in FLAT

    def names(self) -> Iterator[str]:
        try:
            if not self.system.exists(self.root):
                return
            for folder, _, files in self.system.walk(self.root, on_error="raise"):
                inside = PurePosixPath(folder).relative_to(PurePosixPath(self.root))
                for name in files:
                    path = inside / name
                    hidden = any(part.startswith(".") for part in path.parts)
                    if not hidden and path.suffix.lower() in IN_STORES:
                        yield path.as_posix()
        except Exception as error:
            raise self._trouble(self.address, error) from error

    def has(self, name: str) -> bool:
        try:
            return bool(self.system.exists(self._path(name)))
        except Exception as error:
            raise self._trouble(self.shown(name), error) from error

    def shown(self, name: str) -> str:
        return f"{self.address}/{name}"

    def read(self, name: str, scratch: Path) -> Path:
        file = scratch / PurePosixPath(name).name
        try:
            self.system.get_file(self._path(name), os.fspath(file))
        except (FileNotFoundError, PermissionError) as error:
            raise UnreadableError(f"{self.shown(name)}: it cannot be read ({error}).") from error
        except Exception as error:
            raise self._trouble(self.shown(name), error) from error
        return file

    def target(self, name: str, scratch: Path) -> Path:
        return scratch / PurePosixPath(name).name

    def keep(self, name: str, file: Path) -> None:
        path = self._path(name)
        try:
            if not self._flat:
                self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
            self.system.put_file(os.fspath(file), path)
        except Exception as error:
            raise self._trouble(self.shown(name), error) from error

    def tidy(self) -> None:
        """There is nothing."""

    def _path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"

    def _trouble(self, what: str, error: Exception) -> UserError:
        why = " ".join(str(error).split()) or type(error).__name__
        return UserError(f"{what}: the store does not answer as it should: {why}")


class UnreadableError(UserError):
    """One file of a place that cannot be had; the others can."""
