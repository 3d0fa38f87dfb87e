"""Painting an archive, whatever is there already, in bounded memory."""

import tracemalloc
from pathlib import Path

import pytest

from fastnst.archives import run
from fastnst.archives.journal import Journal, Outcome
from fastnst.archives.listing import Item, Listing
from fastnst.archives.run import paint_archive
from fastnst.archives.shard import WHOLE, Shard
from fastnst.machine import UserError


class Painted:
    """Stands for a worker: writes down what it was given."""

    output = "out"

    def __init__(self):
        self.items = []

    def target(self, item):
        return f"out/{item.target}"

    def is_there(self, item):
        return Path("out", item.target).exists()

    def paint(self, items):
        self.items += [item.name for item in items]
        return [Outcome(item.source, self.target(item)) for item in items]


class Counted(Painted):
    """One that keeps nothing."""

    def paint(self, items):
        self.items = [len(items) + sum(self.items)]
        return (Outcome(item.source, self.target(item)) for item in items)

    def is_there(self, item):
        return False


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def listing():
    for number in range(5):
        Path("in").mkdir(exist_ok=True)
        Path(f"in/{number}.png").write_bytes(b"")
    return Listing(["in"], WHOLE, "{name}", str)


def test_a_result_without_a_line_was_written_just_before_a_kill(listing, capsys):
    Path("out").mkdir()
    Path("out/3.png").write_bytes(b"whole")
    worker = Painted()
    with Journal(Path("journal"), WHOLE) as journal:
        paint_archive(worker, listing, journal, skip_existing=True)
    assert sorted(worker.items) == ["0.png", "1.png", "2.png", "4.png"]
    assert "out/3.png" in Path("journal/part_1_of_1.jsonl").read_text()
    assert "1 there already\n4 painted" in capsys.readouterr().out


@pytest.mark.parametrize(("skip", "count"), [(True, 4), (False, 5)])
def test_without_a_journal_what_is_there_is_asked_for(listing, skip, count):
    Path("out").mkdir()
    Path("out/3.png").write_bytes(b"")
    worker = Painted()
    paint_archive(worker, listing, None, skip_existing=skip)
    assert len(worker.items) == count


def test_shards_are_given_alone_and_files_together(listing):
    Path("in/a.tar").write_bytes(b"")
    units = []

    def spread(worker, given):
        for unit in given:
            units.append(sorted(item.name for item in unit))
            yield worker.paint(unit)

    paint_archive(Painted(), listing, None, skip_existing=False, spread=spread)
    assert units == [[f"{number}.png" for number in range(5)], ["a.tar"]]


def test_when_nothing_can_be_painted_any_more_the_run_ends_and_tries_it_again(listing, monkeypatch):
    monkeypatch.setattr(run, "MOST_FAILURES", 3)
    failing = {"1.png", "3.png"}

    class Failing(Painted):
        def paint(self, items):
            for outcome in super().paint(items):
                bad = outcome.source.removeprefix("in/") in failing
                yield outcome._replace(error="token has run out" if bad else None)

    with Journal(Path("journal"), WHOLE) as journal:
        assert paint_archive(Failing(), listing, journal, skip_existing=False) == 2
    assert Path("journal/part_1_of_1.jsonl").read_text().count("run out") == 2
    Path("journal/part_1_of_1.jsonl").unlink()
    failing |= {"0.png", "2.png", "4.png"}
    sentence = pytest.raises(UserError, match=r"last 3 files could not be painted.*run out")
    with Journal(Path("journal"), WHOLE) as journal, sentence:
        paint_archive(Failing(), listing, journal, skip_existing=False)
    assert Path("journal/part_1_of_1.jsonl").read_text() == ""


def test_a_part_may_be_empty():
    Path("empty").mkdir()
    listing = Listing(["empty"], Shard(1, 2), "{name}", str)
    assert paint_archive(Painted(), listing, None, skip_existing=False) == 0


def test_nothing_to_paint_is_a_sentence():
    Path("empty").mkdir()
    with pytest.raises(UserError, match="no images in empty, nor videos"):
        paint_archive(
            Painted(), Listing(["empty"], WHOLE, "{name}", str), None, skip_existing=False
        )


def test_memory_does_not_grow_with_the_files(monkeypatch):
    monkeypatch.setattr(Listing, "check", lambda *_: None)

    def peak(count):
        items = (Item("in", f"{number}.png", f"{number}.png") for number in range(count))
        monkeypatch.setattr(Listing, "items", lambda _: items)
        monkeypatch.setattr(run, "_count_beside", lambda *_: None)
        tracemalloc.start()
        with Journal(Path("journal"), WHOLE) as journal:
            worker = Counted()
            listing = Listing(["in"], WHOLE, "{name}", str)
            paint_archive(worker, listing, journal, skip_existing=False)
        assert worker.items == [count]
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        Path("journal/part_1_of_1.jsonl").unlink()
        return size

    peak(100)
    assert peak(6000) < peak(600) + 100_000  # 18 bytes for each more
