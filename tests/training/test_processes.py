"""One training shared by two processes on the CPU, which talk through Gloo."""

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
from PIL import Image
from small.data import STYLES, write_paintings
from small.forks import ROOT, fork
from small.runs import SMALL
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.drawing.dead_leaves import draw_dead_leaves

pytestmark = pytest.mark.slow

TRAINED_ON, HELD_OUT, STEPS = 12, 3, 15
MANY = f"styles=[{','.join(STYLES)}]"
TWO = ["trainer=ddp", "trainer.devices=2", "data.batch_size=2"]
RUN = [
    "data=folder",
    "data.root=../photographs",
    "data.cache=none",
    f"trainer.max_steps={STEPS}",
    "trainer.precision=32-true",
    "optimizer.lr=1e-4",  # larger steps magnify rounding
    "sample_every=6",
    "checkpoint_every=3",
    "hydra.run.dir=run",
]
# the training command, in which two losses of the second process are infinite
SPOILED = """
import os
from fastnst.commands.train import main
from fastnst.training import StyleTransfer

def spoiled(module, *batch):
    total, found = terms(module, *batch)
    if os.environ.get("LOCAL_RANK") == "1" and module.global_step in (2, 4):
        total = total * float("inf")
    return total, found

terms = StyleTransfer._terms
StyleTransfer._terms = spoiled
main()
"""
# the training command, noting which process reads which photograph
RECORDING = """
import os
from fastnst.data import pictures
from fastnst.commands.train import main

def read(path, **how):
    with open(f"read_by_{os.environ.get('LOCAL_RANK', 0)}.txt", "a") as file:
        print(path.name, file=file)
    return read_image(path, **how)

read_image = pictures.read_image
pictures.read_image = read
main()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    (folder / "photographs").mkdir()
    for index in range(TRAINED_ON + HELD_OUT):
        picture = Image.fromarray(draw_dead_leaves(48, 1, index))
        picture.save(folder / "photographs" / f"{index}.png")
    (folder / "record.py").write_text(RECORDING)
    (folder / "spoiled.py").write_text(SPOILED)
    return folder


begun: list[BaseProcess] = []


@pytest.fixture(autouse=True)
def none_is_left() -> Iterator[None]:
    yield
    for process in begun:
        process.kill()
    begun.clear()


def begin(cwd: Path, *arguments: str, script: Path = ROOT / "train.py") -> BaseProcess:
    cwd.mkdir(exist_ok=True)
    output = cwd / "output.txt"
    output.write_text("")
    begun.append(fork(cwd, output, output, *SMALL, *RUN, *arguments, script=script))
    return begun[-1]


def finish(process: BaseProcess, cwd: Path, code: int = 0) -> str:
    process.join(200)
    assert process.exitcode == code, (cwd / "output.txt").read_text()
    output = (cwd / "output.txt").read_text()
    assert "Traceback" not in output
    return output


def wait_for_checkpoint(process: BaseProcess, cwd: Path) -> None:
    deadline = time.monotonic() + 120
    while not (cwd / "run" / "checkpoints" / "last.ckpt").exists():
        assert time.monotonic() < deadline
        assert process.is_alive(), (cwd / "output.txt").read_text()
        time.sleep(0.05)


def other_process(process: BaseProcess) -> int:
    """The one that the first has started."""
    (pid,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(pid)


def is_running(pid: int) -> bool:
    try:  # one that nobody has asked for its exit code has no command line any more
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def curve(run: Path, tag: str) -> tuple[list[int], list[float]]:
    events = EventAccumulator(str(run)).Reload().Scalars(tag)
    return [event.step for event in events], [event.value for event in events]


def weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


@pytest.fixture(scope="module")
def two(place: Path) -> Path:
    """The working folder of a finished run of two processes."""
    process = begin(place / "two", *TWO, script=place / "record.py")
    output = finish(process, place / "two")
    assert output.count("Learning Brush Strokes") == 1
    assert output.count("model.safetensors") == 1
    return place / "two"


def test_the_curves_are_those_of_one_process_with_batches_twice_as_large(two, place) -> None:
    finish(begin(place / "one", "trainer=cpu", "data.batch_size=4"), place / "one")
    for tag in ("train/total", "train/content", "train/style", "val/total"):
        steps, values = curve(place / "one" / "run", tag)
        assert steps == (list(range(1, STEPS + 1)) if "train" in tag else [6, 12, STEPS])
        shared_steps, shared = curve(two / "run", tag)
        assert shared_steps == steps
        assert shared == pytest.approx(values, rel=1e-4)


def test_each_photograph_is_read_once_in_an_epoch(two) -> None:
    read = [(two / f"read_by_{rank}.txt").read_text().split() for rank in (0, 1)]
    held_out = {name for name, count in Counter(read[0]).items() if name in read[1][:HELD_OUT]}
    trained = [[name for name in names if name not in held_out] for names in read]
    assert len(held_out) == HELD_OUT
    per_epoch = TRAINED_ON // 2  # of one process
    for epoch in range(2 * STEPS // per_epoch):
        part = slice(epoch * per_epoch, (epoch + 1) * per_epoch)
        seen = [*trained[0][part], *trained[1][part]]
        assert len(set(seen)) == len(seen) == TRAINED_ON


def test_everything_is_written_once(two) -> None:
    checkpoints = sorted(path.name for path in (two / "run" / "checkpoints").iterdir())
    assert checkpoints == ["last.ckpt", "previous.ckpt"]
    sheets = sorted(path.name for path in (two / "run" / "samples").iterdir())
    assert sheets == ["step_000006.png", "step_000012.png", "step_000015.png"]
    assert (two / "run" / "model.safetensors").is_file()


@pytest.fixture(scope="module")
def two_of_styles(place: Path) -> Path:
    """The same of a run in which three styles share a network."""
    cwd = place / "two_of_styles"
    write_paintings(cwd)
    finish(begin(cwd, *TWO, MANY), cwd)
    return cwd


@pytest.mark.parametrize(("kind", "more"), [("two", ()), ("two_of_styles", (MANY,))])
def test_a_stopped_run_of_two_processes_goes_on_as_if_nothing_had_been(
    kind, more, place, request
) -> None:
    two = request.getfixturevalue(kind)
    cwd = place / f"stopped_{kind}"
    write_paintings(cwd)
    process = begin(cwd, *TWO, *more, "resume=auto")
    wait_for_checkpoint(process, cwd)
    os.kill(process.pid, signal.SIGTERM)
    output = finish(process, cwd, 128 + signal.SIGTERM)
    assert output.count("Stopped by SIGTERM") == 1
    assert 3 <= torch.load(cwd / "run/checkpoints/last.ckpt", weights_only=True)["global_step"] < 15
    finish(begin(cwd, *TWO, *more, "resume=auto"), cwd)
    whole = weights(two / "run")
    for name, value in weights(cwd / "run").items():
        assert torch.equal(value, whole[name])
    assert curve(cwd / "run", "train/total") == curve(two / "run", "train/total")


def test_a_loss_of_one_process_that_is_no_number_makes_all_leave_the_step_out(place) -> None:
    cwd = place / "spoiled"
    finish(begin(cwd, *TWO, script=place / "spoiled.py"), cwd)
    checkpoint = torch.load(cwd / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["skipped_steps"] == {"total": 2, "row": 0}
    assert all(value.isfinite().all() for value in checkpoint["state_dict"].values())


@pytest.mark.skipif(sys.platform != "linux", reason="finds the other process in /proc")
@pytest.mark.parametrize("victim", ["first", "second"])
def test_a_killed_process_does_not_leave_the_other_waiting(victim: str, place: Path) -> None:
    cwd = place / f"killed_{victim}"
    process = begin(cwd, *TWO, "trainer.max_steps=100000", "compile=false")
    wait_for_checkpoint(process, cwd)
    other = other_process(process)
    os.kill(process.pid if victim == "first" else other, signal.SIGKILL)
    survivor, deadline = other if victim == "first" else process.pid, time.monotonic() + 60
    while is_running(survivor):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.join(10)
    output = (cwd / "output.txt").read_text()
    assert "Traceback" not in output
    # Lightning looks after its processes as well, now and then, and may be the first to notice
    ours, lightnings = "has lost another process of this run", "Forcefully terminating all other"
    assert ours in output or (victim == "second" and lightnings in output), output
