"""What paints the files of an archive: one style for all, or one for each by chance."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from fastnst.archives.random_styles import random_styles
from fastnst.machine import choose_device
from fastnst.models import CALM, finished_model, finished_styles, in_network
from fastnst.stylizing import Stylizer


class Brushes(Protocol):
    """Can be sent to another process or machine, which says where it computes."""

    def style(self, file: Path) -> str:
        """The name of the style of a file."""
        ...

    def of(self, style: str, moving: bool) -> Stylizer:
        """What paints pictures in a style, or what moves."""
        ...

    def move(self, device: str) -> None:
        """Compute there from now on: `auto`, `cpu`, `cuda` or `mps`."""
        ...


class OneStyle:
    """The same for all files, as `Brushes`.

    Args:
        for_pictures, for_videos: ready to paint; may be the same.
    """

    def __init__(self, for_pictures: Stylizer, for_videos: Stylizer) -> None:
        self._pair = for_pictures, for_videos

    def style(self, file: Path) -> str:
        return self._pair[0].style["name"]

    def of(self, style: str, moving: bool) -> Stylizer:
        return self._pair[moving]

    def move(self, device: str) -> None:
        for stylizer in self._pair:
            stylizer.move(choose_device(device))


class RandomStyles:
    """A finished style for each file, as `Brushes`.

    Args:
        seed: another one draws others.
        make: what paints, from the checkpoint of a style; with `device`, where.
        device: as for `move`.
    """

    def __init__(self, seed: int, make: Callable[..., Stylizer], device: str) -> None:
        self._draw = random_styles([card.name for card in finished_styles()], seed)
        self._make, self._device = make, device
        self._made: dict[tuple[str, bool], Stylizer] = {}

    def style(self, file: Path) -> str:
        return self._draw(file)

    def of(self, style: str, moving: bool) -> Stylizer:
        if (style, moving) not in self._made:
            model = finished_model(style, shared=True)
            calm = in_network(CALM, [model]) if moving else {}
            made = self._make(calm.get(model, model), device=self._device)
            self._made[style, moving] = made
        return self._made[style, moving]

    def move(self, device: str) -> None:
        self._device = device
        self._made.clear()
