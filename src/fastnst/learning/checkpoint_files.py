"""Training checkpoints as files: written whole, kept until the next one is complete, checked."""

import contextlib
import logging
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import CheckpointIO

from fastnst.machine import UserError, durable_file, load_plain

log = logging.getLogger(__name__)

FOLDER, LAST, PREVIOUS, DAMAGED = "checkpoints", "last.ckpt", "previous.ckpt", "damaged.ckpt"
PARTS = {"global_step": int, "hyper_parameters": dict, "loops": dict, "optimizer_states": list,
         "state_dict": dict}  # fmt: skip


class CheckpointFiles(CheckpointIO):
    """How Lightning writes and reads checkpoints. Its own way goes by the system's folder for
    temporary files, maybe another disk, and leaves it to the system when bytes reach the disk."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write a checkpoint; the one that was there becomes `previous.ckpt`.

        Whenever this is interrupted, one of the two is there and complete.

        Raises:
            UserError: if it cannot be written.
        """
        path = Path(path)
        try:
            with (
                durable_file(path, path.with_name(PREVIOUS)) as temporary,
                temporary.open("wb") as file,
            ):
                torch.save(checkpoint, file)
        except (OSError, RuntimeError) as error:  # PyTorch's own kind may hide the system's
            cause = error.__context__ if isinstance(error.__context__, OSError) else error
            raise UserError(
                f"The checkpoint {path} of step {checkpoint['global_step']} cannot be written "
                f"({cause}): make room, then go on from the one before with resume=auto "
                f"hydra.run.dir={path.parents[1]}."
            ) from error

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read a checkpoint, see `read_checkpoint`."""
        return read_checkpoint(Path(path))

    def remove_checkpoint(self, path: str | Path) -> None:
        """Part of Lightning's interface; fastnst removes none."""
        raise NotImplementedError


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a training checkpoint whole; no code in it is run.

    Raises:
        UserError: if it is not there, is cut off or damaged, or is something else.
    """
    if not path.is_file():
        raise UserError(f"There is no checkpoint {path}: check the name.")
    if path.suffix == ".safetensors":
        raise UserError(f"{path} is a finished model: resume=<run>/checkpoints/last.ckpt goes on.")
    try:
        checkpoint = load_plain(path)
        with zipfile.ZipFile(path) as archive:
            if archive.testzip() is not None:  # PyTorch itself does not look at the check sums
                raise ValueError("a check sum is wrong")
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, RuntimeError) as error:
        raise UserError(
            f"{path} is no checkpoint of fastnst train, or is cut off or damaged: resume from "
            f"another one, such as {PREVIOUS} beside it."
        ) from error
    if not isinstance(checkpoint, dict) or not all(
        isinstance(checkpoint.get(part), kind) for part, kind in PARTS.items()
    ):
        raise UserError(f"{path} is not a checkpoint of fastnst train: give a last.ckpt of a run.")
    return checkpoint


def has_checkpoints(run: Path) -> bool:
    """Whether there is anything in a run folder to go on from."""
    return any((run / FOLDER / name).is_file() for name in (LAST, PREVIOUS))


def newest_good(run: Path) -> Path | None:
    """The checkpoint of a run folder to go on from; None if it has none.

    A damaged one is named in a warning and put aside as `damaged.ckpt`, that it may not take the
    place of the good one before it.

    Raises:
        UserError: if there are only damaged ones.
    """
    for name in (LAST, PREVIOUS):
        path = run / FOLDER / name
        if not path.is_file():
            continue
        try:
            read_checkpoint(path)
        except UserError:
            log.warning("The checkpoint %s is cut off or damaged: taking the one before.", path)
            continue
        if name == PREVIOUS and (run / FOLDER / LAST).is_file():
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                (run / FOLDER / LAST).replace(run / FOLDER / DAMAGED)
        return path
    if has_checkpoints(run):
        raise UserError(
            f"No checkpoint in {run / FOLDER} is whole: start anew in another folder, with "
            f"hydra.run.dir=<folder>."
        )
    return None
