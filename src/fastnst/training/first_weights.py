"""What a training begins with, if not with random weights: those of a trained network."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fastnst.config import Settings
from fastnst.learning import read_checkpoint
from fastnst.losses import TeacherLoss, build_loss_network
from fastnst.machine import UserError
from fastnst.models import (
    TRUNKS,
    fingerprint,
    finished_model,
    finished_styles,
    in_run_folder,
    read_model,
    styles_beside,
)
from fastnst.networks import has_styles
from fastnst.prediction import read_predictor

log = logging.getLogger(__name__)


def first_weights(settings: Settings) -> dict[str, Tensor] | None:
    """The weights of the network that `init` or `trunk` names, None if neither does.

    Raises:
        UserError: if there is no such network, or it is another one than the run's.
    """
    key = "init" if settings.trunk is None else "trunk"
    init = getattr(settings, key)
    if init is None:
        return None
    path = _file(key, init)
    try:
        model = read_model(path)
    except UserError as error:
        raise UserError(f"{key}={init}: {error}") from error
    now = settings.network.model_dump()
    wanted = [f"network.{key}={value}" for key, value in _other(model.architecture, now)]
    if model.architecture["name"] != now["name"]:
        wanted = [f"network={model.architecture['name']}"]
    if wanted:
        what = ", ".join(f"{key} {value}" for key, value in model.architecture.items())
        has = ", ".join(f"{key} {value}" for key, value in now.items())
        known = model.architecture["name"] != "pytorch_examples"
        raise UserError(
            f"{key}={init} does not fit: it is a network with {what}, and the run's is one with "
            f"{has}; {'set ' + ' '.join(wanted) if known else 'give one of fastnst train'}."
        )
    state = model.network.state_dict()
    if not all(value.isfinite().all() for value in state.values()):
        raise UserError(f"{key}={init}: not all of its weights are finite numbers; give another.")
    if settings.styles is not None or settings.trunk is not None:
        _styles_at(path, model.network)  # or a damaged one would be found when all is prepared
    return state


def first_styles(
    settings: Settings, network: nn.Module, paintings: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Numbers by name of those styles of a run that lie beside the network that it begins with. Of
    one that is new there they are predicted, if the predictor that comes with fastnst is for this
    network; else it begins like all of them together.

    Args:
        settings: the run's.
        network: with the weights that it begins with.
        paintings: `(1, 3, H, W)` each, RGB in [0, 1], by the name of the style.

    Raises:
        UserError: if a style file there is damaged.
    """
    key = "init" if settings.trunk is None else "trunk"
    init = getattr(settings, key)
    if init is None:
        return {}
    path = _file(key, init)
    there = _styles_at(path, network)
    anew = [name for name in paintings if name not in there]
    if known := [name for name in paintings if name in there]:
        log.info("Beginning with the numbers that %s has of %s.", init, ", ".join(known))
    return there | _predicted({name: paintings[name] for name in anew}, network)


def _predicted(paintings: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    if not paintings:
        return {}
    predictor = read_predictor()
    if predictor.network != fingerprint(network):
        return {}
    compact = build_loss_network("compact", "pretrained")
    log.info("Beginning with what is predicted for %s.", ", ".join(paintings))
    return {name: predictor.predict(compact, painting) for name, painting in paintings.items()}


def _styles_at(path: Path, network: nn.Module) -> dict[str, Tensor]:
    """Numbers, by name, of the styles that lie in or beside a network's file."""
    if path.suffix == ".ckpt":
        return _in_checkpoint(path)
    beside = styles_beside(path, network).values()
    return {style.style["name"]: style.numbers for style in beside}


def read_teacher(settings: Settings) -> TeacherLoss | None:
    """The loss that `teacher` asks for.

    Raises:
        UserError: if there is no such network, or it has not all styles of the run.
    """
    if settings.teacher is None:
        return None
    path = _file("teacher", settings.teacher)
    try:
        model, numbers = read_model(path), None
    except UserError as error:
        raise UserError(f"teacher={settings.teacher}: {error}") from error
    names = [style.name for style in settings.paintings]
    if settings.styles is not None or model.style["name"] != settings.style.name:
        there = _styles_at(path, model.network) if has_styles(model.network) else {}
        if lacking := [name for name in names if name not in there]:
            raise UserError(
                f"teacher={settings.teacher} has not learnt {', '.join(lacking)}: give a network "
                f"that has, or leave out the style."
            )
        numbers = torch.stack([there[name] for name in names])
    return TeacherLoss(model.network, numbers, settings.loss.measure, settings.teacher_weight)


def _in_checkpoint(path: Path) -> dict[str, Tensor]:
    checkpoint = read_checkpoint(path)
    styles = checkpoint["hyper_parameters"].get("styles") or []
    rows = checkpoint["state_dict"].get("styles", [])
    return {style["name"]: row for style, row in zip(styles, rows, strict=False)}


def _file(key: str, init: str) -> Path:
    trunk = TRUNKS.get(init)
    if trunk is not None and trunk.is_file():
        return trunk
    names = [card.name for card in finished_styles()]
    if init in names:
        return finished_model(init)
    path = Path(init)
    if not path.exists():
        raise UserError(
            f"{key}={init}: there is no such file, and no finished style of that name; there are "
            f"{', '.join((*TRUNKS, *names))}."
        )
    try:
        return in_run_folder(path)
    except UserError as error:
        raise UserError(f"{key}={init}: {error}") from error


def _other(architecture: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, Any]]:
    """What the network has otherwise than it is set; what its file leaves open is not told."""
    return [(key, value) for key, value in architecture.items() if now.get(key, value) != value]
