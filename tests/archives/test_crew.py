"""Workers of Ray that die, do not start, or say what is wrong; Ray itself is played."""

import sys
from types import SimpleNamespace

import pytest

from fastnst.archives import crew
from fastnst.archives.crew import DEATHS, Crew
from fastnst.archives.journal import Outcome
from fastnst.archives.listing import Item
from fastnst.machine import UserError


class RayError(Exception):
    pass


class RayTaskError(RayError):
    pass


class DiesError(Exception):
    """Raised where a process would end."""


class Actor:
    """A process of Ray's; what it is asked comes to it when somebody waits for it."""

    def __init__(self, member):
        self.member, self.dead = member, False

    def __getattr__(self, name):
        return SimpleNamespace(remote=lambda *arguments: Asked(self, name, arguments))


class Asked:
    def __init__(self, actor, name, arguments):
        self.actor, self.name, self.arguments = actor, name, arguments


class Ray:
    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self):
        self.started, self.down, self.longest = 0, False, 0

    def init(self, *_, **__):
        pass

    def shutdown(self):
        self.down = True

    def cluster_resources(self):
        return {"CPU": 2.0}

    def put(self, value):
        return value

    def remote(self, kind):
        def make(worker, device):
            self.started += 1
            return Actor(kind(worker, device))

        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=make))

    def wait(self, asked, num_returns, timeout):
        self.longest = max(self.longest, len(asked))
        starts = [it for it in asked if it.name == "go_to"]
        return (starts or asked)[:num_returns], asked

    def get(self, asked):
        try:
            if asked.actor.dead:
                raise DiesError
            return getattr(asked.actor.member, asked.name)(*asked.arguments)
        except DiesError:
            asked.actor.dead = True
            raise RayError("The actor died.\nIts process has ended.") from None
        except ValueError as error:
            raise RayTaskError(f"Traceback\nValueError: {error}") from None

    def kill(self, actor):
        actor.dead = True


class Worker:
    """Paints names, and dies of some."""

    def __init__(self):
        self.painted, self.brushes, self.fails = [], self, {}

    def move(self, device):
        if "start" in self.fails:
            raise self.fails["start"]

    def target(self, item):
        return item.target

    def paint(self, items, again):
        for item in items:
            if item.name in self.painted and again:
                continue
            if item.name in self.fails:
                raise self.fails[item.name]
            self.painted.append(item.name)
        return [Outcome(item.source, item.target) for item in items]


@pytest.fixture
def ray(monkeypatch):
    played = Ray()
    monkeypatch.setitem(sys.modules, "ray", played)
    monkeypatch.setattr(crew, "keep_freed_memory", lambda: None)
    return played


def units(count):
    names = [f"{number}.jpg" for number in range(count)]
    return iter(
        [[Item("in", name, name) for name in names[at : at + 3]] for at in range(0, count, 3)]
    )


def spread(worker, count=9, folders=()):
    done = Crew(None, "cpu", folders)(worker, units(count))
    return [outcome for outcomes in done for outcome in outcomes]


def test_everything_is_painted_once_by_workers_that_never_have_much(ray):
    worker = Worker()
    assert len(spread(worker, 60)) == 60
    assert len({*worker.painted}) == len(worker.painted) == 60
    assert ray.started == 2
    assert ray.longest == 4
    assert ray.down


def test_a_file_that_kills_its_workers_is_given_up_and_no_other(ray):
    worker = Worker()
    worker.fails["4.jpg"] = DiesError()
    outcomes = spread(worker)
    assert sorted(outcome.target for outcome in outcomes) == [f"{n}.jpg" for n in range(9)]
    (failed,) = [outcome for outcome in outcomes if outcome.error]
    assert failed.error == f"in/4.jpg: its worker died {DEATHS} times."
    assert sorted(worker.painted) == [f"{n}.jpg" for n in range(9) if n != 4]


@pytest.mark.parametrize("error", [UserError("the store is gone"), OSError(28, "No space left")])
def test_what_ends_the_run_is_a_sentence(ray, error):
    worker = Worker()
    worker.fails["4.jpg"] = error
    with pytest.raises(UserError, match=r"store is gone|No space left"):
        spread(worker)
    assert ray.down


def test_an_error_of_a_living_worker_is_no_death(ray):
    worker = Worker()
    worker.fails["4.jpg"] = ValueError("a bug")
    with pytest.raises(UserError, match="--ray: a worker failed: ValueError: a bug"):
        spread(worker)
    assert ray.started == 2


def test_workers_that_do_not_start_are_told(ray, monkeypatch):
    def dies(*_):
        raise DiesError

    monkeypatch.setattr(crew.Member, "go_to", dies)
    with pytest.raises(UserError, match="the workers do not start: Its process has ended"):
        spread(Worker())
    assert ray.started < 10


def test_a_folder_that_another_machine_lacks_is_told(ray, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"--ray: there is no .*pictures on "):
        spread(Worker(), folders=["pictures"])
    (tmp_path / "pictures").mkdir()
    assert len(spread(Worker(), folders=["pictures"])) == 9


def test_nothing_to_do_ends(ray):
    assert spread(Worker(), 0) == []
