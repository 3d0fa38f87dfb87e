"""Files that are whole or not there, whatever their names are."""

import os

import pytest

from fastnst.machine import (
    UserError,
    durable_file,
    remove_leftovers,
    remove_needless,
    whole_file,
    with_ending,
)

NAMES = ["a.png", "n" * 251 + ".png", "中" * 83 + "ab.png", "x." + "y" * 253, "n" * 255, "[a]*.b"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("write", [whole_file, durable_file])
def test_any_name_that_the_folder_takes(name, write, tmp_path):
    path = tmp_path / name
    with write(path) as temporary:
        assert len(os.fsencode(temporary.name)) <= max(len(os.fsencode(name)), 120)
        assert temporary.name.startswith(".")
        temporary.write_text("whole")
    assert path.read_text() == "whole"
    assert [*tmp_path.iterdir()] == [path]


def test_long_names_that_begin_alike_do_not_meet(tmp_path):
    one, other = (tmp_path / ("n" * 250 + end) for end in ("a.png", "b.png"))
    with whole_file(one) as first, whole_file(other) as second:
        assert first != second
        first.write_text("1")
        second.write_text("2")
    assert (one.read_text(), other.read_text()) == ("1", "2")


@pytest.mark.parametrize("name", NAMES)
def test_leftovers_go_and_nothing_else(name, tmp_path):
    path = tmp_path / name
    with pytest.raises(RuntimeError), whole_file(path) as temporary:
        raise RuntimeError
    for kept in (path, tmp_path / ".other.1.png"):
        kept.write_text("")
    temporary.write_text("")
    remove_leftovers(path)
    assert {*tmp_path.iterdir()} == {path, tmp_path / ".other.1.png"}


def test_a_name_that_is_too_long_is_told_before_the_work(tmp_path):
    with pytest.raises(UserError, match=r"256 bytes.* 255"), whole_file(tmp_path / ("n" * 256)):
        pytest.fail("begun")


@pytest.mark.parametrize("name", ["clip.mp4", "n" * 251 + ".mp4", "中" * 83 + ".mp4"])
def test_an_ending_finds_room(name, tmp_path):
    path = with_ending(tmp_path / name, "_stopped")
    assert path.name.endswith("_stopped.mp4")
    path.write_text("")


def test_leftovers_are_needless_once_the_file_is_there(tmp_path):
    (tmp_path / "deep").mkdir()
    kept = [".new.17.png", ".hidden.png", "a.18.png", ".a.x.png", ".a.19.png"]
    for name in ("a.png", ".a.17.png", "deep/b.c.jpg", "deep/.b.c.9.jpg", *kept):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (1, 1 if name.count(".") > 1 else 2))
    os.utime(tmp_path / "deep/b.c.jpg", (1, 2))
    os.utime(tmp_path / ".a.19.png", (1, 3))  # another process writes the file anew
    remove_needless(tmp_path)
    there = sorted(str(it.relative_to(tmp_path)) for it in tmp_path.rglob("*") if it.is_file())
    assert there == sorted([*kept, "a.png", "deep/b.c.jpg"])
