"""Style transfer by optimisation: the pixels of one picture are what is learnt (Gatys, Ecker,
Bethge 2016). Slow, and what feed-forward networks are measured by."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from fastnst.losses import PerceptualLoss

Method = Literal["lbfgs", "adam"]
PROJECT_EVERY = 10  # iterations: pixels that have left [0, 1] are brought back


class Iteration(NamedTuple):
    """Where an optimisation is.

    Attributes:
        number: of the iteration, 0 before the first.
        terms: of the loss there, see `PerceptualLoss.forward`.
        picture: `(1, 3, H, W)` in [0, 1].
    """

    number: int
    terms: dict[str, float]
    picture: Tensor


def optimize(
    loss: PerceptualLoss,
    photograph: Tensor,
    start: Tensor,
    iterations: int,
    method: Method = "lbfgs",
    lr: float | None = None,
) -> Iterator[Iteration]:
    """Lower the loss of a picture.

    With L-BFGS and a style loss without chance in it no iteration raises the loss: steps are as
    long as a line search with the strong Wolfe conditions finds good. The loss is that of the
    pixels clipped to [0, 1]; from time to time they are clipped themselves, as Johnson et al. 2016
    do after each iteration, so that one that was driven out finds its way back.

    Args:
        loss: the objective, the same one that trains networks.
        photograph: `(1, 3, H, W)`, RGB in [0, 1].
        start: `(1, 3, H, W)`, the picture to begin with.
        iterations: how many.
        method: `lbfgs` or `adam`.
        lr: length of the first step that L-BFGS tries, or Adam's learning rate in units of [0, 1];
            None: 1 and 0.02.

    Yields:
        The start, and each iteration.
    """
    objective = _Objective(loss, photograph, start)
    yield Iteration(0, objective.measure(), objective.picture())
    step = _lbfgs(objective, lr or 1.0) if method == "lbfgs" else _adam(objective, lr or 0.02)
    for number in range(1, iterations + 1):
        if loss.style_loss.draws:
            objective.seed = number
        step()
        if method == "adam" or number % PROJECT_EVERY == 0:
            objective.project()
        yield Iteration(number, objective.measure(), objective.picture())


class _Objective:
    """The loss as a function of the pixels.

    The last point is remembered: L-BFGS asks once more where its line search has ended.
    """

    def __init__(self, loss: PerceptualLoss, photograph: Tensor, start: Tensor) -> None:
        self.loss, self.target = loss, loss.content_target(photograph)
        self.pixels = start.clone(memory_format=torch.contiguous_format).requires_grad_()
        self.seed = 0  # of what a style loss draws: within an iteration always the same
        self._at: tuple[int, Tensor] | None = None
        self._terms: Mapping[str, Tensor] = {}
        self._gradient = torch.zeros_like(self.pixels)

    def __call__(self) -> Tensor:
        """The total; its gradient is in `pixels.grad`."""
        if (
            self._at is None
            or self._at[0] != self.seed
            or not torch.equal(self._at[1], self.pixels)
        ):
            devices = [self.pixels.device] if self.pixels.is_cuda else []
            with torch.enable_grad(), torch.random.fork_rng(devices):
                torch.manual_seed(self.seed)
                terms = self.loss.compare(_Clip.apply(self.pixels), self.target)
                (self._gradient,) = torch.autograd.grad(terms["total"], self.pixels)
            self._terms = {name: value.detach() for name, value in terms.items()}
            self._at = self.seed, self.pixels.detach().clone()
        self.pixels.grad = self._gradient.contiguous().clone()
        return self._terms["total"]

    def measure(self) -> dict[str, float]:
        """The terms of the loss where the pixels are."""
        self()
        return {name: value.item() for name, value in self._terms.items()}

    def picture(self) -> Tensor:
        """The pixels, clipped."""
        return self.pixels.detach().clamp(0, 1)

    def project(self) -> None:
        """Clip the pixels themselves, which leaves the loss as it is."""
        self.pixels.data.clamp_(0, 1)


class _Clip(torch.autograd.Function):
    """To [0, 1]. On the border the gradient is that of the way inside: with PyTorch's, which is 0
    there, what was white from the start would stay so for ever."""

    @staticmethod
    def forward(ctx: FunctionCtx, pixels: Tensor) -> Tensor:
        ctx.save_for_backward(pixels)
        return pixels.clamp(0, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]  # the decorator hides the names
        (pixels,) = ctx.saved_tensors
        inside = (pixels > 0) & (pixels < 1)
        darker, brighter = (pixels == 1) & (grad > 0), (pixels == 0) & (grad < 0)
        return torch.where(inside | darker | brighter, grad, 0.0)


def _lbfgs(objective: _Objective, lr: float) -> Callable[[], object]:
    # tolerances that let it go on for as long as it is asked to; a history as in Gatys's own code
    optimizer = torch.optim.LBFGS(
        [objective.pixels],
        lr=lr,
        max_iter=1,
        max_eval=25,
        history_size=20,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )
    return partial(optimizer.step, objective)


def _adam(objective: _Objective, lr: float) -> Callable[[], object]:
    optimizer = torch.optim.Adam([objective.pixels], lr=lr)
    return partial(optimizer.step, objective)
