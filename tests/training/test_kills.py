"""A training that is killed or stopped, again and again, ends like one that was left in peace."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from small.data import STYLES, write_paintings
from small.kills import Training, start
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

pytestmark = pytest.mark.slow

STEPS = 40  # of a training that a signal stops
RUN = [
    "data=dead_leaves",
    "data.images=7",
    "sample_every=10",
    "checkpoint_every=1",  # so that many a kill comes while one is written; the last one holds
    "optimizer.schedule=cosine",
    "resume=auto",
    "hydra.run.dir=run",
]
MANY = (f"styles=[{','.join(STYLES)}]",)


@pytest.fixture
def train(tmp_path: Path) -> Callable:
    write_paintings(tmp_path)

    def begin(steps: int, *arguments: str):
        return start(tmp_path, *RUN, f"trainer.max_steps={steps}", *arguments)

    return begin


def finish(training: Training, cwd: Path) -> Path:
    training.process.join(400)
    output = training.output.read_text()
    assert training.process.exitcode == 0, output
    assert "Traceback" not in output
    return cwd / "run"


def wait_for_training(process, cwd: Path, seconds: float) -> None:
    """Until a checkpoint was written since now, and so many seconds more."""
    last, began = cwd / "run" / "checkpoints" / "last.ckpt", time.time()
    written = 0.0
    while process.is_alive() and written <= began:
        time.sleep(0.005)
        with suppress(FileNotFoundError):  # it becomes the one before last when another is there
            written = last.stat().st_mtime
    time.sleep(seconds)


def contents(run: Path) -> dict:
    return torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)


def assert_equal(one: object, other: object, where: str = "") -> None:
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_equal(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            assert_equal(left, right, f"{where}[{index}]")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    else:
        assert one == other, where


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes runs of so many steps that nothing interrupts."""

    @cache
    def make(steps: int, *arguments: str) -> Path:
        cwd = tmp_path_factory.mktemp("whole")
        write_paintings(cwd)
        how = [*RUN, *arguments, f"trainer.max_steps={steps}", "checkpoint_every=10"]
        return finish(start(cwd, *how), cwd)

    return make


@pytest.mark.parametrize(
    ("kills", "seed"),
    [(20, 0), *(pytest.param(100, seed, marks=pytest.mark.long) for seed in (1, 2))],
)
def test_killed_at_random_moments(kills: int, seed: int, whole, train, tmp_path: Path) -> None:
    steps = 5 * kills
    run = killed_at_random_moments(kills, seed, steps, train, tmp_path)
    assert_same_end(run, whole(steps))


def test_many_styles_that_are_killed(whole, train, tmp_path: Path) -> None:
    run = killed_at_random_moments(4, 3, STEPS, train, tmp_path, *MANY)
    assert_same_end(run, whole(STEPS, *MANY))


def test_a_style_in_a_trained_network_that_is_killed(whole, train, tmp_path: Path) -> None:
    new = "style=custom", "style.name=me", "style.image=data/styles/irises.png"
    how = *new, "style.size=32", f"trunk={whole(STEPS, *MANY)}", "compile=false"
    run = killed_at_random_moments(3, 4, STEPS, train, tmp_path, *how)
    assert_same_end(run, whole(STEPS, *how))


def killed_at_random_moments(
    kills: int, seed: int, steps: int, train: Callable, tmp_path: Path, *arguments: str
) -> Path:
    moments = random.Random(seed)
    saved, torn = [], 0
    while len(saved) < kills:
        process, _ = train(steps, *arguments, f"data.workers={len(saved) % 3}")
        if moments.random() < 0.2:
            time.sleep(moments.uniform(0, 2))  # as it starts
        else:
            wait_for_training(process, tmp_path, moments.uniform(0, 0.15))
        process.kill()
        process.join()
        if process.exitcode == 0:
            pytest.fail(f"it was through after {len(saved)} kills: {saved}")
        last = tmp_path / "run" / "checkpoints" / "last.ckpt"
        saved.append(contents(tmp_path / "run")["global_step"] if last.exists() else None)
        torn += any(last.parent.glob(".last.*"))
    run = finish(train(steps, *arguments), tmp_path)
    print(f"{torn} of {kills} kills came while a checkpoint was written; steps saved: {saved}")
    return run


def curves(run: Path) -> dict[str, list]:
    """Steps and values of each scalar but the speed, steps of the sheets."""
    events = EventAccumulator(str(run), size_guidance={"images": 0}).Reload()
    found = {
        tag: [[event.step, event.value] for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }
    found["train/images_per_second"] = [step for step, _ in found["train/images_per_second"]]
    return found | {"samples": [event.step for event in events.Images("samples")]}


def assert_same_end(run: Path, whole: Path) -> None:
    resumed, uninterrupted = contents(run), contents(whole)
    for part in ("global_step", "state_dict", "optimizer_states", "lr_schedulers", "callbacks"):
        assert_equal(resumed[part], uninterrupted[part], part)
    assert_equal(curves(run), curves(whole))
    sheets = {path.name for path in (whole / "samples").iterdir()}
    assert {path.name for path in (run / "samples").glob("step*")} == sheets
    assert_equal(results(run), results(whole))


def results(run: Path) -> dict[str, dict]:
    """What each file says and holds; the order of what it says is another each time."""
    found = {}
    for path in run.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            found[path.name] = dict(file.metadata()) | load_file(path)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="finds the loader processes in /proc")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1"])
@pytest.mark.parametrize("workers", [0, 2])
def test_stopped_by_a_signal(name: str, workers: int, whole, train, tmp_path: Path) -> None:
    process, output = train(STEPS, "checkpoint_every=7", f"data.workers={workers}")
    wait_for_training(process, tmp_path, 0.05)
    signum = getattr(signal, name)
    # a terminal, or a job, sends it to all processes
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == workers
    for pid in (*map(int, children), process.pid):
        os.kill(pid, signum)
    process.join(60)
    said = output.read_text()
    assert process.exitcode == 128 + signum, said
    assert "Traceback" not in said
    step = contents(tmp_path / "run")["global_step"]
    assert f"Stopped by {name} after step {step}, all of it saved" in said
    assert 7 <= step < STEPS
    assert (tmp_path / "run" / "model.safetensors").is_file()
    assert_same_end(finish(train(STEPS), tmp_path), whole(STEPS))
