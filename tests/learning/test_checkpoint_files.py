"""Checkpoints are there whole or not at all, and damage to them is noticed."""

import errno
import os
import random
from pathlib import Path

import pytest
import torch

from fastnst.learning.checkpoint_files import (
    CheckpointFiles,
    has_checkpoints,
    newest_good,
    read_checkpoint,
)
from fastnst.machine import files
from fastnst.machine.errors import UserError
from fastnst.machine.files import durable_file, remove_leftovers


def contents(step: int) -> dict:
    return {
        "global_step": step,
        "hyper_parameters": {"seed": 0},
        "loops": {},
        "optimizer_states": [],
        "state_dict": {"network.weight": torch.full((50, 50), float(step))},
    }


@pytest.fixture
def last(tmp_path: Path) -> Path:
    """Of a run that has saved twice."""
    path = tmp_path / "checkpoints" / "last.ckpt"
    for step in (1, 2):
        CheckpointFiles().save_checkpoint(contents(step), path)
    return path


def steps(run: Path) -> dict[str, int]:
    return {
        path.name: read_checkpoint(path)["global_step"]
        for path in sorted((run / "checkpoints").iterdir())
    }


def test_the_one_before_is_kept(last, tmp_path):
    assert steps(tmp_path) == {"last.ckpt": 2, "previous.ckpt": 1}
    assert newest_good(tmp_path) == last
    assert torch.equal(
        read_checkpoint(last)["state_dict"]["network.weight"], torch.full((50, 50), 2.0)
    )


def test_it_is_on_the_disk_before_it_has_its_name(last, monkeypatch):
    done = []
    sync, replace = files._sync, Path.replace
    monkeypatch.setattr(files, "_sync", lambda path: (done.append(path.name), sync(path)))
    monkeypatch.setattr(
        Path, "replace", lambda path, to: (done.append((path.name, to.name)), replace(path, to))
    )
    CheckpointFiles().save_checkpoint(contents(3), last)
    temporary = f".last.{os.getpid()}.ckpt"
    assert done == [
        temporary,
        ("last.ckpt", "previous.ckpt"),
        (temporary, "last.ckpt"),
        "checkpoints",
    ]


@pytest.mark.parametrize("moment", [0, 1, 2])
def test_whenever_writing_stops_a_good_one_is_there(moment, last, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def stop(*_):
        raise Killed

    replace = Path.replace

    def replace_once(path, to):
        monkeypatch.setattr(Path, "replace", stop)
        return replace(path, to)

    monkeypatch.setattr(Path, "unlink", stop)  # who is killed tidies nothing up
    if moment == 0:
        monkeypatch.setattr(files, "_sync", stop)
    else:
        monkeypatch.setattr(Path, "replace", stop if moment == 1 else replace_once)
    with pytest.raises(Killed):
        CheckpointFiles().save_checkpoint(contents(3), last)
    monkeypatch.undo()
    assert read_checkpoint(newest_good(tmp_path))["global_step"] == 2
    remove_leftovers(last)
    assert not [path for path in last.parent.iterdir() if path.name.startswith(".")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_is_named_and_what_was_there_stays(last, tmp_path):
    last.with_name(f".last.{os.getpid()}.ckpt").symlink_to("/dev/full")
    with pytest.raises(
        UserError, match=r"last\.ckpt of step 3 .*No space left.*resume=auto"
    ) as caught:
        CheckpointFiles().save_checkpoint(contents(3), last)
    assert f"hydra.run.dir={tmp_path}" in str(caught.value)
    assert steps(tmp_path) == {"last.ckpt": 2, "previous.ckpt": 1}


def test_a_disk_that_fails_is_named(last, tmp_path, monkeypatch):
    def fail(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UserError, match=r"last\.ckpt of step 3 .*Input/output error"):
        CheckpointFiles().save_checkpoint(contents(3), last)
    assert steps(tmp_path) == {"last.ckpt": 2, "previous.ckpt": 1}


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


def test_any_wrong_byte_of_the_contents_is_noticed(last):
    good, expected = last.read_bytes(), contents(2)
    generator = random.Random(0)
    unnoticed = 0
    for _ in range(300):
        last.write_bytes(good)
        flip(last, generator.randrange(len(good)))
        try:
            found = read_checkpoint(last)
        except UserError:
            continue
        unnoticed += 1  # of what stands around the contents
        assert found.keys() == expected.keys()
        assert torch.equal(*(it["state_dict"]["network.weight"] for it in (found, expected)))
    assert unnoticed < 30


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_one_that_is_cut_off_is_named_and_the_one_before_taken(share, last, tmp_path, caplog):
    content = last.read_bytes()
    last.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match="cut off or damaged"):
        read_checkpoint(last)
    assert newest_good(tmp_path) == last.with_name("previous.ckpt")
    assert str(last) in caplog.text
    # the next one does not push the good one out
    CheckpointFiles().save_checkpoint(contents(3), last)
    assert read_checkpoint(last.with_name("previous.ckpt"))["global_step"] == 1
    assert last.with_name("damaged.ckpt").stat().st_size == int(share * len(content))


def test_none_is_good(last, tmp_path):
    for path in last.parent.iterdir():
        flip(path, path.stat().st_size // 2)
    with pytest.raises(UserError, match=r"No checkpoint in .* is whole"):
        newest_good(tmp_path)
    assert len([*last.parent.iterdir()]) == 2


def test_there_is_none(tmp_path):
    assert newest_good(tmp_path) is None
    assert not has_checkpoints(tmp_path)


@pytest.mark.parametrize("part", ["global_step", "hyper_parameters", "optimizer_states"])
def test_something_else_is_refused(part, tmp_path):
    torch.save({**contents(1), part: "something else"}, tmp_path / "other.ckpt")
    with pytest.raises(UserError, match=r"other\.ckpt is not a checkpoint of fastnst train"):
        read_checkpoint(tmp_path / "other.ckpt")


def test_a_durable_file_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.txt"
    with durable_file(path) as temporary:
        temporary.write_text("first")
    with pytest.raises(FileNotFoundError), durable_file(path):  # nothing was written
        pass
    assert path.read_text() == "first"
    assert [*tmp_path.iterdir()] == [path]
