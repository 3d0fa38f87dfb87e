"""The command that repeats a training: its settings, as far as they are not those of its recipe."""

from collections.abc import Mapping
from typing import Any

from hydra import compose, initialize_config_dir

from fastnst.command import CONFIGS
from fastnst.settings import Settings, read_settings

# What a network learns depends on these. The rest is where things are and how fast.
LEARNT = (
    *("style.size", "network", "loss_network.name", "loss", "optimizer", "seed"),
    *("data.name", "data.images", "data.image_size", "data.batch_size", "data.hflip"),
    *("trainer.max_steps", "trainer.accumulate_grad_batches"),
)


def recipe(settings: Settings, experiment: str) -> str:
    """The command line of `train.py` that trains a style in the same way, on any machine.

    Args:
        settings: of the run.
        experiment: the file of `configs/experiment` that it is told as a difference from.

    Raises:
        UserError: if there is no file in `configs/style` for it.
    """
    words = [f"style={settings.style.name}", f"experiment={experiment}"]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        usual = _flat(read_settings(compose("train", words)).model_dump())
    mine = _flat(settings.model_dump())
    changed = {
        key: value
        for key, value in mine.items()
        if usual.get(key) != value and any(f"{key}.".startswith(f"{part}.") for part in LEARNT)
    }
    return " ".join(
        ["python train.py", *words, *(f"{key}={_text(changed[key])}" for key in changed)]
    )


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys with dots between."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
