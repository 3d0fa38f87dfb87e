"""Finishing a style: its numbers are learnt on for as long as one likes, with the real loss."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from fastnst.drawing import draw_dead_leaves
from fastnst.losses import LossNetwork, PerceptualLoss
from fastnst.machine import Compiled, UserError, computes_bf16, is_compiler_error
from fastnst.networks import TransformationNetwork, paint_styles

# configs/loss/relative.yaml as experiment=new_style takes it; their reader needs Hydra
LOSS = {
    "measure": "relative",
    "style_loss": "sliced_wasserstein",
    "content_layers": {"relu2_2": 1.0},
    "style_layers": {"relu1_2": 1.0, "relu2_2": 1.0, "relu3_3": 1.0, "relu4_3": 1.0},
    "content_weight": 1.0,
    "style_weight": 10.0,
    "tv_weight": 1.0,
}
SIDE = 256  # of the drawn pictures that it learns from, in pixels
# of Adam; falls to 0 as a cosine of the time that is over. On two paintings that the predictor
# knows, recoloured, a minute with it ends at 8 % less style error than one with 1e-2.
LEARNING_RATE = 4e-2
# seconds: with Gram matrices compiling took 20 on two cores of an EPYC, and steps through VGG19
# 0.41 then, else 0.53
COMPILED_FROM = 120
TRIED = 4  # drawn pictures that say which numbers are best
TRY_EVERY = 25  # steps


class Progress(NamedTuple):
    """How far finishing has come.

    Attributes:
        seconds: since it began.
        steps: done.
        content, style: errors of the best numbers so far, as shares of their targets.
    """

    seconds: float
    steps: int
    content: float
    style: float


def finish(
    network: TransformationNetwork,
    numbers: Tensor,
    painting: Tensor,
    loss_network: LossNetwork,
    seconds: float,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Tensor:
    """Learn the numbers of a style on, the network as it is.

    Ctrl-C ends it early and keeps what is best by then.

    Args:
        network: that many styles share; on the device to learn on, as all that follows.
        numbers: `(K,)`, what to begin with.
        painting: `(1, 3, H, W)`, RGB in [0, 1].
        loss_network: what the loss looks through.
        seconds: how long.
        tell: is called after each trial of the numbers.

    Returns:
        `(K,)`, the best of what was tried by content + style x weight + tv, on drawn pictures that
        are not learnt from.

    Raises:
        UserError: if the loss is no finite number from the beginning.
    """
    loss = PerceptualLoss(loss_network, [painting], **LOSS)  # pyright: ignore[reportArgumentType]  # a table of different types
    trials = _Trials(network, numbers, loss, tell)
    step_errors = Compiled(trials.errors) if seconds >= COMPILED_FROM else trials.errors
    optimizer = torch.optim.Adam([trials.learnt], lr=LEARNING_RATE)
    try:
        while (share := trials.elapsed / seconds) < 1:
            if trials.steps % TRY_EVERY == 0:
                trials.hold()
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * share))
            optimizer.zero_grad()
            picture = _drawn(TRIED + trials.steps, numbers.device)
            try:
                total = step_errors(picture)["total"]
                torch.autograd.backward(total, inputs=[trials.learnt])
            except Exception as error:
                if not is_compiler_error(error):  # it compiles the backward pass here
                    raise
                step_errors = trials.errors
                continue
            optimizer.step()
            trials.steps += 1
        trials.hold()
    except KeyboardInterrupt:
        with suppress(KeyboardInterrupt):  # once more: not even a last trial
            trials.hold()
    return trials.best


class _Trials:
    """Numbers of a style that are learnt, and the best of them.

    Args:
        network: paints.
        numbers: `(K,)`, the first.
        loss: with the painting as its style image.
        tell: is called after each trial.
    """

    def __init__(
        self,
        network: TransformationNetwork,
        numbers: Tensor,
        loss: PerceptualLoss,
        tell: Callable[[Progress], None],
    ) -> None:
        self.network, self.loss, self.tell = network, loss, tell
        self.learnt, self.best = nn.Parameter(numbers.clone()), numbers.clone()
        device = numbers.device
        self.low = torch.autocast(device.type, torch.bfloat16, enabled=computes_bf16(device))
        self.pictures = torch.cat([_drawn(number, device) for number in range(TRIED)])
        self.began, self.steps = time.monotonic(), 0
        self.least, self.content, self.style = math.inf, math.inf, math.inf

    @property
    def elapsed(self) -> float:
        """Seconds."""
        return time.monotonic() - self.began

    def errors(self, pictures: Tensor) -> dict[str, Tensor]:
        """The terms of the loss, of pictures `(N, 3, H, W)`."""
        with self.low:
            rows = self.learnt.expand(len(pictures), -1)
            return self.loss(paint_styles(self.network, pictures, rows), pictures)

    def hold(self) -> None:
        """Try what is learnt, and keep it if it is the best so far."""
        devices = [self.learnt.device] if self.learnt.is_cuda else []
        # the same draws of the loss each time, or the luckiest trial would be taken for the best
        with torch.no_grad(), torch.random.fork_rng(devices):
            torch.manual_seed(0)
            found = {name: value.item() for name, value in self.errors(self.pictures).items()}
        if self.learnt.device.type == "mps":  # whose draws go on from those of the trial
            torch.manual_seed(1 + self.steps)
        if self.steps == 0 and not math.isfinite(found["total"]):
            raise UserError(
                "The loss is no finite number: the weights of the loss network, or the style, are "
                "damaged; give others."
            )
        if found["total"] < self.least:
            self.least, self.best = found["total"], self.learnt.detach().clone()
            self.content, self.style = found["content"], found["style"]
        self.tell(Progress(self.elapsed, self.steps, self.content, self.style))


def _drawn(number: int, device: torch.device) -> Tensor:
    """A drawn picture `(1, 3, S, S)`."""
    drawn = torch.from_numpy(np.moveaxis(draw_dead_leaves(SIDE, 1, number), 2, 0))
    return (drawn[None].to(device) / 255).contiguous(memory_format=torch.channels_last)
