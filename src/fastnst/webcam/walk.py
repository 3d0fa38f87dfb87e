"""The way from one style to the next, where they share a network: a walk instead of a jump."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from fastnst.models import fingerprint
from fastnst.networks import has_styles, set_style, style_of

if TYPE_CHECKING:
    from fastnst.stylizing import Stylizer

SECONDS = 1.0  # that it takes


class Walk:
    """Lets styles of one network go over into each other; to another network it is a jump.

    Args:
        stylizers: the styles.
    """

    def __init__(self, stylizers: Sequence["Stylizer"]) -> None:
        self._places: list[_Place | None] = []
        for stylizer in stylizers:
            self.add(stylizer)
        self._goal, self._began = 0, 0.0
        self._origin: Tensor | None = None
        self._now: Tensor | None = None

    def add(self, stylizer: "Stylizer") -> None:
        """One style more, behind the others."""
        network = stylizer.network
        if network is None or not has_styles(network):
            self._places.append(None)
        else:
            self._places.append(_Place(network))

    def to(self, style: int, now: float) -> bool:
        """Set what the stylizer of a style paints next: the style itself, or what is on the way.

        Args:
            style: where to go, as it was chosen; a number from 0.
            now: time in seconds, from any beginning.

        Returns:
            Whether it paints something else than before.
        """
        place, before = self._places[style], self._places[self._goal]
        moved = style != self._goal
        if moved:
            here = place is not None and before is not None and place.owner == before.owner
            self._origin, self._goal, self._began = self._now if here else None, style, now
        if place is None:
            self._now = None
            return moved
        if not moved and self._now is place.style:
            return False
        done = min(1.0, (now - self._began) / SECONDS)
        slow = done * done * (3 - 2 * done)  # at both ends
        if self._origin is None or done == 1:
            self._now = place.style
        else:
            self._now = self._origin.lerp(place.style, slow)
        set_style(place.network, self._now)
        return True


class _Place:
    """A style that can be walked to: its network, its numbers, and whom it shares the network with.

    Args:
        network: that paints it.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network, self.style, self.owner = network, style_of(network), fingerprint(network)
