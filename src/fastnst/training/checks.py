"""What is checked of a training of styles before Hydra makes the run folder."""

from omegaconf import DictConfig

from fastnst.config import AUTO, Settings, check_there, data_files, ours, read_settings, with_styles
from fastnst.learning import CheckRun, training_device
from fastnst.losses import local_weights
from fastnst.machine import UserError
from fastnst.motion import follows
from fastnst.styles import check_picture, local_picture
from fastnst.training.first_weights import first_weights, read_teacher


class CheckSettings(CheckRun):
    """Hydra calls this: a mistake ends the program while nothing was written."""

    model: type[Settings] = Settings  # the settings of the command

    def read(self, config: DictConfig) -> Settings:
        return read_settings(with_styles(ours(config)), self.model)

    def check(self, settings: Settings) -> None:
        check_files(settings)
        check_motion(settings)

    def check_beginning(self, settings: Settings) -> None:
        first_weights(settings)
        read_teacher(settings)


def check_files(settings: Settings) -> None:
    """Refuse local files and folders that are not there; what is in them is looked at later.

    Raises:
        UserError: naming the key.
    """
    for style in settings.paintings:
        check_picture(style.name, style.image)
    pictures = [(style.name, local_picture(style.image)) for style in settings.paintings]
    network = settings.loss_network
    check_there(
        {
            "resume": settings.resume if settings.resume != AUTO else None,
            **{
                f"styles, {key}: image" if settings.styles else "style.image": file
                for key, file in pictures
            },
            "loss_network.weights": local_weights(network.name, network.weights),
            **data_files(settings.data),
        }
    )


def check_motion(settings: Settings) -> None:
    """Refuse frames of motion that this machine cannot learn from.

    Raises:
        UserError: naming the keys.
    """
    accelerator = settings.trainer["accelerator"]
    device = training_device(accelerator)
    if settings.motion.name != "none" and not follows(device):
        raise UserError(
            f"motion={settings.motion.name} with trainer.accelerator={accelerator}: this PyTorch "
            f"cannot move pictures and learn on {device.type}; install a newer one, or give "
            f"trainer=cpu."
        )
