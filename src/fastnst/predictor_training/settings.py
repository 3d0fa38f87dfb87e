"""What `fastnst train-predictor` reads."""

from typing import Annotated, Any, Literal

from omegaconf import DictConfig
from pydantic import Field

from fastnst.config import (
    MANY,
    ClaimFolder,
    CocoData,
    Count,
    DeadLeavesData,
    File,
    FolderData,
    ImageSide,
    NoBool,
    Positive,
    Seen,
    check_there,
    claim_folder,
    ending_the_program,
    ours,
    read_settings,
)
from fastnst.losses import local_weights
from fastnst.machine import choose_device, from_home


class PredictorSettings(Seen):
    """The keys of `configs/train_predictor.yaml`."""

    data: Annotated[CocoData | FolderData | DeadLeavesData, Field(discriminator="name")]
    trunk: File
    paintings: File | None
    drawn: Annotated[int, NoBool, Field(ge=0)]
    variants: Count
    held_out: Count
    size: ImageSide
    start: File | None
    max_steps: Count
    lr: Positive
    seed: Annotated[int, NoBool, Field(ge=0, lt=2**32)]
    device: Literal["auto", "cpu", "cuda", "mps"]
    compile: bool
    log_every: Count
    sample_every: Count


class CheckPredictorTraining(ClaimFolder):
    """Hydra calls this: a mistake ends the program while nothing was written."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        with ending_the_program():
            settings = read_settings(ours(config), PredictorSettings)
            known = settings.trunk == MANY or from_home(settings.trunk).is_dir()
            check_there(
                {
                    "start": settings.start,
                    "trunk": None if known else settings.trunk,
                    "paintings": settings.paintings,
                    "loss_network.weights": local_weights(settings.loss_network.weights),
                    "data.root": getattr(settings.data, "root", None),
                }
            )
            choose_device(settings.device)
            claim_folder(config, "run")
