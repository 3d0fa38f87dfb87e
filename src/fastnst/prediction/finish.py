"""Finishing a style: its numbers are learnt on for as long as one likes, with the real loss."""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from fastnst.drawing import draw_dead_leaves
from fastnst.losses import LossNetwork, PerceptualLoss
from fastnst.machine import Compiled, computes_bf16
from fastnst.networks import TransformationNetwork, paint_styles

# as configs/loss/relative.yaml, whose reader needs Hydra
LOSS = {
    "measure": "relative",
    "style_loss": "gram",
    "content_layers": {"relu2_2": 1.0},
    "style_layers": {"relu1_2": 1.0, "relu2_2": 1.0, "relu3_3": 1.0, "relu4_3": 1.0},
    "content_weight": 1.0,
    "style_weight": 10.0,
    "tv_weight": 1.0,
}
SIDE = 256  # of the drawn pictures that it learns from, in pixels
LEARNING_RATE = 1e-2  # of Adam; falls to 0 as a cosine of the time that is over
COMPILED_FROM = 120  # seconds: compiling takes up to forty, and steps are three times as fast then
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
    """
    device = numbers.device
    loss = PerceptualLoss(loss_network, [painting], **LOSS)  # pyright: ignore[reportArgumentType]  # a table of different types
    learnt = nn.Parameter(numbers.clone())
    optimizer = torch.optim.Adam([learnt], lr=LEARNING_RATE)
    low = torch.autocast(device.type, torch.bfloat16, enabled=computes_bf16(device))
    tried = torch.cat([_drawn(number, device) for number in range(TRIED)])
    best, least = numbers.clone(), math.inf
    began, steps = time.monotonic(), 0
    progress = Progress(0.0, 0, math.inf, math.inf)

    def errors(pictures: Tensor) -> dict[str, Tensor]:
        with low:
            painted = paint_styles(network, pictures, learnt.expand(len(pictures), -1))
            return loss(painted, pictures)

    step_errors = Compiled(errors) if seconds >= COMPILED_FROM else errors
    try:
        while True:
            share = (time.monotonic() - began) / seconds if seconds else 1.0
            if steps % TRY_EVERY == 0 or share >= 1:
                with torch.no_grad():
                    found = {name: value.item() for name, value in errors(tried).items()}
                if found["total"] < least:
                    least, best = found["total"], learnt.detach().clone()
                    progress = progress._replace(content=found["content"], style=found["style"])
                progress = progress._replace(seconds=time.monotonic() - began, steps=steps)
                tell(progress)
            if share >= 1:
                return best
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * min(share, 1)))
            optimizer.zero_grad()
            total = step_errors(_drawn(TRIED + steps, device))["total"]
            torch.autograd.backward(total, inputs=[learnt])
            optimizer.step()
            steps += 1
    except KeyboardInterrupt:
        return best


def _drawn(number: int, device: torch.device) -> Tensor:
    """A drawn picture `(1, 3, S, S)`."""
    drawn = torch.from_numpy(np.moveaxis(draw_dead_leaves(SIDE, 1, number), 2, 0))
    return (drawn[None].to(device) / 255).contiguous(memory_format=torch.channels_last)
