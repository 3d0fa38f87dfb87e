"""The benchmark's parts on little work, and the table that it makes of their figures."""

import json
import subprocess
import sys

import benchmark
import benchmark_parts
import pytest
import torch


@pytest.mark.slow
def test_the_work_of_an_iteration_is_that_of_the_recipe():
    # 4 x (59.5 of the transformation network + 72.9 of the loss network + 12.3 for the content)
    assert benchmark_parts.part_work()["flops"] == pytest.approx(579e9, rel=0.005)


@pytest.mark.slow
def test_data_is_decoded_and_read_back(tmp_path):
    benchmark.make_photographs(tmp_path / "photographs", 8)
    found = benchmark_parts.part_data(str(tmp_path / "photographs"), str(tmp_path / "prepared"))
    assert len(found["decoded"]) == 20
    assert 0 < sum(found["cached"]) / 200 < sum(found["decoded"]) / 20


@pytest.mark.slow
def test_a_part_runs_in_a_process_of_its_own():
    command = [sys.executable, benchmark_parts.__file__, "peak"]
    done = subprocess.run(
        [*command, json.dumps({"device": "cpu", "dtype": "float32"})],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert 1e9 < json.loads(done.stdout)["flops"] < 1e14


@pytest.mark.slow
def test_the_table(monkeypatch):
    figures = {
        "work": {"flops": 600e9},
        "peak": {"flops": 1e12},
        "plain_training": {"seconds": [7.0, 4.0, 3.0], "memory": 2.5},
        "data": {"decoded": [0.02], "cached": [0.001]},
        "plain_stylizing": {
            "sizes": {size: [6.0] for size in benchmark.SIZES}, "memory": 2.0, "extra": 1.5
        },
        "stylizing": {
            "sizes": {size: [1.5] for size in benchmark.SIZES}, "memory": 1.0, "extra": 0.5
        },
    }  # fmt: skip
    fast = {("auto", "vgg16"): 0.8, ("32-true", "vgg16"): 2.0, ("auto", "compact"): 0.4}
    monkeypatch.setattr(benchmark, "run_part", lambda name, **_: figures[name])
    monkeypatch.setattr(benchmark, "computes_bf16", lambda _: True)
    monkeypatch.setattr(
        benchmark,
        "run_training",
        lambda *how: {"seconds": [fast[how[-2:]]], "memory": 1.2},
    )
    lines = list(benchmark.report("cpu", None, float32=True))
    assert torch.__version__ in lines[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert ["(a) plain", "4", "1", "1", "2.50 GB", ""] in cells
    assert ["(b) train.py, bfloat16", "0.8", "5", "5.00", "1.20 GB", "75%"] in cells
    assert ["(b) train.py, float32", "2", "2", "2.00", "1.20 GB", "30%"] in cells
    compact = "(c) train.py, bfloat16, loss_network=compact"
    assert [compact, "0.4", "10", "10.00", "1.20 GB", ""] in cells
    assert ["1920x1080", "6000 ms", "1500 ms", "4.00"] in cells
    assert ["of it for the picture, 1920x1080", "1.50 GB", "0.50 GB", "3.00"] in cells
    assert ["256x256", "20 ms", "1 ms", "20", "0.12%"] in cells
