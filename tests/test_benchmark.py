"""The benchmark's parts on little work, and the table that it makes of their figures."""

import json
import subprocess
import sys
from itertools import cycle

import benchmark
import benchmark_parts
import pytest
import torch


def test_the_work_of_an_iteration_is_that_of_the_recipe():
    # 4 x (59.5 of the transformation network + 72.9 of the loss network + 12.3 for the content)
    assert benchmark_parts.part_work()["flops"] == pytest.approx(579e9, rel=0.005)


def test_data_is_decoded_and_read_back(tmp_path):
    benchmark.make_photographs(tmp_path / "photographs", 8)
    found = benchmark_parts.part_data(str(tmp_path / "photographs"), str(tmp_path / "prepared"))
    assert len(found["decoded"]) == 20
    assert 0 < sum(found["cached"]) / 200 < sum(found["decoded"]) / 20


@pytest.mark.slow
def test_the_peak_is_that_of_a_processor(monkeypatch):
    monkeypatch.setattr(benchmark_parts, "BATCH", 1)
    assert 1e9 < benchmark_parts.part_peak("cpu", "float32")["flops"] < 1e14


@pytest.mark.slow
def test_a_part_runs_in_a_process_of_its_own():
    command = [sys.executable, benchmark_parts.__file__, "work", "{}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["flops"] > 1e9


PAINTED = {"memory": 2.0, "extra": 1.5}
FIGURES = {
    "work": {"flops": 600e9},
    "peak": {"flops": 1e12},
    "plain_training": {"seconds": [7.0, 4.0, 3.0], "memory": 2.5},
    "data": {"decoded": [0.02], "cached": [0.001]},
    "plain_stylizing": {"sizes": {size: [6.0] for size in benchmark.SIZES}, **PAINTED},
    "stylizing": {"sizes": {size: [1.5] for size in benchmark.SIZES}, "memory": 1.0, "extra": 0.5},
}


@pytest.fixture
def report(monkeypatch):
    """Makes the lines of a benchmark in which (b) takes so long in each round."""

    def make(*seconds):
        fast = {("auto", "vgg16"): seconds, ("32-true", "vgg16"): [2], ("auto", "compact"): [0.4]}
        endless = {how: cycle(values) for how, values in fast.items()}

        def run_training(*how):
            return {"seconds": [next(endless[how[-2:]])], "memory": 1.2}

        monkeypatch.setattr(benchmark, "run_part", lambda name, **_: FIGURES[name])
        monkeypatch.setattr(benchmark, "computes_bf16", lambda _: True)
        monkeypatch.setattr(benchmark, "run_training", run_training)
        lines = list(benchmark.report("cpu", None, float32=True))
        return lines, [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]

    return make


def test_the_table(report):
    lines, cells = report(0.8, 1.0, 0.6)
    assert torch.__version__ in lines[0]
    assert ["(a) plain", "4", "1", "1", "2.50 GB", ""] in cells
    ratio, share = "5.00 (4.00 to 6.67)", "75% (60% to 100%)"
    assert ["(b) train.py, bfloat16", "0.8", "5", ratio, "1.20 GB", share] in cells
    ratio, share = "2.00 (2.00 to 2.00)", "30% (30% to 30%)"
    assert ["(b) train.py, float32", "2", "2", ratio, "1.20 GB", share] in cells
    compact = "(c) train.py, bfloat16, loss_network=compact"
    assert [compact, "0.4", "10", "10.00 (10.00 to 10.00)", "1.20 GB", ""] in cells
    assert ["1920x1080", "6000 ms", "1500 ms", "4.00 (4.00 to 4.00)"] in cells
    assert ["of it for the picture, 1920x1080", "1.50 GB", "0.50 GB", "3.00"] in cells
    assert ["256x256", "20 ms", "1 ms", "20", "0.12%"] in cells
    assert not any("not quiet" in line for line in lines)


def test_a_machine_that_was_not_quiet_is_told(report, monkeypatch):
    peaks = iter([1e12, 3e11, 2e12, 3e11, 1.5e12, 3e11])  # of bfloat16 and float32 in turn

    class Peak(dict):
        def __missing__(self, _):
            return next(peaks)

    monkeypatch.setitem(FIGURES, "peak", Peak())
    lines, _ = report(0.8)
    (line,) = [line for line in lines if "not quiet" in line]
    assert "(a) differed by a factor of 1.00, the peak by 2.00" in line
