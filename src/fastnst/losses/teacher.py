"""What a finished network paints, as the aim of another one."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from fastnst.losses.pixels import PIXEL_LOSSES
from fastnst.losses.style import Measure
from fastnst.networks import TransformationNetwork, split_style


class TeacherLoss(nn.Module):
    """The pixel loss of pictures to what a finished network makes of the same photographs.

    A small network comes nearer to a large one so than by the losses that both are taught with
    alone: it is told where the marks and colours go. The teacher is frozen, and no part of a
    checkpoint.

    Args:
        network: the teacher.
        styles: `(S, K)`, the numbers of its styles; None where it paints one.
        measure: as a share of the painting's variance (`relative`) or in absolute units.
        weight: of the term.
    """

    styles: Tensor | None

    def __init__(
        self, network: TransformationNetwork, styles: Tensor | None, measure: Measure, weight: float
    ) -> None:
        super().__init__()
        self._network = (network.eval(),)  # in a tuple it is no part of this module
        self._names = {name: name.replace(".", "_") for name in network.state_dict()}
        for name, values in network.state_dict().items():
            self.register_buffer(self._names[name], values, persistent=False)
        self.register_buffer("styles", styles, persistent=False)
        self.loss, self.weight = PIXEL_LOSSES[measure], weight

    @torch.no_grad()
    def paint(self, photographs: Tensor, styles: Tensor) -> Tensor:
        """`(N, 3, H, W)`, each in the style of its number, `(N,)`."""
        (network,) = self._network
        state: dict[str, Tensor] = {name: getattr(self, own) for name, own in self._names.items()}
        if self.styles is not None:
            state |= split_style(network, self.styles[styles])
        return functional_call(network, state, (photographs,))

    def forward(self, painted: Tensor, photographs: Tensor, styles: Tensor) -> dict[str, Tensor]:
        """`teacher` and `weighted_teacher`, `(N,)` each.

        Args:
            painted: `(N, 3, H, W)`, what the other network makes of the photographs.
            photographs: `(N, 3, H, W)`, RGB in [0, 1].
            styles: int64 `(N,)`.
        """
        aim = self.paint(photographs, styles).float()
        value = self.loss(painted, aim, aim.new_ones(1, 1, 1, 1))
        return {"teacher": value, "weighted_teacher": self.weight * value}
