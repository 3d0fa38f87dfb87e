"""What can go wrong while a training runs, said in one sentence with what to do."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytorch_lightning as pl
import torch

from fastnst.learning.checkpoints import Checkpoints
from fastnst.learning.finite import NotFinite
from fastnst.machine import UserError, is_compiler_error, memory_errors


@contextmanager
def lightning_failures(trainer: pl.Trainer) -> Generator[None]:
    """Give Ctrl-C its exit code, and a compiler that fails a sentence."""
    try:
        yield
    except SystemExit as leaving:
        if trainer.interrupted and leaving.code == 1:  # Lightning's way to end after Ctrl-C
            sys.exit(130)
        raise
    except RuntimeError as error:
        if is_compiler_error(error):
            raise UserError(
                f"torch.compile does not work here ({error}): set compile=false."
            ) from error
        raise


@contextmanager
def saying_where(trainer: pl.Trainer, output: Path) -> Generator[None]:
    """After Ctrl-C tell what there is, where validations write a file and no checkpoint is kept."""
    try:
        yield
    except SystemExit:
        there = f"{output} is as it was at the last validation; start={output} goes on from it."
        if not output.is_file():
            there = "nothing was written yet."
        print(f"Stopped after step {trainer.global_step}: {there}", file=sys.stderr)
        raise


@contextmanager
def training_failures(trainer: pl.Trainer, checkpoints: Checkpoints) -> Generator[None]:
    """Turn what a training raises and a user can mend into a `UserError`."""
    try:
        advice = "make data.batch_size or data.image_size smaller"
        with memory_errors(advice), lightning_failures(trainer):
            yield
    except NotFinite as error:
        raise UserError(
            f"{error}: {_go_on(checkpoints)} with a smaller optimizer.lr, with optimizer.clip=1 or "
            f"with trainer.precision=32-true."
        ) from error
    except RuntimeError as error:
        if trainer.world_size > 1 and _is_of_the_group(error):
            raise UserError(
                f"Process {trainer.global_rank} has lost another process of this run, after step "
                f"{checkpoints.step}, whose own message says why: {_go_on(checkpoints)}."
            ) from error
        raise


def _go_on(checkpoints: Checkpoints) -> str:
    if not checkpoints.last.is_file():  # a run may go on from one in another folder
        return "no checkpoint was saved in this run yet, start it again"
    return (
        f"the last good checkpoint is {checkpoints.last} of step {checkpoints.saved_step}, go on "
        f"from it with resume=auto hydra.run.dir={checkpoints.model.parent}"
    )


def _is_of_the_group(error: RuntimeError) -> bool:
    """Whether the processes' talk failed; gloo's errors have no type of their own."""
    return isinstance(error, torch.distributed.DistError) or "gloo" in str(error)
