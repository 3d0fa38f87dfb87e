"""One Markdown file on how fastnst does on this machine, for a device that is at hand for minutes.

    python scripts/benchmark.py --device cuda --report

runs the tests that need a GPU, 3,000 steps of `train.py` as a GPU trains best, and the benchmark
with one round; each with a time limit and in processes of its own, so that what fails or takes too
long is told in the file and the rest is still done. The file is written anew after each part.
"""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import lightning_fabric
import torch

from fastnst import __version__

ROOT = Path(__file__).parents[1]
BENCHMARK = str(Path(__file__).with_name("benchmark.py"))


class Part(NamedTuple):
    """A command whose output is a section of the report."""

    title: str
    command: Sequence[str]
    seconds: int  # after which it is ended


def parts(device: str) -> list[Part]:
    """What is run, in order: the most telling first."""
    benchmark = [sys.executable, BENCHMARK, "--device", device]
    tests = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", str(ROOT / "tests")]
    return [
        Part("3,000 steps of train.py", [*benchmark, "--training", "3000"], 150),
        Part("Tests that need a GPU", tests, 150),
        Part("Benchmark, one round", [*benchmark, "--rounds", "1"], 170),
    ]


def write_report(file: Path, device: str, todo: Sequence[Part]) -> bool:
    """Run the parts; whether all of them ended well."""
    sections = [_about(device)]
    failed: list[str] = []
    for part in todo:
        print(f"{part.title}: at most {part.seconds} s ...", file=sys.stderr, flush=True)
        started = time.monotonic()
        ended, output = run(part.command, part.seconds)
        if ended != "well":
            failed.append(f"{part.title} {ended}")
        took = f"{time.monotonic() - started:.0f} s"
        sections.append(f"## {part.title}\n\nEnded {ended} after {took}.\n\n{output}")
        verdict = "; ".join(failed) or "nothing"
        file.write_text("\n\n".join([*sections, f"Failed: {verdict}."]) + "\n")
    return not failed


def run(command: Sequence[str], seconds: float) -> tuple[str, str]:
    """Run a command, with all that it starts, for so long at most: how it ended, what it said.

    Standard output is taken to be Markdown; errors are shown, their last lines, if it failed.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # a group of its own, to be ended as one
    )
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        return f"by the limit of {seconds:g} s", _with_errors(output, errors)
    if process.returncode:
        return f"with exit code {process.returncode}", _with_errors(output, errors)
    return "well", output.strip()


def _with_errors(output: str, errors: str) -> str:
    last = "\n".join(errors.strip().splitlines()[-40:])
    return f"{output.strip()}\n\n```\n{last}\n```"


def _about(device: str) -> str:
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor()
    versions = {
        "fastnst": __version__,
        "PyTorch": torch.__version__,
        "Lightning": lightning_fabric.__version__,
        "CUDA": torch.version.cuda or "none",
        "cuDNN": torch.backends.cudnn.version() or "none",
        "Python": platform.python_version(),
    }
    listed = ", ".join(f"{what} {version}" for what, version in versions.items())
    return f"# fastnst on {device}: {name}\n\n{time.strftime('%Y-%m-%d')}. {listed}."
