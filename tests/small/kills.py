"""Training runs in processes that can be killed, started without importing everything anew."""

import multiprocessing
import os
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

from small.runs import ROOT, SMALL

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["fastnst.commands.train"])


class Training(NamedTuple):
    """A training in a process of its own.

    Attributes:
        process: to be killed.
        output: the file that what it prints goes to.
    """

    process: BaseProcess
    output: Path


def start(cwd: Path, *arguments: str) -> Training:
    """Run the training command in a folder."""
    # a new file each time: what a killed one's loaders have to say is not of interest
    output = cwd / f"output_{len([*cwd.glob('output_*')])}.txt"
    output.touch()
    process = _context.Process(target=_train, args=(cwd, output, [*SMALL, *arguments]))
    process.start()
    return Training(process, output)


def _train(cwd: Path, output: Path, arguments: list[str]) -> None:
    with output.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    multiprocessing.set_start_method("fork", force=True)  # of loaders, as in other processes
    os.chdir(cwd)
    sys.argv = [str(ROOT / "train.py"), *arguments]
    from fastnst.commands.train import main

    main()
