"""Running the training command on so little that it takes seconds."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.commands.train import main
from small.forks import ROOT, ended, fork

SMALL = [
    "style=brush_strokes",
    "style.size=32",
    "network.width=4",
    "network.blocks=1",
    "loss_network=compact",
    "data.image_size=32",
    "data.batch_size=2",
    "data.workers=0",
    "data.val_images=3",
    "trainer.accelerator=cpu",
    "log_every=1",
]


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "train.py"), *SMALL, *arguments]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the training command as a user does."""
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, timeout=300)


def run_forked(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run it in a process that need not import everything anew."""
    return ended(lambda output, errors: fork(cwd, output, errors, *SMALL, *arguments))


def fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> str:
    """The single sentence with which a command line ends."""
    monkeypatch.setattr(sys, "argv", ["train.py", *SMALL, *arguments])
    return ends_in_a_sentence(capsys, main)


def ends_in_a_sentence(
    capsys: pytest.CaptureFixture[str], call: Callable[..., object], *arguments: str
) -> str:
    """The single sentence with which a call ends the program."""
    with pytest.raises(SystemExit) as stopped:
        call(*arguments)
    assert stopped.value.code == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    return errors


def scalars(folder: Path) -> dict[str, list[int]]:
    """Steps at which each scalar was logged in a run folder."""
    events = EventAccumulator(str(folder)).Reload()
    return {tag: [event.step for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
