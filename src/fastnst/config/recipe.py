"""The command that repeats a training: its settings, as far as they are not those of its recipe."""

import shlex
from collections.abc import Mapping
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException

from fastnst.config.hydra import CONFIGS
from fastnst.config.many_styles import with_styles
from fastnst.config.settings import Settings, flat, read_settings
from fastnst.machine import UserError
from fastnst.models import TRUNKS, finished_styles

# What a network learns depends on these. The rest is where things are and how fast.
LEARNT = (
    *("style.name", "style.size", "styles", "network", "loss", "motion", "optimizer", "seed"),
    *("init", "trunk", "teacher", "teacher_weight"),
    *("loss_network.name", "loss_network.normalization", "loss_network.pooling"),
    *("data.name", "data.images", "data.grain", "data.image_size", "data.batch_size", "data.hflip"),
    *("trainer.max_steps", "trainer.accumulate_grad_batches"),
)

GROUPS = ("network", "motion")  # in which another choice has other keys, named as the choice is


def recipe_command(settings: Settings, experiment: str) -> str:
    """The command line that trains a style in the same way, on any machine.

    Args:
        settings: of the run.
        experiment: the file of `configs/experiment` that it is told as a difference from.

    Raises:
        UserError: if that cannot be said, as when the style has no file in `configs/style`.
    """
    if settings.styles is None:
        words = [f"style={settings.style.name}", f"experiment={experiment}"]
    else:
        names = ",".join(style.name for style in settings.styles)
        words = [f"styles=[{names}]", f"experiment={experiment}"]
    wanted = _learnt(settings.model_dump())
    try:
        usual = _composed(words)
        chosen = [f"{group}={wanted[key]}" for group in GROUPS
                  if usual[key := f"{group}.name"] != wanted[key]]  # fmt: skip
        if chosen:
            words += chosen
            usual = _composed(words)
        changed = [f"{key}={_text(wanted[key])}" for key in wanted if usual.get(key) != wanted[key]]
        if changed:
            words += changed
            usual = _composed(words)
        # a file's name says nothing on another machine
        known = (None, *TRUNKS, *(card.name for card in finished_styles()))
        said = {settings.init, settings.trunk, settings.teacher} <= {*known}
        repeats = said and usual == wanted
    except (HydraException, UserError):
        repeats = False
    if not repeats:
        raise UserError(
            f"There is no short command that trains {settings.style.name} in this way again: give "
            f"it a file in configs/style, and train it with experiment={experiment}."
        )
    return shlex.join(["fastnst", "train", *words])


def _composed(words: list[str]) -> dict[str, Any]:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return _learnt(read_settings(with_styles(compose("train", words), words)).model_dump())


def _learnt(settings: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        key: value
        for key, value in flat(settings)
        if any(f"{key}.".startswith(f"{part}.") for part in LEARNT)
    }
    if found["styles"] is not None:  # of which each has a file that says the rest
        found["styles"] = [{**style, "image": None} for style in found["styles"]]
    return found


def _text(value: Any) -> str:
    return "null" if value is None else str(value).removesuffix(".0")
