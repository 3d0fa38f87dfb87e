"""What is checked before Hydra makes the folder for what `fastnst optimize` and
`fastnst study-layers` paint."""

from typing import Any

from omegaconf import DictConfig

from fastnst.config import (
    ClaimFolder,
    check_there,
    claim_folder,
    ending_the_program,
    ours,
    read_settings,
)
from fastnst.losses import local_weights
from fastnst.machine import choose_device
from fastnst.optimization.layer_study_settings import LayerStudySettings
from fastnst.optimization.settings import BEGINNINGS, OptimizeSettings
from fastnst.styles import local_picture as local


class CheckOptimization(ClaimFolder):
    """Hydra calls this: a mistake ends the program while nothing was written."""

    model: type[OptimizeSettings | LayerStudySettings] = OptimizeSettings

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        with ending_the_program():
            settings = read_settings(ours(config), self.model)
            network = settings.loss_network
            files = {
                "content": settings.content,
                "init": settings.init if settings.init not in BEGINNINGS else None,
                "loss_network.weights": local_weights(network.name, network.weights),
            }
            for number, mask in enumerate(getattr(settings, "masks", None) or ()):
                files[f"masks.{number}"] = mask
            styles = getattr(settings, "styles", None)
            for number, picture in enumerate(styles or ()):
                files[f"styles.{number}"] = local(picture)
            if not styles:
                files["style.image"] = local(settings.style.image)
            check_there(files)
            choose_device(settings.device)
            claim_folder(config, "run")


class CheckStudy(CheckOptimization):
    """The same for a layer study."""

    model = LayerStudySettings
