"""The way from one style to the next, where they share a network: a walk instead of a jump."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from fastnst.models import same_network
from fastnst.networks import set_style, style_of

if TYPE_CHECKING:
    from fastnst.stylizing import Stylizer

SECONDS = 1.0  # that it takes


class Walk:
    """Lets styles go over into each other.

    Args:
        stylizers: the styles; if they do not all share one network, nothing is done.
    """

    def __init__(self, stylizers: Sequence["Stylizer"]) -> None:
        found = [stylizer.network for stylizer in stylizers]
        self._networks = [network for network in found if network is not None]
        shared = len(self._networks) == len(found) and same_network(self._networks)
        self._styles = [style_of(network) for network in self._networks] if shared else []
        self._goal, self._began = 0, 0.0
        self._origin: Tensor | None = None
        self._now: Tensor | None = None

    def rest(self) -> None:
        """Give each network its own style again, wherever the walk is."""
        for network, style in zip(self._networks, self._styles, strict=False):  # or there are none
            set_style(network, style)

    def to(self, style: int, now: float) -> bool:
        """Set what the stylizer of a style paints next: the style itself, or what is on the way.

        Args:
            style: where to go, as it was chosen; a number from 0.
            now: time in seconds, from any beginning.

        Returns:
            Whether it paints something else than before.
        """
        if not self._styles or (style == self._goal and self._now is self._styles[style]):
            return False
        if style != self._goal:
            self._origin, self._goal, self._began = self._now, style, now
        goal, done = self._styles[style], min(1.0, (now - self._began) / SECONDS)
        slow = done * done * (3 - 2 * done)  # at both ends
        if self._origin is None or done == 1:
            self._now = goal
        else:
            self._now = self._origin.lerp(goal, slow)
        set_style(self._networks[style], self._now)
        return True
