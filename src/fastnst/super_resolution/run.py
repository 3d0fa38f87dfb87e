"""One training of a network that enlarges."""

from pathlib import Path

from fastnst.learning import (
    MODEL,
    compiled_how,
    finished_sheet,
    fit,
    prepare_trainer,
    say_where,
    starting_point,
)
from fastnst.losses import SuperResolutionLoss, build_loss_network
from fastnst.super_resolution.beginning import first_weights
from fastnst.super_resolution.pictures import EnlargingData
from fastnst.super_resolution.settings import SuperResolutionSettings
from fastnst.super_resolution.sheet import EnlargedSheets
from fastnst.super_resolution.step import SuperResolution

SHEET_PICTURES = 4


def train_super_resolution(settings: SuperResolutionSettings, folder: Path) -> None:
    """Train a network to enlarge pictures.

    Args:
        settings: the run's.
        folder: where the run's files go.

    Raises:
        UserError: for anything in the settings that cannot be had: pictures, weights, checkpoint.
        SystemExit: if a signal ended the training, after saving.
    """
    start, settings = starting_point(settings, folder)  # before the slow parts
    weights = first_weights(settings) if start.checkpoint is None else None
    sheet = finished_sheet(start, settings, folder, [folder / MODEL])
    if sheet is not None:
        say_where(sheet, folder)
        return
    trainer = prepare_trainer(settings, folder, start)
    scale, blur = settings.scale, settings.blur
    data = EnlargingData(settings.data, settings.seed, scale, blur)
    loss_network = build_loss_network(**settings.loss_network.model_dump(), seed=settings.seed)
    loss = SuperResolutionLoss(loss_network, **settings.loss.model_dump())
    module = SuperResolution(settings, loss, **compiled_how(settings))
    if weights is not None:
        module.network.load_state_dict(weights)
    sheets = EnlargedSheets(folder, data.sheet_photographs(SHEET_PICTURES), scale, blur)
    told = f"to enlarge {scale} times from {len(data.train_set)} pictures"
    say_where(fit(trainer, module, data, sheets, start, folder, told), folder)
