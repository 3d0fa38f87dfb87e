"""Preparing pictures when something goes wrong on the way, or several do it at once."""

import json
import logging
import os
import shutil
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from small.data import attach, expected, given, index, rows, touch

from fastnst.data import preparation
from fastnst.data.pictures import DeadLeaves, Photographs
from fastnst.data.prepared import INDEX, PICTURES
from fastnst.machine.errors import UserError
from fastnst.machine.files import locked


@pytest.fixture
def interrupted(made, monkeypatch):
    """Prepares, up to a Ctrl-C at the fifth picture."""

    read = Photographs.__getitem__

    def up_to_four(self, number):
        if number == 4:
            raise KeyboardInterrupt
        return read(self, number)

    def interrupt():
        with monkeypatch.context() as patch:
            patch.setattr(Photographs, "__getitem__", up_to_four)
            with pytest.raises(KeyboardInterrupt):
                made().prepare()

    return interrupt


@pytest.mark.parametrize("bad", [None, 1])
def test_an_interrupted_preparation_goes_on(bad, made, interrupted, decoded, caplog):
    names = [file.name for file in made().train_set.files]
    if bad is not None:
        made().train_set.files[bad].write_bytes(b"")
    interrupted()
    assert not list(made().train_set.files[0].parents[1].rglob(INDEX))
    caplog.set_level(logging.INFO)
    del decoded[:]
    data = made()
    data.prepare()
    assert sorted(decoded) == sorted(names[4:])
    assert "going on after 4, where it was interrupted" in caplog.text
    good = [number for number in range(6) if number != bad]
    right = np.stack([data.train_set[number] for number in good])
    np.testing.assert_array_equal(rows(data), right)
    assert [name.rpartition("/")[2] for name in index(data)["names"]] == [names[n] for n in good]
    assert len(index(data)["bad"]) == 6 - len(good)


def test_a_killed_preparation_goes_on_from_the_last_note(made, interrupted, tmp_path):
    interrupted()
    (path,) = tmp_path.rglob(PICTURES)
    with path.open("ab") as file:
        file.write(bytes(100_000))  # written after the last note
    np.testing.assert_array_equal(rows(made()), expected(made()))
    assert path.stat().st_size == 128 + 6 * 32 * 32 * 3


def test_a_bad_picture_that_was_not_counted_yet_is_looked_at_again(made, interrupted, tmp_path):
    interrupted()
    (path,) = tmp_path.rglob(preparation.PROGRESS)
    note = json.loads(path.read_text())
    path.write_text(json.dumps(note | {"bad": [[4, "Ctrl-C came in between."]]}))
    np.testing.assert_array_equal(rows(made()), expected(made()))


def test_an_interrupted_preparation_of_other_files_begins_anew(made, photos, interrupted, caplog):
    interrupted()
    touch(photos)
    caplog.set_level(logging.INFO)
    np.testing.assert_array_equal(rows(made()), expected(made()))
    assert "files were added, removed or changed" in caplog.text


def test_progress_is_noted_on_the_way(made, monkeypatch):
    monkeypatch.setattr(preparation, "SAVE_EVERY", 0)
    done = []
    write = preparation._Progress.write

    def noted(self, path):
        done.append(self.done)
        write(self, path)

    monkeypatch.setattr(preparation._Progress, "write", noted)
    made().prepare()
    assert done == [1, 2, 3, 4, 5, 6, 6]


def test_damaged_photographs_are_counted_named_and_left_out(made, caplog):
    names = [file.name for file in made().train_set.files]
    for number in (0, 5):
        made().train_set.files[number].write_bytes(b"")
    for _ in range(2):  # prepared, and read
        data = made()
        attach(data)
        assert len(data.prepared) == 4
        lines = [record.message for record in caplog.records if record.levelname == "WARNING"]
        assert [names[0] in lines[0], names[5] in lines[1], len(lines)] == [True, True, 2]
        caplog.clear()
    assert [sentence.split()[0].rpartition("/")[2] for sentence in index(data)["bad"]] == [
        names[0],
        names[5],
    ]
    assert len(given(data, data.train_dataloader())) == 6


def test_too_many_damaged_photographs_stop_it_until_they_are_allowed(made, decoded, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr(preparation, "AHEAD", 0)
    names = [file.name for file in made().train_set.files]
    for number in (1, 2, 4):
        made().train_set.files[number].write_bytes(b"")
    for _ in range(2):  # the second time it is known already
        with pytest.raises(UserError, match=rf"2 of 6 training pictures cannot .*/{names[1]}"):
            made(max_bad=0.2).prepare()
        assert decoded == names[:3]
    assert len(made(max_bad=0.5).prepare()) == 3
    assert decoded == names


def test_finished_pictures_with_too_many_damaged_ones_are_refused(made, decoded):
    files = made().train_set.files
    for number in (1, 4):
        files[number].write_bytes(b"")
    folder = made(max_bad=0.5).prepare().folder
    del decoded[:]
    with pytest.raises(UserError, match=rf"2 of 6 training pictures cannot .*/{files[1].name}"):
        made(max_bad=0.2).prepare()
    assert made(max_bad=0.5).prepare().folder == folder
    assert decoded == []


def test_damaged_photographs_alone_are_refused(made):
    for file in made().train_set.files:
        file.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(UserError, match="None of the 6 pictures can be read"):
            made(max_bad=1).prepare()


def test_a_full_disk_is_refused_before_anything_is_written(made, monkeypatch, decoded, tmp_path):
    each, header = 32 * 32 * 3, 128
    free = SimpleNamespace(free=header + 6 * each - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    with pytest.raises(UserError) as refused:
        made().prepare()
    sentence = str(refused.value)
    assert str(tmp_path / "prepared" / "folder_32_") in sentence
    for way_out in ("data.cache=none", "data.limit", "data.prepared"):
        assert way_out in sentence
    assert decoded == []
    free.free += 1
    assert len(made().prepare()) == 6


def test_what_is_already_written_needs_no_space(made, interrupted, monkeypatch):
    interrupted()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2 * 32 * 32 * 3))
    assert len(made().prepare()) == 6


def test_sizes_are_readable(made, monkeypatch):
    free = SimpleNamespace(free=3 * 10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    data = made()
    monkeypatch.setattr(type(data.train_set), "__len__", lambda _: 82_775)
    data.train_set.size = 256
    with pytest.raises(UserError, match=r"need 16\.3 GB at .* 3\.0 GB are free"):
        data.prepare()


def test_a_second_process_waits_for_the_first(made, caplog, decoded):
    caplog.set_level(logging.INFO)
    data = made()
    folder = data._folder
    folder.mkdir(parents=True)
    second = threading.Thread(target=made().prepare)
    with locked(folder / "lock"):
        second.start()
        deadline = time.monotonic() + 20
        while "Another process is at work" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert decoded == []
        preparation._make(data.train_set, folder, {}, data.train_set.state(), data.bad)
    second.join(20)
    assert not second.is_alive()
    assert len(decoded) == 6  # by the first alone


def test_finished_pictures_are_only_read(made, monkeypatch):
    made().prepare()
    monkeypatch.setattr(preparation, "locked", None)
    monkeypatch.setattr(preparation, "_make", None)
    assert len(made().prepare()) == 6


def test_few_pictures_wait_to_be_written():
    started = []

    class Counted(DeadLeaves):
        def __getitem__(self, number):
            started.append(number)
            return super().__getitem__(number)

    made_in_order = preparation._pictures(Counted(1000, 16, 0, grain=True), 7)
    first = next(made_in_order)
    np.testing.assert_array_equal(first, DeadLeaves(1000, 16, 0, grain=True)[7])
    time.sleep(0.5)
    assert len(started) <= preparation.AHEAD * (os.cpu_count() or 1) + 1
    made_in_order.close()
