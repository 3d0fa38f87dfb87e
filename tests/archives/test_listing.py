"""Which files of an archive are painted, and what their results are called."""

import pytest

from fastnst.archives.listing import Item, Listing
from fastnst.archives.shard import WHOLE, Shard
from fastnst.machine import UserError


@pytest.fixture
def folder(tmp_path):
    for name in ("in/cat/a.jpg", "in/cat/b.MPG", "in/c.tar", "in/.hidden/d.jpg", "in/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path / "in"


def listing(*inputs, part=WHOLE, pattern="{name}"):
    return Listing([str(it) for it in inputs], part, pattern, lambda file: f"of_{file.name[0]}")


def targets(found):
    return sorted(item.target for item in found.items())


def test_folders_keep_their_structure(folder):
    # shards as they are, and what cannot be written with its whole name
    assert targets(listing(folder)) == ["c.tar", "cat/a.jpg", "cat/b.MPG.mp4"]
    named = targets(listing(folder, pattern="{style}-{name}"))
    assert named == ["c.tar", "cat/of_a-a.jpg", "cat/of_b-b.MPG.mp4"]


def test_files_that_are_named(folder):
    assert targets(listing(folder / "cat/a.jpg", folder / "c.tar")) == ["a.jpg", "c.tar"]


def test_a_part_is_the_same_wherever_the_folder_lies(folder, tmp_path):
    before = [targets(listing(folder, part=Shard(number, 2))) for number in (1, 2)]
    (tmp_path / "elsewhere").mkdir()
    moved = folder.rename(tmp_path / "elsewhere" / "other")
    assert [targets(listing(moved, part=Shard(number, 2))) for number in (1, 2)] == before
    assert sorted(before[0] + before[1]) == targets(listing(moved))


def test_items_know_what_they_are(folder):
    (item,) = (item for item in listing(folder).items() if item.is_shard)
    assert item == Item(str(folder), "c.tar", "c.tar")
    assert item.source == str(folder / "c.tar")


@pytest.mark.parametrize(
    ("inputs", "output", "sentence"),
    [
        (["in", "in/cat/a.jpg"], "out", "give one folder, or files"),
        (["in/gone.jpg"], "out", "no such file"),
        (["in/cat/a.jpg", "in/more/a.jpg"], "out", "would both become a.jpg"),
        (["in"], "in", "outside of it"),
        (["in"], "in/painted", "outside of it"),
        (["in/cat/a.jpg"], "in/cat", "outside of it"),
        (["s3://bucket/in"], "s3://bucket/in/painted", "outside of it"),
    ],
)
def test_nothing_is_written_over(folder, monkeypatch, inputs, output, sentence):
    (folder / "more").mkdir()
    (folder / "more/a.jpg").write_bytes(b"")
    monkeypatch.chdir(folder.parent)
    with pytest.raises(UserError, match=sentence):
        listing(*inputs).check(output)


def test_a_folder_beside_is_no_folder_within(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    listing("in").check("in_painted")
    listing("in/cat").check("in")
    listing("in/cat/a.jpg").check("in/cat/painted")
    for address in ("s3://bucket/in", "s3://bucket/in/", "s3://bucket/"):
        listing(address).check("s3://other/in_painted")
    listing("s3://bucket/in").check("s3://bucket/in_painted")
    monkeypatch.chdir(folder)
    listing(".").check("../out")
