"""One training run: from settings to a run folder with everything in it."""

from pathlib import Path
from typing import Any

from fastnst.config import NoMotion, Settings, SyntheticMotion
from fastnst.data import PhotographData
from fastnst.learning import (
    MODEL,
    compiled_how,
    finished_sheet,
    fit,
    prepare_trainer,
    say_where,
    starting_point,
)
from fastnst.losses import PerceptualLoss, build_loss_network
from fastnst.motion import Ranges
from fastnst.styles import load_style_image
from fastnst.training.first_weights import first_styles, first_weights, read_teacher
from fastnst.training.results import style_files
from fastnst.training.sheet import StyleSheets
from fastnst.training.step import StyleTransfer

SHEET_PHOTOGRAPHS = 4


def train(settings: Settings, folder: Path) -> None:
    """Train one style, or several that share a network.

    Args:
        settings: the run's.
        folder: where the run's files go.

    Raises:
        UserError: for anything in the settings that cannot be had: pictures, weights, checkpoint.
        SystemExit: if a signal ended the training, after saving.
    """
    start, settings = starting_point(settings, folder)  # before the slow parts
    weights = first_weights(settings) if start.checkpoint is None else None
    files = style_files(settings, folder)
    lines = [f"style:        {file}" for file in files]
    sheet = finished_sheet(start, settings, folder, [folder / MODEL, *files])
    if sheet is not None:
        say_where(sheet, folder, lines)
        return
    trainer = prepare_trainer(settings, folder, start)
    paintings = [load_style_image(it.name, it.image, it.size) for it in settings.paintings]
    data = PhotographData(
        settings.data, settings.seed, len(paintings), motion=_ranges(settings.motion)
    )
    loss_network = build_loss_network(**settings.loss_network.model_dump(), seed=settings.seed)
    loss = PerceptualLoss(loss_network, paintings, **_loss_options(settings))
    module = StyleTransfer(settings, loss, **compiled_how(settings), teacher=read_teacher(settings))
    if weights is not None:
        module.network.load_state_dict(weights)
    named = dict(zip(module.names, paintings, strict=True))
    if settings.styles is not None or settings.trunk is not None:
        begun = start.checkpoint is not None
        module.share_network({} if begun else first_styles(settings, module.network, named))
    sheets = StyleSheets(folder, named, data.sheet_photographs(SHEET_PHOTOGRAPHS))
    told = f"{settings.style.title} from {len(data.train_set)} pictures"
    say_where(fit(trainer, module, data, sheets, start, folder, told), folder, lines)


def _loss_options(settings: Settings) -> dict[str, Any]:
    """Arguments of `PerceptualLoss`; of many styles each has the weights that its file says."""
    options = settings.loss.perceptual()
    losses = [settings.of_style(style).loss for style in settings.paintings]
    for key in ("style_weight", "tv_weight"):
        options[key] = [getattr(loss, key) for loss in losses]
    return options


def _ranges(motion: NoMotion | SyntheticMotion) -> Ranges | None:
    if isinstance(motion, NoMotion):
        return None
    return Ranges(**motion.model_dump(include={*Ranges._fields}))
