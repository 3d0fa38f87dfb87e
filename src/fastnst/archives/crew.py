"""Many workers, on one machine or many, by Ray: it starts them, carries work and notes deaths."""

import os
import socket
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fastnst.archives.journal import Outcome
from fastnst.archives.listing import Item
from fastnst.archives.worker import Worker
from fastnst.machine import UserError, keep_freed_memory, load_library

AHEAD = 2  # tasks that a worker has: one that it is at, and the next, so that it never waits
DEATHS = 5  # of workers after which a file is taken for the cause
FAILED_STARTS = 3  # in succession, after which no more are tried
PATIENCE = 60.0  # seconds without anything, after which that is said


class Task(NamedTuple):
    """What a worker is asked to do.

    Attributes:
        items: files to paint.
        again: whether a worker had it before, so that some results may be there.
        deaths: of workers that were at it.
    """

    items: list[Item]
    again: bool = False
    deaths: int = 0


class Crew:
    """Spreads units of work over the workers of a cluster; is used once.

    Args:
        address: of the cluster, as `ray.init` takes it; None for that of `RAY_ADDRESS`, or else one
            of this machine alone, which is there for this run.
        device: where each worker computes: `auto`, `cpu`, `cuda` or `mps`.
        folders: that have to be on every machine.

    Raises:
        UserError: if Ray is not installed, or there is no cluster at this address.
    """

    def __init__(self, address: str | None, device: str, folders: Sequence[str]) -> None:
        self._ray: Any = load_library("ray", "ray")
        self._device, self._folders = device, list(folders)
        self._starting: dict[Any, Any] = {}  # workers, by what Ray will give once they are there
        self._ready: list[Any] = []
        self._at_work: dict[Any, tuple[Any, Task]] = {}  # by what it will give; older ones first
        self._again: deque[Task] = deque()
        self._failed_starts = 0
        self._needs = {"num_cpus": 1}  # two of a core each paint a fifth faster than one of two
        try:
            alone = address is None and "RAY_ADDRESS" not in os.environ
            self._ray.init(
                address,
                include_dashboard=False if alone else None,
                log_to_driver=False,
                logging_level="error",
            )
        except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
            why = " ".join(str(error).split())
            raise UserError(f"--ray: there is no cluster to be had: {why}") from error

    def __call__(self, worker: Worker, units: Iterator[list[Item]]) -> Iterator[list[Outcome]]:
        """Have units painted.

        Args:
            worker: every process has a copy.
            units: are taken when a worker has room for one.

        Yields:
            What has become of the files, as soon as a worker tells.

        Raises:
            UserError: if a worker says that a place of files does not answer, or none starts.
        """
        try:
            shipped = self._put(worker)
            for _ in range(self._places()):
                self._start(shipped)
            while self._hand_out(units) or self._at_work or not self._ready:
                yield from self._wait(shipped, worker)
        finally:
            self._ray.shutdown()

    def _put(self, worker: Worker) -> Any:
        try:
            return self._ray.put(worker)
        except TypeError as error:  # of a session of ONNX Runtime
            raise UserError(
                "--ray sends networks to its workers, and cannot send a .onnx file: give the "
                "checkpoint that it was made from."
            ) from error

    def _places(self) -> int:
        """How many workers there is room for."""
        there: dict[str, float] = self._ray.cluster_resources()
        cores, gpus = int(there.get("CPU", 1)), int(there.get("GPU", 0))
        if self._device != "cpu" and gpus:
            self._needs = {"num_cpus": 1, "num_gpus": 1}
            return min(cores, gpus)
        return max(1, cores)

    def _start(self, shipped: Any) -> None:
        actor = self._ray.remote(Member).options(**self._needs).remote(shipped, self._device)
        self._starting[actor.go_to.remote(os.getcwd(), self._folders)] = actor  # noqa: PTH109

    def _hand_out(self, units: Iterator[list[Item]]) -> bool:
        """Give every worker as much as it may have, none a second task while another may come to
        have no first; whether there was anything to give."""
        given = False
        has = Counter(id(actor) for actor, _ in self._at_work.values())
        for most in range(1, 2 if self._starting else AHEAD + 1):
            for actor in self._ready:
                if has[id(actor)] >= most:
                    continue
                unit = None if self._again else next(units, None)
                if unit is None and not self._again:
                    return given
                task = self._again.popleft() if unit is None else Task(unit)
                self._at_work[actor.paint.remote(task.items, task.again)] = actor, task
                has[id(actor)] += 1
                given = True
        return given

    def _wait(self, shipped: Any, worker: Worker) -> Iterator[list[Outcome]]:
        """Until a worker has begun, is done with something, or is found dead."""
        if not self._at_work and not self._starting:  # the last has died
            self._start(shipped)
        waiting = [*self._at_work, *self._starting]
        done, _ = self._ray.wait(waiting, num_returns=1, timeout=PATIENCE)
        if not done:
            if not self._at_work:
                print("waiting for a free core or GPU of the cluster", file=sys.stderr)
            return
        (given,) = done
        actor = self._starting.pop(given) if given in self._starting else self._at_work[given][0]
        try:
            result: list[Outcome] | UserError | None = self._ray.get(given)
        except self._ray.exceptions.RayTaskError as error:  # of one that lives
            raise UserError(f"--ray: a worker failed: {_last_line(error)}") from error
        except self._ray.exceptions.RayError as error:
            self._failed_starts += given not in self._at_work
            yield self._lost(actor, worker)
            if self._failed_starts < FAILED_STARTS:
                self._start(shipped)
            elif not self._ready and not self._starting:
                raise UserError(f"--ray: the workers do not start: {_last_line(error)}") from error
            return
        if isinstance(result, UserError):
            raise result
        if result is None:
            self._ready.append(actor)
            self._failed_starts = 0
        else:
            del self._at_work[given]
            yield result

    def _lost(self, actor: Any, worker: Worker) -> list[Outcome]:
        """Take back what a dead worker had; what it was at goes on file by file, so that one that
        kills its workers is found, and given up in the end."""
        self._ray.kill(actor)  # it may live, and only not be reached
        self._ready = [other for other in self._ready if other is not actor]
        tasks = {key: task for key, (other, task) in self._at_work.items() if other is actor}
        self._at_work = {key: at for key, at in self._at_work.items() if key not in tasks}
        given_up: list[Outcome] = []
        for number, task in enumerate(tasks.values()):
            deaths = task.deaths + (number == 0)
            if deaths < DEATHS:
                parts = [[item] for item in task.items] if number == 0 else [task.items]
                self._again.extend(Task(part, True, deaths) for part in parts)
                continue
            for item in task.items:
                error = f"{item.source}: its worker died {deaths} times."
                given_up.append(Outcome(item.source, worker.target(item), error))
        return given_up


class Member:
    """A worker, in a process of its own.

    Args:
        worker: a copy of it.
        device: where it computes.
    """

    def __init__(self, worker: Worker, device: str) -> None:
        keep_freed_memory()
        self._worker = worker
        worker.brushes.move(device)

    def go_to(self, here: str, folders: list[str]) -> UserError | None:
        """Begin, in the folder that paths are relative to; an error if one is not there."""
        if folders:
            for folder in (here, *(os.path.join(here, it) for it in folders)):  # noqa: PTH118
                if not os.path.isdir(folder):  # noqa: PTH112
                    return UserError(f"--ray: there is no {folder} on {socket.gethostname()}.")
            os.chdir(here)
        return None

    def paint(self, items: list[Item], again: bool) -> list[Outcome] | UserError:
        """Paint files; an error is what ends the run."""
        try:
            return [*self._worker.paint(items, again)]
        except (UserError, OSError) as error:
            return UserError(str(error))


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1].strip()
