"""What commands check before Hydra makes the run folder: a mistake leaves nothing behind."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from fastnst.config.errors import close_to, reference_sentence
from fastnst.config.groups import AUTO, CocoData, DeadLeavesData, FolderData
from fastnst.machine import UserError, from_home, one_sentence_errors


@contextmanager
def ending_the_program() -> Generator[None]:
    """For callbacks of Hydra, which would make a warning of an exception."""
    with one_sentence_errors():
        try:
            yield
        except OmegaConfBaseException as error:
            raise UserError(f"{reference_sentence(error)}.") from error


def ours(config: DictConfig) -> DictConfig:
    """All but what Hydra itself is told."""
    keys: list[Any] = [key for key in config if key != "hydra"]
    return OmegaConf.masked_copy(config, keys)


def data_files(data: CocoData | FolderData | DeadLeavesData) -> dict[str, str | None]:
    """What training pictures are read from, by key, for `check_there`."""
    return {f"data.{key}": getattr(data, key, None) for key in ("root", "annotations")}


def check_there(files: Mapping[str, str | None]) -> None:
    """Refuse files, and the folders `data.root` and `paintings`, that are not there.

    Raises:
        UserError: naming the key.
    """
    for key, name in files.items():
        if name is None:
            continue
        path = from_home(name)
        folder = key in ("data.root", "paintings")
        if not (path.is_dir() if folder else path.is_file()):
            kind = "folder" if folder else "file"
            close = close_to(name, [AUTO]) if key == "resume" else ""
            raise UserError(f"{key}={name}: there is no such {kind}{close}; check the name.")
