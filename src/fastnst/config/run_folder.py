"""The folder of a run: made for one living process, before anything is written to it."""

import logging
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal, cast

from hydra.core.override_parser.types import Quote, QuotedString
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from pytorch_lightning.utilities import rank_zero_only

from fastnst.config.before_run import ending_the_program
from fastnst.machine import UserError, claim, claimed


class ClaimFolder(Callback):
    """Hydra calls this before the command: a sweep gets a folder, in which each of its runs claims
    its own."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        with ending_the_program():
            claim_folder(config, "sweep")

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        """Let the log file take any letter, whatever the encoding of the system."""
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.FileHandler) and handler.stream is not None:
                handler.stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def is_first_process() -> bool:
    """Whether this is the one process of a run that writes for all."""
    rank = getattr(rank_zero_only, "rank", 0)  # of this process, which Lightning keeps there
    return rank == 0 and os.environ.get("NODE_RANK", "0") == "0"


def claimed_by_the_first(folder: Path) -> AbstractContextManager[None]:
    """Keep other runs out of a folder; the processes of one run share it."""
    return claimed(folder) if is_first_process() else nullcontext()


def claim_folder(config: DictConfig, kind: Literal["run", "sweep"], fresh: bool = True) -> None:
    """Make the folder of a run or a sweep; that of a run is claimed for this process.

    Args:
        config: composed by Hydra; what it names after the time, and is there already, gets another
            name.
        kind: which of the two.
        fresh: whether a folder named after the time has to be a new one.

    Raises:
        UserError: if a living process has it, or it cannot be made.
    """
    if not is_first_process():
        return
    node = config.hydra[kind]
    unresolved = cast(dict[str, Any], OmegaConf.to_container(node, resolve=False))["dir"]
    folder = Path(node.dir)
    try:
        if fresh and "${now:" in unresolved.rpartition("/")[2]:
            folder = _make_new(folder)
            _rename(config, kind, folder)
        folder.mkdir(parents=True, exist_ok=True)
        if kind == "run":
            claim(folder)
    except OSError as error:
        prepared = (
            ", and for the training pictures data.prepared=<folder>" if "data" in config else ""
        )
        raise UserError(
            f"The folder {folder} cannot be made or written to ({error.strerror}): give another "
            f"one with hydra.{kind}.dir=<folder>{prepared}."
        ) from error


def _make_new(folder: Path) -> Path:
    """Make a folder of this name, or of the next that is free."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new, number = folder, 1
    while True:
        try:
            new.mkdir()
        except FileExistsError:
            number += 1
            new = folder.with_name(f"{folder.name}_{number}")
        else:
            return new


def _rename(config: DictConfig, kind: Literal["run", "sweep"], folder: Path) -> None:
    with read_write(config), read_write(config.hydra), open_dict(config):
        config.hydra[kind].dir = str(folder)
        # each run of a sweep is composed anew, from these
        name = QuotedString(text=str(folder), quote=Quote.single).with_quotes()
        config.hydra.overrides.hydra.append(f"hydra.{kind}.dir={name}")
