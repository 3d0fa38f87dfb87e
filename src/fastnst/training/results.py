"""What a run leaves to be used: a network, and the styles that share it."""

from pathlib import Path

from torch import Tensor, nn

from fastnst.config import Settings
from fastnst.models import ENDING, fingerprint, read_model, write_model, write_style
from fastnst.networks import set_style
from fastnst.styles import given_away


def style_files(settings: Settings, folder: Path) -> list[Path]:
    """What a run leaves for each style that shares the network; none if it is of one alone."""
    if settings.styles is None and settings.trunk is None:
        return []
    return [folder / f"{style.name}{ENDING}" for style in settings.paintings]


def write_results(
    path: Path, settings: Settings, network: nn.Module, styles: Tensor | None
) -> None:
    """Write `model.safetensors`, and the files of styles that share it beside it.

    Args:
        path: of the first.
        settings: the run's.
        network: as it was trained; it is given the style between all of those that share it.
        styles: `(S, K)`, their numbers; None for a network of one style.
    """
    if styles is not None:  # between them all, where a new one may begin
        set_style(network, styles.mean(0))
    write_model(
        path,
        network,
        settings.network.model_dump(),
        given_away(settings.style.model_dump()),
        # rounded, it would not be the network that the other styles belong to
        settings.model_dtype if settings.trunk is None else "float32",
    )
    if styles is not None:
        rounded = fingerprint(read_model(path).network)
        files = style_files(settings, path.parent)
        for file, style, row in zip(files, settings.paintings, styles, strict=True):
            write_style(file, row, given_away(style.model_dump()), rounded)
