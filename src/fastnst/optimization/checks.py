"""What is checked before Hydra makes the folder for what `scripts/optimize.py` and
`scripts/study_layers.py` paint."""

from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from fastnst.before_run import check_there, ending_the_program, local, local_weights, ours
from fastnst.hardware import choose_device
from fastnst.layer_study_settings import LayerStudySettings
from fastnst.optimize_settings import BEGINNINGS, OptimizeSettings
from fastnst.settings import read_settings


class CheckOptimization(Callback):
    """Hydra calls this: a mistake ends the program while nothing was written."""

    model: type[OptimizeSettings | LayerStudySettings] = OptimizeSettings

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        with ending_the_program():
            settings = read_settings(ours(config), self.model)
            files = {
                "content": settings.content,
                "init": settings.init if settings.init not in BEGINNINGS else None,
                "loss_network.weights": local_weights(settings.loss_network.weights),
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


class CheckStudy(CheckOptimization):
    """The same for a layer study."""

    model = LayerStudySettings
