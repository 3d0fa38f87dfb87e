"""`fastnst stylize` for a great many files: parts, journals, a style for each by chance."""

import errno
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from io import BytesIO
from random import Random

import numpy as np
import pytest
from PIL import Image
from small.stylizing import stylize

from fastnst.machine import UserError
from fastnst.stylizing import files

QUIET = subprocess.DEVNULL
FASTNST = [sys.executable, "-m", "fastnst", "stylize"]


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
    known = []
    for part in ("1/2", "2/2", "1/1", "2/3"):
        assert stylize(monkeypatch, *words, "--shard", part) == 0
        known.append(len(entries(tmp_path / "journal")))
    assert 0 < known[0] < 6
    assert known[1:] == [6, 6, 6]
    assert painted(tmp_path / "out") == painted(pictures)


def test_what_fails_is_told_once(monkeypatch, capsys, model, pictures, tmp_path):
    (pictures / "cat" / "1.png").write_bytes(b"no picture")
    words = ("--ckpt", model, pictures, "-o", tmp_path / "out", "--journal", tmp_path / "journal")
    assert stylize(monkeypatch, *words) == 1
    capsys.readouterr()
    assert stylize(monkeypatch, *words) == 1
    printed = capsys.readouterr()
    assert "6 done before, 1 of them skipped" in printed.out
    assert "skipped" not in printed.err
    (error,) = [entry for entry in entries(tmp_path / "journal") if "error" in entry]
    assert error["source"].endswith("cat/1.png")
    assert "1.png" in error["error"]


def test_what_lies_there_is_left_when_a_run_goes_on_and_painted_over_by_a_first_one(
    monkeypatch, model, pictures, tmp_path
):
    old = tmp_path / "out" / "cat" / "1.png"
    old.parent.mkdir(parents=True)
    words = ("--ckpt", model, pictures, "-o", tmp_path / "out", "--journal", tmp_path / "journal")
    for kept in (False, True):
        old.write_bytes(b"of another style")
        assert stylize(monkeypatch, *words) == 0
        assert (old.read_bytes() == b"of another style") == kept
        (tmp_path / "journal" / "part_1_of_1.jsonl").write_text("")


def test_a_full_disk_is_no_fault_of_the_files(monkeypatch, capsys, model, pictures, tmp_path):
    def full(*_, **__):
        raise UserError("Cannot write it.") from OSError(errno.ENOSPC, "No space left on device")

    words = ("--ckpt", model, pictures, "-o", tmp_path / "out", "--journal", tmp_path / "journal")
    with monkeypatch.context() as patch:
        patch.setattr(files, "write_image", full)
        assert stylize(patch, *words) == 2
    assert "error: Cannot write it." in capsys.readouterr().err
    assert entries(tmp_path / "journal") == []
    assert stylize(monkeypatch, *words) == 0


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
        (
            ("--style", "irises", "--shard", "1/2", "-o", "out", "--temporal"),
            "leave out --temporal",
        ),
        (("--style", "irises", "--shard", "1/2"), "a folder for the results"),
        (("--style", "irises", "--ray", "-o", "out.jpg"), "a folder for the results"),
        (("-", "--style", "irises", "--journal", "j", "-o", "out"), "- is none"),
        (("--style", "irises", "--journal", "j", "-o", "."), "outside of it"),
    ],
)
def test_what_does_not_go_together(monkeypatch, capsys, photo, words, sentence):
    monkeypatch.chdir(photo.parent)
    assert stylize(monkeypatch, photo, *words) == 2
    assert sentence in capsys.readouterr().err


def test_shards_of_webdataset(monkeypatch, model, pictures, tmp_path):
    files = sorted(pictures.rglob("*.png"))
    (tmp_path / "shards").mkdir()
    with tarfile.open(tmp_path / "shards" / "a.tar", "w") as tar:
        for file in files:
            tar.add(file, f"{file.parent.name}/{file.name}")
    assert stylize(monkeypatch, "--ckpt", model, pictures, "-o", tmp_path / "one") == 0
    shards = tmp_path / "shards"
    assert stylize(monkeypatch, "--ckpt", model, shards / "a.tar", "-o", tmp_path / "tars") == 0
    with tarfile.open(tmp_path / "tars" / "a.tar") as tar:
        assert len(tar.getnames()) == 6
        for file in files:
            name = f"{file.parent.name}/{file.name}"
            content = tar.extractfile(name).read()
            with Image.open(BytesIO(content)) as inside, Image.open(tmp_path / "one" / name) as it:
                assert np.array_equal(np.asarray(inside), np.asarray(it))


def test_a_video_that_is_cut_off_is_told(monkeypatch, capsys, model, clip, tmp_path):
    (tmp_path / "in").mkdir()
    source = clip("in/film.mkv", count=40)
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])
    words = ("--ckpt", model, tmp_path / "in", "-o", tmp_path / "out")
    assert stylize(monkeypatch, *words, "--journal", tmp_path / "journal") == 0
    assert "film.mkv: " in capsys.readouterr().err
    (entry,) = entries(tmp_path / "journal")
    assert "the file announces 40: it may be cut off" in entry["remark"]


@pytest.mark.slow
def test_workers_of_ray_paint_the_same(model, pictures, tmp_path, monkeypatch, capsys):
    pytest.importorskip("ray")
    (pictures / "bad.png").write_bytes(b"no picture")
    monkeypatch.chdir(tmp_path)
    words = ["--ckpt", str(model), "in", "--journal", "journal", "-o"]
    alone = stylize(monkeypatch, *words, "one"), *capsys.readouterr()
    run = subprocess.run([*FASTNST, *words, "crew", "--ray"], capture_output=True, text=True)
    for code, output, errors in (alone, (run.returncode, run.stdout, run.stderr)):
        assert "skipped: in/bad.png is not an image" in errors
        assert output == "6 painted, 1 skipped\n"
        assert code == 1
    for name in painted(tmp_path / "one"):
        painted_there = (tmp_path / "crew" / name).read_bytes()
        assert painted_there == (tmp_path / "one" / name).read_bytes()
    assert painted(tmp_path / "crew") == painted(tmp_path / "one")


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("more", [[], ["--ray"]])
def test_runs_that_are_killed_lose_nothing_and_paint_nothing_twice(model, picture, tmp_path, more):
    for number in range(500):
        picture(f"in/{number}.png", size=(160, 160), seed=number)
    words = [*FASTNST, "--ckpt", str(model), "in", "-o"]
    subprocess.run([*words, "whole"], check=True, capture_output=True, cwd=tmp_path)
    on = [*words, "out", "--journal", "journal", *more]
    random, kills, done = Random(0), 0, False
    while not done:
        with subprocess.Popen(on, cwd=tmp_path, stdout=QUIET, stderr=QUIET) as run:
            while kills < 20:
                before = written(tmp_path)
                while written(tmp_path) == before and run.poll() is None:
                    time.sleep(0.005)
                time.sleep(random.uniform(0, 0.05))
                if run.poll() is not None:
                    break
                kills += 1
                if kills % 2 == 0 or not kill_worker():
                    run.kill()
                    break
            done = run.wait() == 0
    assert kills == 20
    for file in painted(tmp_path / "whole"):
        assert (tmp_path / "out" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    there = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert there == painted(tmp_path / "whole")  # and no leftovers
    targets = [entry["target"] for entry in entries(tmp_path / "journal")]
    assert len(targets) == len(set(targets)) == 500


def written(folder):
    """How many pictures have been painted."""
    return sum(1 for _ in (folder / "out").glob("*.png"))


def kill_worker():
    """Kill a worker of Ray that paints; whether there is one."""
    found = subprocess.run(["pgrep", "-f", "ray::Member"], capture_output=True, text=True).stdout
    for pid in found.split()[:1]:
        os.kill(int(pid), signal.SIGKILL)
    return bool(found)
