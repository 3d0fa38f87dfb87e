"""The training command in processes of their own that need not import everything anew."""

import multiprocessing
import os
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).parents[2]
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["fastnst.commands.train"])


def fork(cwd: Path, output: Path, errors: Path, *arguments: str) -> BaseProcess:
    """Begin the training command in a folder; what it prints goes to two files, or to one."""
    given = (cwd, output, errors, dict(os.environ), arguments)
    process = _context.Process(target=_train, args=given)
    process.start()
    return process


def _train(
    cwd: Path, output: Path, errors: Path, environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    for number, path in ((1, output), (2, errors)):
        with path.open("a") as file:
            os.dup2(file.fileno(), number)
    multiprocessing.set_start_method("fork", force=True)  # of loaders, as in other processes
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = [str(ROOT / "train.py"), *arguments]
    from fastnst.commands.train import main

    main()
