"""Training runs that can be killed."""

from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

from small.forks import fork
from small.runs import SMALL


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
    return Training(fork(cwd, output, output, *SMALL, *arguments), output)
