"""A training that is killed again and again ends like one that was left in peace."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from small_kills import start

STEPS = 60
RUN = [
    "data=dead_leaves",
    "data.images=7",
    f"trainer.max_steps={STEPS}",
    "sample_every=10",
    "checkpoint_every=1",  # so that many a kill comes while one is written
    "optimizer.schedule=cosine",
    "resume=auto",
    "hydra.run.dir=run",
]


@pytest.fixture
def train(tmp_path: Path) -> Callable:
    def begin(cwd: Path, *arguments: str):
        cwd.mkdir(exist_ok=True)
        return start(cwd, cwd / "output.txt", *RUN, *arguments)

    return begin


def finish(process, cwd: Path) -> Path:
    process.join(200)
    output = (cwd / "output.txt").read_text()
    assert process.exitcode == 0, output
    assert "Traceback" not in output
    return cwd / "run"


def wait_for_training(process, cwd: Path, seconds: float) -> None:
    """Until a checkpoint was written since now, and so many seconds more."""
    last, began = cwd / "run" / "checkpoints" / "last.ckpt", time.time()
    while process.is_alive() and not (last.exists() and last.stat().st_mtime > began):
        time.sleep(0.005)
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
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupted."""
    cwd = tmp_path_factory.mktemp("whole")
    return finish(start(cwd, cwd / "output.txt", *RUN), cwd)


@pytest.mark.parametrize(
    ("kills", "seed"),
    [(20, 0), *(pytest.param(100, seed, marks=pytest.mark.long) for seed in (1, 2))],
)
def test_killed_at_random_moments(kills: int, seed: int, whole, train, tmp_path: Path) -> None:
    moments = random.Random(seed)
    steps = []
    while len(steps) < kills:
        process = train(tmp_path, f"data.workers={len(steps) % 3}")
        if moments.random() < 0.2:
            time.sleep(moments.uniform(0, 2))  # as it starts
        else:
            wait_for_training(process, tmp_path, moments.uniform(0, 0.3))
        process.kill()
        process.join()
        if process.exitcode == 0:
            pytest.fail(f"it was through after {len(steps)} kills: {steps}")
        last = tmp_path / "run" / "checkpoints" / "last.ckpt"
        steps.append(contents(tmp_path / "run")["global_step"] if last.exists() else None)
    run = finish(train(tmp_path), tmp_path)
    print(f"steps saved when it was killed: {steps}")
    killed, uninterrupted = contents(run), contents(whole)
    for part in ("global_step", "state_dict", "optimizer_states", "lr_schedulers"):
        assert_equal(killed[part], uninterrupted[part], part)
