"""Damaged, odd and vanishing files among the training photographs."""

import os
import shutil
import traceback

import pytest
import torch
from small.bad_files import BAD, ODD
from small.data import attach, folder_data, given, index

from fastnst.data import pictures as sources
from fastnst.data.pictures import Drawn, Photographs
from fastnst.machine.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
WAYS = [("none", 0), ("none", 2), ("disk", 0)]
ways = pytest.mark.parametrize(("cache", "workers"), WAYS)


@pytest.fixture
def folder(tmp_path, picture):
    """24 photographs, eight of which are held out, whatever becomes of their content."""
    for i in range(24):
        picture(f"photos/{i:02}.jpg", size=(60, 40), seed=i)
    return tmp_path / "photos"


@pytest.fixture
def make(folder, tmp_path):
    def make(**changes):
        usual = {"root": folder, "val_images": 8, "prepared": str(tmp_path / "p"), "max_bad": 0.4}
        return folder_data(**usual | changes)

    return make


def go_over_all(data, epochs=1):
    """All training batches of so many epochs."""
    steps = epochs * len(data.train_set) // data.settings.batch_size
    attach(data, max_steps=steps)
    try:
        return given(data, data.train_dataloader())
    except UserError as error:
        # kept by it, the loader would be taken down by the garbage collector, its parts in any
        # order: then it waits for each of its processes in vain
        traceback.clear_frames(error.__traceback__)
        raise


def said(caplog):
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


@pytest.fixture
def unreadable(monkeypatch):
    """Makes a file unreadable, also for root, whom permissions do not stop."""
    closed = set()
    access, read = os.access, sources.read_image

    def read_image(path, **how):
        if path in closed:
            raise UserError(f"The image {path} cannot be read: Permission denied.")
        return read(path, **how)

    monkeypatch.setattr(os, "access", lambda path, mode: path not in closed and access(path, mode))
    monkeypatch.setattr(sources, "read_image", read_image)
    return closed.add


@pytest.mark.slow
@ways
def test_bad_files_are_stepped_over_counted_and_named(make, cache, workers, unreadable, caplog):
    data = make(cache=cache, workers=workers)
    files = data.train_set.files
    for file, content in zip(files, BAD.values(), strict=False):
        file.write_bytes(content)
    unreadable(files[6])
    bad = [*files[: len(BAD)], files[6]]
    assert len(go_over_all(data, epochs=2)) == 16
    lines = said(caplog)
    assert len(lines) == len(bad) == 5
    for file in bad:
        assert sum(file.name in line for line in lines) == 1
    data.teardown("fit")
    assert said(caplog)[5:] == [
        "5 of 16 training pictures could not be read: they are named above."
    ]


@pytest.mark.slow
@ways
@pytest.mark.parametrize("resize", ["crop", "squash"])
def test_odd_files_are_pictures_like_any_other(tmp_path, resize, cache, workers, caplog):
    for name, content in ODD.items():
        (tmp_path / name).write_bytes(content)
    where = {"root": tmp_path, "prepared": str(tmp_path / "p"), "val_images": 1, "batch_size": 1}
    data = folder_data(cache=cache, workers=workers, resize=resize, max_bad=0, **where)
    assert len(go_over_all(data)) == len(ODD) - 1
    assert len(given(data, data.val_dataloader())) == 1
    assert not said(caplog)
    if cache == "disk":
        assert index(data)["names"] == [str(file) for file in data.train_set.files]


@pytest.mark.slow
@ways
def test_too_many_bad_files_end_the_training(make, cache, workers):
    data = make(cache=cache, workers=workers, max_bad=0.25)
    for file in data.train_set.files[:5]:
        file.write_bytes(b"")
    with pytest.raises(UserError) as refused:
        go_over_all(data, epochs=2)
    assert str(refused.value).startswith("5 of 16 training pictures cannot be read, more than ")
    assert "data.max_bad=0.25" in str(refused.value)


@pytest.mark.slow
@ways
def test_nothing_but_bad_files_ends_in_a_sentence(make, cache, workers):
    data = make(cache=cache, workers=workers, max_bad=1)
    for file in data.train_set.files:
        file.write_bytes(b"")
    with pytest.raises(UserError, match=r"None of (the )?16 .*can be read") as refused:
        go_over_all(data)
    assert "Traceback" not in str(refused.value)


def test_the_next_picture_takes_the_place_of_a_bad_one(make):
    files = make().train_set.files
    for number in (2, 3, 15):
        files[number].write_bytes(b"")
    (two, three, last, four, first), *_, bad = Photographs(files, 32, "crop").__getitems__(
        [Drawn(number) for number in (2, 3, 15, 4, 0)]
    )
    assert torch.equal(two, four)
    assert torch.equal(three, four)
    assert torch.equal(last, first)
    assert {*bad} == {2, 3, 15}


def test_so_many_bad_ones_in_a_row_are_not_searched_to_the_end(tmp_path, decoded):
    gone = [tmp_path / f"{i}.jpg" for i in range(1000)]
    with pytest.raises(UserError, match=r"None of 100 images in a row .*/104\.jpg"):
        Photographs(gone, 32, "crop").__getitems__([Drawn(5)])
    assert len(decoded) == 100


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_a_file_that_vanishes_while_training_is_counted(make, workers, caplog):
    data = make(workers=workers)
    go_over_all(data)
    data.train_set.files[3].unlink()
    go_over_all(data)
    (line,) = said(caplog)
    assert data.train_set.files[3].name in line


@pytest.mark.parametrize("cache", ["disk", "device"])
def test_a_file_that_vanishes_after_the_preparation_does_not_matter(make, cache, caplog):
    data = make(cache=cache)
    attach(data)
    shutil.rmtree(data.train_set.files[0].parent)
    assert len(given(data, data.train_dataloader())) == 6
    assert not said(caplog)


@pytest.mark.parametrize("moment", ["listed", "looked at"])
def test_a_file_may_vanish_before_it_is_prepared(make, moment, caplog):
    data = make(cache="disk")
    gone = data.train_set.files[3]
    if moment == "looked at":
        state = data.train_set.state()
        data.train_set.state = lambda: state
    gone.unlink()
    assert len(data.prepare()) == 15
    (line,) = said(caplog)
    assert gone.name in line


def test_a_file_that_may_be_read_again_is_prepared(make, unreadable, monkeypatch):
    data = make(cache="disk")
    with monkeypatch.context():
        unreadable(data.train_set.files[3])
        assert len(data.prepare()) == 15
    monkeypatch.undo()
    assert len(make(cache="disk").prepare()) == 16


def test_bad_held_out_photographs_are_replaced_and_named(make, caplog):
    data = make(max_bad=0)
    files = data.val_set.files
    files[0].write_bytes(b"")
    files[1].unlink()
    sheet = data.sheet_photographs(3)
    assert torch.equal(sheet[0], sheet[2])
    attach(data, training=False)
    for _ in range(2):
        held_out = torch.cat(given(data, data.val_dataloader()))
        assert torch.equal(held_out[:3], sheet)
    assert len(held_out) == 8
    assert [any(file.name in line for file in files[:2]) for line in said(caplog)] == [True, True]


UNDECODABLE = os.fsdecode(b"\xff\xfe caf\xe9.jpg")


@pytest.mark.slow
@ways
@pytest.mark.parametrize("broken", [False, True])
def test_a_name_that_is_no_text(make, folder, cache, workers, broken, caplog):
    files = make(cache="none").train_set.files
    path = folder / UNDECODABLE
    try:
        shutil.copy(files[0], path)
    except OSError:
        pytest.skip("this file system takes names that are text only")
    data = make(cache=cache, workers=workers, val_images=1)
    assert path in data.train_set.files
    if broken:
        path.write_bytes(b"")
    go_over_all(data)
    lines = said(caplog)
    assert len(lines) == broken
    assert all(r"\udcff\udcfe caf\udce9.jpg" in line and line.encode() for line in lines)
    if cache == "disk":
        assert (str(path) in index(data)["names"]) != broken
