"""The report: what fails or takes too long is told, and the rest is done."""

import sys

import benchmark_report
import pytest
from benchmark_report import Part


def says(*lines):
    return [sys.executable, "-c", "; ".join(lines)]


@pytest.mark.slow
def test_every_part_is_run_whatever_becomes_of_the_others(tmp_path):
    late = tmp_path / "late"
    child = f"import time, pathlib; time.sleep(2); pathlib.Path({str(late)!r}).touch()"
    parts = [
        Part("One", says("print('| a |')", "import sys", "sys.exit('no such thing')"), 60),
        Part(
            "Two",
            says(
                "import subprocess, sys, time",
                f"subprocess.Popen([sys.executable, '-c', {child!r}])",
                "time.sleep(60)",
            ),
            1,
        ),
        Part("Three", says("import time", "time.sleep(1.5)", "print('| b |')"), 60),
    ]
    file = tmp_path / "report.md"
    assert not benchmark_report.write_report(file, "cpu", parts)
    text = file.read_text()
    assert "PyTorch" in text
    for title, ended, shown in (
        ("One", "Ended with exit code 1", "| a |\n\n```\nno such thing\n```"),
        ("Two", "Ended by the limit of 1 s", "```"),
        ("Three", "Ended well", "| b |"),
    ):
        section = text.split(f"## {title}\n")[1].split("## ")[0]
        assert ended in section
        assert shown in section
    verdict = "Failed: One with exit code 1; Two by the limit of 1 s."
    assert text.rstrip().endswith(verdict)
    # what a part had started was ended with it
    assert not late.exists()


@pytest.mark.slow
def test_a_report_of_what_went_well(tmp_path):
    file = tmp_path / "report.md"
    assert benchmark_report.write_report(file, "cpu", [Part("One", says("print(1)"), 60)])
    assert file.read_text().rstrip().endswith("Failed: nothing.")


def test_the_parts_take_less_than_eight_minutes():
    assert sum(part.seconds for part in benchmark_report.parts("cuda")) < 8 * 60
