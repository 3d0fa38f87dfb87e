"""`fastnst stylize` for a great many files: parts, journals, a style for each by chance."""

import json
import subprocess
import sys
from random import Random

import pytest
from small.stylizing import stylize


@pytest.fixture
def pictures(picture, tmp_path):
    for number in range(6):
        picture(f"in/{'cat' if number % 2 else 'dog'}/{number}.png", size=(32, 32), seed=number)
    return tmp_path / "in"


def painted(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))


def entries(folder):
    files = sorted(folder.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_parts_paint_everything_once(monkeypatch, model, pictures, tmp_path):
    words = ("--ckpt", model, pictures, "-o", tmp_path / "out", "--journal", tmp_path / "journal")
    for part, known in (("1/2", 3), ("2/2", 6), ("1/1", 6), ("2/3", 6)):
        assert stylize(monkeypatch, *words, "--shard", part) == 0
        assert len(entries(tmp_path / "journal")) == known
    assert painted(tmp_path / "out") == painted(pictures)


def test_what_fails_is_told_once(monkeypatch, capsys, model, pictures, tmp_path):
    (pictures / "cat" / "1.png").write_bytes(b"no picture")
    words = ("--ckpt", model, pictures, "-o", tmp_path / "out", "--journal", tmp_path / "journal")
    assert stylize(monkeypatch, *words) == 1
    capsys.readouterr()
    assert stylize(monkeypatch, *words) == 1
    printed = capsys.readouterr()
    assert "6 done before, 1 of them skipped" in printed.out
    assert printed.err == ""
    (error,) = [entry for entry in entries(tmp_path / "journal") if "error" in entry]
    assert error["source"].endswith("cat/1.png")
    assert "1.png" in error["error"]


def test_a_style_for_each_file(monkeypatch, pictures, tmp_path):
    words = (pictures, "--size", "32", "--random-style")
    assert stylize(monkeypatch, *words, "-o", tmp_path / "a", "--name", "{name}_{style}") == 0
    names = painted(tmp_path / "a")
    styles = {name.partition("_")[2] for name in names}
    assert len(names) == 6
    assert len(styles) > 1
    # again, elsewhere and in parts
    for part in ("1/2", "2/2"):
        assert stylize(monkeypatch, *words, "--shard", part, "-o", tmp_path / "b") == 0
    for name in names:
        folder, _, file = name.partition("/")
        plain = tmp_path / "b" / folder / f"{file.partition('_')[0]}.png"
        assert plain.read_bytes() == (tmp_path / "a" / name).read_bytes()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--random-style", "--style", "irises"), "leave out other styles"),
        (("--style", "irises", "--shard", "3/2"), "such as 3/8"),
        (("--style", "irises", "--shard", "1/2", "--temporal"), "without --shard"),
    ],
)
def test_what_does_not_go_together(monkeypatch, capsys, photo, words, sentence):
    assert stylize(monkeypatch, photo, *words) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.long
def test_runs_that_are_killed_lose_nothing_and_paint_nothing_twice(model, picture, tmp_path):
    for number in range(120):
        picture(f"in/{number}.png", size=(96, 96), seed=number)
    words = [sys.executable, "-m", "fastnst", "stylize", "--ckpt", str(model), str(tmp_path / "in")]
    subprocess.run([*words, "-o", str(tmp_path / "whole")], check=True, capture_output=True)
    on = [*words, "-o", str(tmp_path / "out"), "--journal", str(tmp_path / "journal")]
    random = Random(0)
    kills = 0
    while True:
        run = subprocess.Popen(on, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            run.wait(random.uniform(2.0, 4.0))
            break
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            kills += kills < 8
        if kills == 8:
            subprocess.run(on, check=True, capture_output=True)
            break
    assert kills
    for file in painted(tmp_path / "whole"):
        assert (tmp_path / "out" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    assert painted(tmp_path / "out") == painted(tmp_path / "whole")
    told = [entry["target"] for entry in entries(tmp_path / "journal")]
    assert len(told) == len(set(told)) == 120
