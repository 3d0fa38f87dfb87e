"""Training runs in processes that can be killed, started without importing everything anew."""

import multiprocessing
import os
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

from small_runs import ROOT, SMALL

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["fastnst.train"])


def start(cwd: Path, output: Path, *arguments: str) -> BaseProcess:
    """Run the training command in a process of its own; what it prints goes to a file."""
    process = _context.Process(target=_train, args=(cwd, output, [*SMALL, *arguments]))
    process.start()
    return process


def _train(cwd: Path, output: Path, arguments: list[str]) -> None:
    with output.open("a") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    multiprocessing.set_start_method("fork", force=True)  # of loaders, as in other processes
    os.chdir(cwd)
    sys.argv = [str(ROOT / "train.py"), *arguments]
    from fastnst.train import main

    main()
