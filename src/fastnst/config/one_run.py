"""One run of a command that Hydra configures: its settings, and its folder."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from fastnst.config.groups import Group
from fastnst.config.hydra import is_sweep, write_settings
from fastnst.config.many_styles import with_styles
from fastnst.config.own_picture import truly_labelled
from fastnst.config.run_folder import claimed_by_the_first
from fastnst.config.settings import Settings, read_settings
from fastnst.machine import like_ctrl_c, memory_errors, one_sentence_errors

Read = TypeVar("Read", bound=Group)


@contextmanager
def one_run(config: DictConfig, model: type[Read]) -> Generator[tuple[Read, Path]]:
    """The settings of a run and the folder for everything, which is this process's until the end.

    Args:
        config: as Hydra hands it to a command.
        model: the command's settings.
    """
    # here as well: Hydra adds a line to what gets past this function
    with one_sentence_errors(leave=not is_sweep()):
        runtime = HydraConfig.get().runtime
        os.chdir(runtime.cwd)  # paths are as they were given, also with hydra.job.chdir=true
        folder = Path(runtime.output_dir)
        with claimed_by_the_first(folder):
            config = truly_labelled(config)
            config = with_styles(config) if issubclass(model, Settings) else config
            yield read_settings(config, model), folder


def run_in_folder(
    config: DictConfig, model: type[Read], run: Callable[[Read, Path], None], advice: str
) -> None:
    """One run of a command that optimises pictures, or distils.

    Args:
        config: composed by Hydra.
        model: the command's settings.
        run: takes them and the folder for everything.
        advice: what to make smaller when the memory is full.
    """
    with one_run(config, model) as (settings, folder), memory_errors(advice), like_ctrl_c():
        write_settings(settings, folder / "config.yaml")
        run(settings, folder)
