"""Object stores, by one that fsspec keeps in memory."""

from io import BytesIO

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from PIL import Image
from small.stylizing import stylize

from fastnst.archives.places import parted, place
from fastnst.machine import UserError


@pytest.fixture
def store():
    system = MemoryFileSystem()
    yield system
    system.rm("/", recursive=True)


def put(system, name, seed=0):
    content = BytesIO()
    Image.new("RGB", (32, 32), (seed, 0, 0)).save(content, "PNG")
    system.pipe_file(name, content.getvalue())


def test_what_there_is(store):
    names = ["a.png", "cat/b.png", ".hidden/c.png", "d.txt", "e.tar", "f.mp4", "g.ts"]
    for name in names:
        put(store, f"/in/{name}")
    there = place("memory://in")
    assert sorted(there.names()) == ["a.png", "cat/b.png", "e.tar", "f.mp4"]
    assert there.has("cat/b.png")
    assert not there.has("b.png")
    assert there.shown("a.png") == "memory://in/a.png"


def test_a_file_and_its_folder():
    assert parted("s3://bucket/in/a.tar") == ("s3://bucket/in", "a.tar")
    assert parted("in/a.tar") == ("in", "a.tar")
    assert parted("a.tar") == (".", "a.tar")


@pytest.mark.parametrize("address", ["nowhere://in", "nowhere://"])
def test_an_unknown_kind_is_a_sentence(address):
    with pytest.raises(UserError, match="fastnst\\[cloud\\]"):
        place(address)


def test_from_store_to_store(monkeypatch, capsys, store, model, tmp_path):
    for number in range(3):
        put(store, f"/in/cat/{number}.png", number)
    store.pipe_file("/in/bad.png", b"no picture")
    words = ("--ckpt", model, "memory://in", "-o", "memory://out", "--journal", tmp_path / "j")
    assert stylize(monkeypatch, *words) == 1
    assert "memory://in/bad.png is not an image" in capsys.readouterr().err
    assert sorted(store.find("/out")) == [f"/out/cat/{number}.png" for number in range(3)]
    # as it is painted from the disk
    store.get("/in/cat", str(tmp_path / "cat"), recursive=True)
    assert stylize(monkeypatch, "--ckpt", model, tmp_path / "cat", "-o", tmp_path / "out") == 0
    for number in range(3):
        painted = (tmp_path / f"out/{number}.png").read_bytes()
        assert store.cat_file(f"/out/cat/{number}.png") == painted
    capsys.readouterr()
    assert stylize(monkeypatch, *words) == 1
    assert "4 done before, 1 of them skipped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("method", "place"),
    [("put_file", "out/a.png"), ("get_file", "in/a.png"), ("ls", "in")],
)
def test_a_store_that_does_not_answer_ends_the_run(
    monkeypatch, capsys, store, model, tmp_path, method, place
):
    put(store, "/in/a.png")

    def fail(*_, **__):
        raise ConnectionError("no route")

    words = ("--ckpt", model, "memory://in", "-o", "memory://out", "--journal", tmp_path / "j")
    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, method, fail)
        assert stylize(patch, *words) == 2
    printed = capsys.readouterr().err
    assert f"memory://{place}: the store does not answer as it should: no route" in printed
    assert (tmp_path / "j/part_1_of_1.jsonl").read_text() == ""
    assert stylize(monkeypatch, *words) == 0


def test_one_file_that_may_not_be_read_is_skipped(monkeypatch, capsys, store, model, tmp_path):
    put(store, "/in/a.png")
    put(store, "/in/b.png")
    get = MemoryFileSystem.get_file

    def refuse(self, path, *arguments, **options):
        if path.endswith("a.png"):
            raise PermissionError("denied")
        return get(self, path, *arguments, **options)

    monkeypatch.setattr(MemoryFileSystem, "get_file", refuse)
    words = ("--ckpt", model, "memory://in", "-o", tmp_path / "out", "--random-style")
    assert stylize(monkeypatch, *words[2:]) == 1
    assert "memory://in/a.png: it cannot be read (denied)" in capsys.readouterr().err
    assert (tmp_path / "out/b.png").is_file()
