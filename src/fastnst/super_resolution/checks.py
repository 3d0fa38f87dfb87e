"""What is checked of a training of super-resolution before Hydra makes the run folder."""

from omegaconf import DictConfig

from fastnst.config import AUTO, check_there, data_files, ours, read_settings
from fastnst.learning import CheckRun
from fastnst.losses import local_weights
from fastnst.super_resolution.beginning import first_weights
from fastnst.super_resolution.settings import SuperResolutionSettings


class CheckSuperResolution(CheckRun):
    """Hydra calls this: a mistake ends the program while nothing was written."""

    def read(self, config: DictConfig) -> SuperResolutionSettings:
        return read_settings(ours(config), SuperResolutionSettings)

    def check(self, settings: SuperResolutionSettings) -> None:
        network = settings.loss_network
        check_there(
            {
                "resume": settings.resume if settings.resume != AUTO else None,
                "loss_network.weights": local_weights(network.name, network.weights),
                **data_files(settings.data),
            }
        )

    def check_beginning(self, settings: SuperResolutionSettings) -> None:
        first_weights(settings)
