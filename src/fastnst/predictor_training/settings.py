"""What `fastnst train-predictor` reads."""

from typing import Annotated, Any, Literal

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from pydantic import Field, model_validator

from fastnst.config import (
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
    Style,
    check_there,
    claim_folder,
    data_files,
    ending_the_program,
    ours,
    read_settings,
    with_styles,
)
from fastnst.losses import local_weights
from fastnst.machine import choose_device, from_home
from fastnst.models import TRUNKS
from fastnst.styles import check_picture, local_picture


class PredictorSettings(Seen):
    """The keys of `configs/train_predictor.yaml`."""

    data: Annotated[CocoData | FolderData | DeadLeavesData, Field(discriminator="name")]
    trunk: File
    styles: Annotated[list[Style], Field(min_length=1)] | None
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

    @model_validator(mode="after")
    def _room_for_both(self) -> "PredictorSettings":
        if self.styles is not None and self.data.batch_size < 2:
            raise ValueError(
                f"data.batch_size={self.data.batch_size}: with styles half of each batch is "
                f"painted in these; give 2 or more"
            )
        return self


class CheckPredictorTraining(ClaimFolder):
    """Hydra calls this: a mistake ends the program while nothing was written."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        with ending_the_program():
            HydraConfig.instance().set_config(config)  # styles may lie in a folder of one's own
            settings = read_settings(with_styles(ours(config)), PredictorSettings)
            known = settings.trunk in TRUNKS or from_home(settings.trunk).is_dir()
            styles = settings.styles or []
            for style in styles:
                check_picture(style.name, style.image)
            network = settings.loss_network
            check_there(
                {
                    "start": settings.start,
                    "trunk": None if known else settings.trunk,
                    "paintings": settings.paintings,
                    "loss_network.weights": local_weights(network.name, network.weights),
                    **{f"styles, {it.name}: image": local_picture(it.image) for it in styles},
                    **data_files(settings.data),
                }
            )
            choose_device(settings.device)
            claim_folder(config, "run")
