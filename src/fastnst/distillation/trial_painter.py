"""A transformation network that learns against the student, to show what that one overlooks."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fastnst.distillation.student import Student
from fastnst.distillation.varied_pictures import choose, crops
from fastnst.losses import (
    EXPOSED,
    gram_matrix,
    relative_feature_loss,
    relative_style_loss,
    total_variation,
)
from fastnst.machine import Compiled
from fastnst.networks import build_network

NETWORK = {"name": "resnet", "width": 32, "blocks": 5, "norm": "instance", "upsample": "nearest"}
CONTENT, STYLE_WEIGHT = "relu2_2", 10.0  # as in configs/loss/relative.yaml
LIFE = 300  # steps for each style


class TrialPainter:
    """Learns one style after the other, each from the beginning, against a student that learns too.

    A network that is trained against a loss network finds whatever that does not see. What this one
    paints are therefore the pictures that the student most needs to see as its teacher does.

    Args:
        student: on its device; it is used and not trained.
        crop: side of the pictures, in pixels.
        compiled: whether its step goes through `torch.compile`.
    """

    def __init__(self, student: Student, crop: int, compiled: bool) -> None:
        self.student, self.crop = student, crop
        self.network = build_network(NETWORK).to(memory_format=torch.channels_last)
        self._loss = Compiled(self._painted) if compiled else self._painted
        self._steps = 0

    def paint(self, photographs: Tensor, styles: Sequence[Tensor]) -> Tensor:
        """One step of learning.

        Args:
            photographs: `(N, 3, S, S)`, RGB in [0, 1].
            styles: `(3, H, W)` each, what the next style is chosen from.

        Returns:
            What it painted in this step, `(N, 3, S, S)`.
        """
        self.student.requires_grad_(False)
        if self._steps % LIFE == 0:
            self.network.to(photographs.device)
            self.network.load_state_dict(build_network(NETWORK).state_dict())
            self._optimizer = torch.optim.Adam(self.network.parameters(), 1e-3)
            self._style = crops(choose(styles, 1), self.crop).to(photographs.device)
        self._steps += 1
        with torch.no_grad():  # the student has changed
            content = self.student(photographs, [CONTENT])[CONTENT]
            seen = self.student(self._style, EXPOSED)
            grams = {layer: gram_matrix(value) for layer, value in seen.items()}
        with torch.enable_grad():
            loss, painted = self._loss(photographs, content, grams)
            self._optimizer.zero_grad()
            loss.backward()
        self._optimizer.step()
        self.student.requires_grad_(True)
        return painted.detach().float()

    def _painted(
        self, photographs: Tensor, content: Tensor, grams: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """The loss of what it paints, and that. Not by `PerceptualLoss`, which sees its style once:
        this one changes with the student."""
        painted = self.network(photographs)
        seen = self.student(painted, EXPOSED)
        style = [relative_style_loss(gram_matrix(seen[layer]), grams[layer]) for layer in EXPOSED]
        loss = relative_feature_loss(seen[CONTENT], content)
        loss = loss + STYLE_WEIGHT * sum(style) / len(style) + total_variation(painted)
        return loss.mean(), painted
