"""What `fastnst distill` reads."""

from typing import Annotated, Any, Literal

from omegaconf import DictConfig
from pydantic import Field, model_validator

from fastnst.config import (
    ClaimFolder,
    CocoData,
    Count,
    DeadLeavesData,
    File,
    FolderData,
    Group,
    ImageSide,
    NoBool,
    Positive,
    VGGSettings,
    check_there,
    claim_folder,
    data_files,
    ending_the_program,
    ours,
    read_settings,
)
from fastnst.losses import local_weights
from fastnst.machine import choose_device


class DistillSettings(Group):
    """The keys of `configs/distill.yaml`."""

    loss_network: VGGSettings
    data: Annotated[CocoData | FolderData | DeadLeavesData, Field(discriminator="name")]
    paintings: File | None
    start: File | None
    first_pictures: Count
    max_steps: Count
    lr: Positive
    crop: ImageSide
    seed: Annotated[int, NoBool, Field(ge=0, lt=2**32)]
    device: Literal["auto", "cpu", "cuda", "mps"]
    compile: bool
    log_every: Count
    sample_every: Count

    @model_validator(mode="after")
    def _crops_fit(self) -> "DistillSettings":
        if self.crop > self.data.image_size:
            raise ValueError(
                f"crop={self.crop} with data.image_size={self.data.image_size}: crops are cut from "
                f"the pictures; give a crop of at most {self.data.image_size}"
            )
        return self


class CheckDistillation(ClaimFolder):
    """Hydra calls this: a mistake ends the program while nothing was written."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        with ending_the_program():
            settings = read_settings(ours(config), DistillSettings)
            network = settings.loss_network
            check_there(
                {
                    "start": settings.start,
                    "paintings": settings.paintings,
                    "loss_network.weights": local_weights(network.name, network.weights),
                    **data_files(settings.data),
                }
            )
            choose_device(settings.device)
            claim_folder(config, "run")
