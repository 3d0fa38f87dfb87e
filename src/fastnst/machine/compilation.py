"""`torch.compile` where it is possible and pays, plain PyTorch where not."""

import logging
from collections.abc import Callable
from typing import Any, Literal

import torch

from fastnst.machine.hardware import memory_is_full

log = logging.getLogger(__name__)

# Pixels after which a compiled training step has won back the time its compilation takes: on two
# cores of an AMD EPYC 30 to 60 seconds against 0.35 of 1.8 seconds for each 4 x 256 x 256. For a
# GPU, where all is about a hundred times faster but for the compiler, not measured yet.
PAYS_AFTER = {"cpu": 2**26, "cuda": 2**31}


def compiling_pays(compile: bool | Literal["auto"], device: torch.device, pixels: int) -> bool:
    """Whether to compile a training step.

    Args:
        compile: true or false decide; `auto` by the work there is.
        device: where it runs. `auto` does not compile for others than CPUs and NVIDIA GPUs.
        pixels: of all pictures of the run, from its very start: a resumed run has to decide alike,
            or it would not go on with the same numbers.
    """
    if compile == "auto":
        return pixels >= PAYS_AFTER.get(device.type, float("inf"))
    return compile


class Compiled:
    """A function as `torch.compile` makes it, or as it is if the first call shows that this machine
    cannot compile it (no C++ compiler, no Triton): then one notice says so.

    Args:
        function: takes and returns tensors, always of the same shapes.
        cuda_graphs: record what is sent to the GPU once and send it again as a whole from then on.
            What a call returned is overwritten by the next call, as are gradients.
    """

    def __init__(self, function: Callable[..., Any], cuda_graphs: bool = False) -> None:
        self._function, self._cuda_graphs = function, cuda_graphs
        self._ready = False

    def __call__(self, *arguments: Any) -> Any:
        if self._cuda_graphs:
            torch.compiler.cudagraph_mark_step_begin()
        if not self._ready:
            self._ready = True
            try:
                return self._first(*arguments)
            except Exception as error:  # what the compiler raises is not documented
                if memory_is_full(error):
                    raise
                log.warning(
                    "Going on without torch.compile, which does not work here: %s",
                    next(iter(str(error).strip().splitlines()), repr(error)),
                )
            # out of the handler, which holds on to all that the failed call had in memory
        return self._function(*arguments)

    def _first(self, *arguments: Any) -> Any:
        log.info("Compiling: the first time takes up to a minute longer.")
        mode = "reduce-overhead" if self._cuda_graphs else "default"
        compiled = torch.compile(self._function, dynamic=False, mode=mode)
        result = compiled(*arguments)
        self._function = compiled
        return result


def is_compiler_error(error: Exception) -> bool:
    """Whether `torch.compile` raised this: it compiles the backward pass after the first call."""
    return type(error).__module__.startswith(("torch._dynamo", "torch._inductor"))
