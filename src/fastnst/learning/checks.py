"""What is checked of any training before Hydra makes the run folder."""

import logging
import os
from pathlib import Path
from typing import Any, Literal, cast

import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from lightning_fabric.plugins.environments.lsf import LSFEnvironment
from lightning_fabric.plugins.environments.mpi import MPIEnvironment
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from omegaconf import DictConfig, OmegaConf, open_dict
from pytorch_lightning.accelerators import AcceleratorRegistry

from fastnst.config import (
    AUTO,
    ClaimFolder,
    RunSettings,
    claim_folder,
    ending_the_program,
    ours,
)
from fastnst.learning.checkpoint_files import has_checkpoints
from fastnst.learning.trainer import build_trainer, training_device
from fastnst.machine import UserError

LAUNCHERS = (TorchElasticEnvironment, SLURMEnvironment, LSFEnvironment, MPIEnvironment)


class CheckRun(ClaimFolder):
    """Hydra calls this: a mistake ends the program while nothing was written."""

    def read(self, config: DictConfig) -> RunSettings:
        """The command's settings, validated."""
        raise NotImplementedError

    def check(self, settings: Any) -> None:
        """Refuse local files that are not there, and what this machine cannot do."""

    def check_beginning(self, settings: Any) -> None:
        """Refuse what a new run cannot begin with."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        with ending_the_program():
            with open_dict(config):  # as Hydra does soon: settings may refer to it
                folder = os.path.abspath(config.hydra.run.dir)  # noqa: PTH100
                config.hydra.runtime.output_dir = folder
            settings = self._checked(config, "run")
            # with resume=auto it may be that of a run to go on with
            claim_folder(config, "run", fresh=settings.resume != AUTO)

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Check what all runs of a sweep have in common; each of them checks itself as well."""
        with ending_the_program():
            if not OmegaConf.missing_keys(ours(config)):  # a key that the sweep is over
                self._checked(config, "sweep")
        super().on_multirun_start(config)

    def _checked(self, config: DictConfig, kind: Literal["run", "sweep"]) -> RunSettings:
        HydraConfig.instance().set_config(config)
        settings = self.read(config)
        self.check(settings)
        check_machine(settings)
        unresolved = cast(dict[str, Any], OmegaConf.to_container(config.hydra[kind], resolve=False))
        folder = Path(config.hydra[kind].dir)
        if settings.resume != AUTO or not has_checkpoints(folder):
            self.check_beginning(settings)
        check_run_folder(settings, f"hydra.{kind}.dir", unresolved["dir"])
        logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # no advertisements
        device = training_device(settings.trainer["accelerator"])
        # Lightning refuses some more
        check_launcher(build_trainer(settings, device, folder, 0))
        return settings


def check_machine(settings: RunSettings) -> None:
    """Refuse a training that this machine cannot do.

    Raises:
        UserError: naming the keys.
    """
    trainer = settings.trainer
    accelerator, devices = trainer["accelerator"], trainer["devices"]
    there = [
        name
        for name in sorted(AcceleratorRegistry.available_accelerators())
        if AcceleratorRegistry[name]["accelerator"].is_available()
    ]
    if accelerator not in ("auto", *there, *["gpu"] * bool({"cuda", "mps"} & {*there})):
        raise UserError(
            f"trainer.accelerator={accelerator}: this machine has none, or PyTorch cannot use it; "
            f"there is {', '.join(there)}."
        )
    device = training_device(accelerator)
    if device.type == "cpu" and trainer["precision"] == "16-mixed":
        raise UserError(
            f"trainer.precision=16-mixed with trainer.accelerator={accelerator}: this is for GPUs; "
            f"a CPU takes bf16-mixed, 32-true or auto."
        )
    if device.type == "mps" and trainer["precision"] == "64-true":
        raise UserError(
            f"trainer.precision=64-true with trainer.accelerator={accelerator}: Apple's GPUs have "
            f"no such numbers; give 32-true or auto, or trainer=cpu."
        )
    if device.type == "cpu" and (isinstance(devices, list) or devices == -1):
        raise UserError(
            f"trainer.devices={devices} with trainer.accelerator={accelerator}: there is one CPU; "
            f"give the number of processes that shall share it."
        )
    if device.type == "cuda" and devices not in ("auto", -1):
        count = torch.cuda.device_count()
        if (max(devices) >= count) if isinstance(devices, list) else int(devices) > count:
            raise UserError(
                f"trainer.devices={devices}: this machine has {count}, from 0 to {count - 1}."
            )
    if trainer["num_nodes"] > 1 and not _launched() and "MASTER_ADDR" not in os.environ:
        raise UserError(
            f"trainer.num_nodes={trainer['num_nodes']}: start the command with torchrun or srun on "
            f"every machine, see configs/trainer/multi_node.yaml."
        )


def check_run_folder(settings: RunSettings, key: str, unresolved: str) -> None:
    """Refuse a run folder named after the time, if each process would take its own.

    Args:
        settings: the run's.
        key: that names the folder.
        unresolved: its value as it is written, with references in it.

    Raises:
        UserError: saying what to give.
    """
    processes = max([settings.trainer["num_nodes"], *(it.world_size() for it in _launched())])
    if processes > 1 and "${now:" in unresolved:
        raise UserError(
            f"{key}={unresolved} with {processes} processes that are started one by one: each "
            f"would take the time of its own start; give {key}=<folder>."
        )


def check_launcher(trainer: pl.Trainer) -> None:
    """Refuse another number of processes than torchrun, srun and the like have started.

    Raises:
        UserError: naming the keys.
    """
    for launcher in _launched():
        try:
            launcher.validate_settings(trainer.num_devices, trainer.num_nodes)
        except ValueError as error:
            raise UserError(
                f"trainer.devices={trainer.num_devices} and trainer.num_nodes={trainer.num_nodes} "
                f"are not what this process was started for: {error}"
            ) from error


def _launched() -> list[Any]:
    """What has started this process together with others: torchrun, srun and the like."""
    return [launcher() for launcher in LAUNCHERS if launcher.detect()]
