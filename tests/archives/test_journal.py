"""The journal of a great many files: nothing is lost, and nothing done twice."""

import json
from pathlib import Path

import pytest

from fastnst.archives.journal import Journal, Outcome
from fastnst.archives.shard import WHOLE, Shard, shard
from fastnst.machine import UserError

DONE = [Outcome(f"in/{number}.jpg", f"out/{number}.jpg") for number in range(7)]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def known(journal):
    return [outcome for outcome in DONE if journal.skipped(outcome.target) is not None]


def test_parts_are_the_whole_and_share_nothing():
    names = [f"{number}.jpg" for number in range(3000)]
    parts = [{name for name in names if Shard(number, 3).has(name)} for number in (1, 2, 3)]
    assert sorted(name for part in parts for name in part) == sorted(names)
    assert all(abs(len(part) - 1000) < 100 for part in parts)


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/3/5"])
def test_what_is_no_part_is_refused(text):
    with pytest.raises(ValueError, match="such as 3/8"):
        shard(text)
    assert shard("3/3") == Shard(3, 3)


def test_what_was_told_is_known_however_it_is_shared_out():
    with Journal(Path("journal"), Shard(1, 2)) as journal:
        assert known(journal) == []
        journal.add(DONE[0])
        journal.add(DONE[2]._replace(error="in/2.jpg is no picture."))
    with Journal(Path("journal"), Shard(2, 2)) as journal:
        journal.add(DONE[1]._replace(failed={"a.jpg": "no", "b.jpg": "no"}))
    with Journal(Path("journal"), WHOLE) as journal:
        assert known(journal) == DONE[:3]
        assert [journal.skipped(outcome.target) for outcome in DONE[:3]] == [0, 2, 1]
    lines = Path("journal/part_1_of_2.jsonl").read_text().splitlines()
    assert json.loads(lines[0]) == {"source": "in/0.jpg", "target": "out/0.jpg"}
    assert json.loads(lines[1])["error"] == "in/2.jpg is no picture."


def test_a_line_that_was_cut_off_is_done_again_and_spoils_no_other():
    file = Path("journal/part_1_of_1.jsonl")
    with Journal(file.parent, WHOLE) as journal:
        journal.add(DONE[0])
        journal.add(DONE[1])
    file.write_bytes(file.read_bytes()[:-9])
    with Journal(file.parent, WHOLE) as journal:
        assert known(journal) == DONE[:1]
        journal.add(DONE[1])
    with Journal(file.parent, WHOLE) as journal:
        assert known(journal) == DONE[:2]


def test_two_runs_do_not_keep_one_file():
    with Journal(Path("journal"), Shard(1, 2)) as journal:
        assert not journal.goes_on
        with pytest.raises(UserError, match=r"part_1_of_2\.jsonl is kept by another run"):
            Journal(Path("journal"), Shard(1, 2))
        with Journal(Path("journal"), Shard(2, 2)) as other:
            assert not other.goes_on
    with Journal(Path("journal"), Shard(1, 2)) as journal:
        assert journal.goes_on


def test_names_may_be_bytes_that_are_no_text():
    with Journal(Path("journal"), WHOLE) as journal:
        journal.add(Outcome("in/\udcff\n.jpg", "out/\udcff\n.jpg"))
    with Journal(Path("journal"), WHOLE) as journal:
        assert journal.skipped("out/\udcff\n.jpg") == 0


def test_a_journal_that_cannot_be_kept_is_a_sentence():
    Path("journal").write_text("a file")
    with pytest.raises(UserError, match="The journal journal cannot be kept"):
        Journal(Path("journal"), WHOLE)
