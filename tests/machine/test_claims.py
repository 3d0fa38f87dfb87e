import os

import pytest

from fastnst.machine import UserError, claim, claimed, claims, is_claimed
from fastnst.machine.claims import LOCK, release

fcntl = pytest.importorskip("fcntl")


@pytest.fixture
def taken(tmp_path, monkeypatch):
    """A folder that another process is at work in."""
    monkeypatch.setattr(claims, "PATIENCE", 0.01)
    folder = tmp_path / "run"
    folder.mkdir()
    # a second opening of the file is to the system what another process would be
    with (folder / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("process 7 on elsewhere")
        file.flush()
        yield folder


def test_a_living_process_keeps_others_out(taken):
    assert is_claimed(taken)
    with pytest.raises(UserError, match=r"process 7 on elsewhere.*hydra\.run\.dir"):
        claim(taken)


def test_what_a_process_has_is_free_when_it_ends(tmp_path):
    folder = tmp_path / "deep" / "run"
    with claimed(folder):
        assert str(os.getpid()) in (folder / LOCK).read_text()
        claim(folder)  # once more by the same one
        assert not is_claimed(folder)  # by another
        with pytest.raises(BlockingIOError), (folder / LOCK).open() as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (folder / LOCK).open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_asking_claims_nothing(tmp_path):
    assert not is_claimed(tmp_path)
    assert not (tmp_path / LOCK).exists()


def test_a_child_that_outlives_its_parent_does_not_hold_the_folder(tmp_path):
    claim(tmp_path)
    reading, writing = os.pipe()
    beginning, begun = os.pipe()
    child = os.fork()
    if child == 0:  # waits as a loader process does
        os.close(writing)
        os.write(begun, b"1")
        os.read(reading, 1)
        os._exit(0)
    os.read(beginning, 1)
    try:
        release(tmp_path)  # by closing alone, as the end of a process does it
        assert not is_claimed(tmp_path)
    finally:
        os.close(writing)
        os.waitpid(child, 0)
        os.close(reading)


def test_where_there_are_no_locks_nobody_is_kept_out(taken, monkeypatch):
    monkeypatch.setattr(claims, "fcntl", None)
    claim(taken)
    release(taken)
