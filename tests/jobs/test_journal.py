"""The journal of a great many files: nothing is lost, and nothing done twice."""

import json
from pathlib import Path

import pytest

from fastnst.jobs.journal import WHOLE, Journal, Shard, shard
from fastnst.machine import UserError
from fastnst.stylizing import Job

JOBS = [Job(Path(f"in/{number}.jpg"), Path(f"out/{number}.jpg")) for number in range(7)]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_parts_are_the_whole_and_share_nothing():
    parts = [Shard(number, 3).of(JOBS) for number in (1, 2, 3)]
    assert sorted(job for part in parts for job in part) == sorted(JOBS)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/3/5"])
def test_what_is_no_part_is_refused(text):
    with pytest.raises(ValueError, match="such as 3/8"):
        shard(text)
    assert shard("3/3") == Shard(3, 3)


def test_what_was_told_is_not_done_again_however_it_is_shared_out():
    with Journal(Path("journal"), Shard(1, 2)) as journal:
        assert journal.left(JOBS) == JOBS
        journal.add(JOBS[0], None)
        journal.add(JOBS[2], UserError("in/2.jpg is no picture."))
    with Journal(Path("journal"), Shard(2, 2)) as journal:
        journal.add(JOBS[1], None)
    with Journal(Path("journal"), WHOLE) as journal:
        assert journal.left(JOBS) == JOBS[3:]
        assert journal.failed(JOBS) == 1
    lines = Path("journal/part_1_of_2.jsonl").read_text().splitlines()
    assert json.loads(lines[1])["error"] == "in/2.jpg is no picture."


def test_a_line_that_was_cut_off_is_done_again_and_spoils_no_other():
    file = Path("journal/part_1_of_1.jsonl")
    with Journal(file.parent, WHOLE) as journal:
        journal.add(JOBS[0], None)
        journal.add(JOBS[1], None)
    file.write_bytes(file.read_bytes()[:-9])
    with Journal(file.parent, WHOLE) as journal:
        assert journal.left(JOBS) == JOBS[1:]
        journal.add(JOBS[1], None)
    with Journal(file.parent, WHOLE) as journal:
        assert journal.left(JOBS) == JOBS[2:]


def test_a_result_without_a_line_was_written_just_before_a_kill():
    JOBS[3].target.parent.mkdir()
    JOBS[3].target.write_bytes(b"whole")
    with Journal(Path("journal"), WHOLE) as journal:
        assert JOBS[3] not in journal.left(JOBS)
    assert "out/3.jpg" in Path("journal/part_1_of_1.jsonl").read_text()


def test_names_may_be_bytes_that_are_no_text():
    job = Job(Path("in/\udcff\n.jpg"), Path("out/\udcff\n.jpg"))
    with Journal(Path("journal"), WHOLE) as journal:
        journal.add(job, None)
    with Journal(Path("journal"), WHOLE) as journal:
        assert journal.left([job]) == []


def test_a_journal_that_cannot_be_kept_is_a_sentence():
    Path("journal").write_text("a file")
    with pytest.raises(UserError, match="The journal journal cannot be kept"):
        Journal(Path("journal"), WHOLE)
