"""No command fails for what it says, or for nobody being there to hear it."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastnst.streams import prepare_streams

ROOT = Path(__file__).parents[1]
ODD = os.fsdecode(b"c\xe9-\xe4\xb8\xad.png")  # not UTF-8, and with a letter that few encodings have


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_what_cannot_be_shown_is_escaped(encoding, monkeypatch):
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
    for name, stream in zip(("stdout", "stderr"), streams, strict=True):
        monkeypatch.setattr(sys, name, stream)
    prepare_streams()
    print(ODD)
    print(ODD, file=sys.stderr)
    for stream in streams:
        stream.flush()
        assert rb"c\udce9-" in stream.buffer.getvalue()


def test_streams_that_are_not_there_take_everything(monkeypatch):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    prepare_streams()
    print(ODD)
    print(ODD, file=sys.stderr)
    sys.stdout.close()
    sys.stderr.close()


def test_a_stream_of_another_kind_is_left_alone(monkeypatch):
    stream = io.StringIO()  # as a notebook's, without an encoding
    monkeypatch.setattr(sys, "stdout", stream)
    prepare_streams()
    assert sys.stdout is stream


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shell", "out", "err"),
    [
        ("{}", "shown", "2 painted, 1 skipped"),
        ("PYTHONIOENCODING=cp1252 {}", "shown", "2 painted"),
        ("LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {}", "shown", "2 painted"),
        ("{} 2>&-", "shown", ""),
        ("{} >&-", "", "2 painted"),
        ("{} <&- >&- 2>&-", "", ""),
        ("{} 2</dev/null", "shown", ""),
        ("{{ {}; echo $? >code; }} | true", "", "2 painted"),
        ("{{ {} 2>&1; echo $? >code; }} | true", "", ""),
    ],
)
def test_all_is_painted_whoever_listens(shell, out, err, model, picture, tmp_path):
    picture("in/a.png")
    picture(f"in/{ODD}")
    (tmp_path / "in" / "broken.png").write_bytes(b"")
    # half of them as the file at the top
    program = "-m fastnst stylize" if "-" in shell else ROOT / "stylize.py"
    command = f"{sys.executable} {program} --ckpt {model} in -o out"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(
        ["bash", "-c", shell.format(command)], cwd=tmp_path, env=environment, capture_output=True
    )
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"a.png", ODD}
    code = (tmp_path / "code").read_text() if "| true" in shell else str(done.returncode)
    assert int(code) == 1, done.stderr  # for the broken one
    assert (rb"\udce9" in done.stdout) == bool(out)
    assert err.encode() in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"rror" not in done.stderr


@pytest.mark.slow
def test_the_log_of_a_run_takes_any_letter(command_line, tmp_path):
    picture = ROOT / "src" / "fastnst" / "data" / "photographs" / "coffee.jpg"
    command_line("data=dead_leaves", "data.images=4", "data.val_images=1", "trainer.max_steps=1")
    arguments = [*sys.argv[1:], "style=custom", f"style.image={picture}", "hydra.run.dir=run"]
    environment = {"PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C", "PYTHONUTF8": "0"}
    environment |= {"PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, ROOT / "train.py", *arguments, 'style.title="Nuit étoilée"'],
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert r"Learning Nuit \udcc3" in (tmp_path / "run" / "train.log").read_text()
