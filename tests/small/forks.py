"""Processes of their own that need not import everything anew: trainings, examples."""

import gc
import multiprocessing
import os
import re
import runpy
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from small.quick import leave_out_what_tests_need_not

ROOT = Path(__file__).parents[2]
TIMEOUT = 500  # seconds


@cache
def _context() -> BaseContext:
    context = multiprocessing.get_context("forkserver")  # which Windows has not
    context.set_forkserver_preload(["fastnst.commands.train", "torch.utils.tensorboard"])
    return context


def fork(
    cwd: Path, output: Path, errors: Path, *arguments: str, script: Path = ROOT / "train.py"
) -> BaseProcess:
    """Begin a script of this repository, the training command, in a folder; what it prints goes to
    two files, or to one.

    Other processes of the same run are not forks: they are started by its command line.
    """
    given = (cwd, output, errors, dict(os.environ), (str(script), *arguments))
    process = _context().Process(target=_run_script, args=given)
    process.start()
    return process


def run_code(code: str, cwd: Path, *filters: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder.

    Args:
        code: the program.
        cwd: the folder.
        filters: beginnings of warnings that are left alone; any other is an error.
    """

    return ended(lambda output, errors: fork_code(code, cwd, output, errors, *filters))


def fork_code(code: str, cwd: Path, output: Path, errors: Path, *filters: str) -> BaseProcess:
    """Begin a program in a folder, as `run_code`; what it prints goes to two files."""
    process = _context().Process(target=_execute, args=(code, cwd, output, errors, filters))
    process.start()
    return process


def ended(start: Callable[[Path, Path], BaseProcess]) -> subprocess.CompletedProcess[str]:
    """Wait for a process, and say how it ended.

    Args:
        start: begins it, with the files that what it prints goes to.
    """
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        process = start(output, errors)
        process.join(TIMEOUT)
        process.kill()
        code = -9 if process.exitcode is None else process.exitcode
        return subprocess.CompletedProcess((), code, output.read_text(), errors.read_text())


def _execute(code: str, cwd: Path, output: Path, errors: Path, filters: tuple[str, ...]) -> None:
    _prepare(cwd, output, errors)
    warnings.simplefilter("error")
    for beginning in filters:
        warnings.filterwarnings("ignore", re.escape(beginning))
    exec(compile(code, "example", "exec"), {"__name__": "__main__"})


def _run_script(
    cwd: Path, output: Path, errors: Path, environment: dict[str, str], words: tuple[str, ...]
) -> None:
    _prepare(cwd, output, errors)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [*words]
    runpy.run_path(words[0], run_name="__main__")


def _prepare(cwd: Path, output: Path, errors: Path) -> None:
    for number, path in ((1, output), (2, errors)):
        with path.open("a") as file:
            os.dup2(file.fileno(), number)
    multiprocessing.set_start_method("fork", force=True)  # of loaders, as in other processes
    leave_out_what_tests_need_not()
    gc.freeze()
    os.chdir(cwd)
