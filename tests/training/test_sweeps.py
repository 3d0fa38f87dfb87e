"""Several trainings by one command: in turn, side by side, and as jobs that are sent away."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small.kills import start
from small.runs import command, run, run_forked

from fastnst.learning.checkpoint_files import read_checkpoint

pytestmark = pytest.mark.slow

RUNS = ["data=dead_leaves", "hydra.sweep.dir=sweep", "--multirun"]
ONE_FAILS = ["style=brush_strokes,custom", "style.image=builtin:brush_strokes,nowhere.jpg"]
NAMES = ["0_brush_strokes", "1_brush_strokes", "2_custom", "3_custom"]


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_the_failure_of_one_run_leaves_the_others_running(launcher: str, tmp_path: Path) -> None:
    if launcher == "joblib":
        pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    how = [f"hydra/launcher={launcher}", *["hydra.launcher.n_jobs=2"] * (launcher == "joblib")]
    train = run if launcher == "joblib" else run_forked  # joblib's processes start as this one did
    done = train("trainer.max_steps=2", *ONE_FAILS, *how, *RUNS, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr
    # each where it happens, and the first again as the end of it all
    assert done.stderr.count("error: There is no style image nowhere.jpg") == 3
    finished = [(tmp_path / "sweep" / name / "model.safetensors").is_file() for name in NAMES]
    assert finished == [True, False, True, False]


def test_a_sweep_does_not_start_processes(tmp_path: Path) -> None:
    two = ("trainer=ddp", "trainer.devices=2", "trainer.accelerator=cpu")
    done = run_forked(*two, *RUNS, cwd=tmp_path)
    assert done.returncode == 2
    assert "set trainer.devices=1" in done.stderr.splitlines()[-1]


def test_ctrl_c_ends_all_of_a_sweep(tmp_path: Path) -> None:
    process, output = start(tmp_path, "seed=0,1", "checkpoint_every=1", "compile=false", *RUNS)
    last = tmp_path / "sweep" / "0_brush_strokes" / "checkpoints" / "last.ckpt"
    wait_for(last, process.is_alive)
    os.kill(process.pid, signal.SIGINT)
    process.join(60)
    assert process.exitcode == 128 + signal.SIGINT
    assert "Stopped by SIGINT" in output.read_text()
    assert not (tmp_path / "sweep" / "1_brush_strokes").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the job in /proc")
def test_a_job_that_is_preempted_starts_anew_and_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    launcher = ["hydra/launcher=submitit_local", "hydra.launcher.timeout_min=10"]
    steps = ["trainer.max_steps=150", "checkpoint_every=10", "compile=false", "resume=auto"]
    process = subprocess.Popen(
        command(*launcher, *steps, *RUNS),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    last = tmp_path / "sweep" / "0_brush_strokes" / "checkpoints" / "last.ckpt"
    wait_for(last, lambda: process.poll() is None)
    os.kill(job(tmp_path), signal.SIGUSR2)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert read_checkpoint(last)["global_step"] == 150
    (log,) = (tmp_path / "sweep" / ".submitit").glob("*/*_log.out")
    assert "Requeued job" in log.read_text()
    assert "last.ckpt after step" in log.read_text()


def wait_for(path: Path, goes_on: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert goes_on()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def job(cwd: Path) -> int:
    """The process that submitit has started for a job."""
    for place in Path("/proc").glob("[0-9]*"):
        words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
        if "submitit.core._submit" in words and any(str(cwd) in word for word in words):
            return int(place.name)
    raise AssertionError("there is no job")
