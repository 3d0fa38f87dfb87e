"""Signals that ask a program to end: it keeps what there is first."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from multiprocessing.util import Finalize
from types import FrameType
from typing import Any

# Ctrl-C; what systems send before they kill; what a terminal that is closed sends; what SLURM and
# submitit are told to send in good time
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))  # not on Windows
IMPATIENT = 1.0  # seconds: programs around this one may hand the same Ctrl-C on a second time


class Stopped(Exception):
    """The training has saved and ends, as a signal asked for.

    Args:
        signum: of the signal; 0 in a process that did not get it itself.
        step: that the checkpoint is of.
    """

    def __init__(self, signum: int, step: int) -> None:
        super().__init__(signum, step)
        self.signum, self.step = signum, step


class StopSignals:
    """Notes the first of these signals; a second Ctrl-C interrupts at once.

    Attributes:
        caught: its number, 0 as long as there was none.
    """

    def __init__(self) -> None:
        self.caught = 0
        self._since = 0.0
        # now: later Lightning puts its own handlers in their place
        self._before = {signum: signal.getsignal(signum) for signum in _heard()}
        self._terminals = _terminals()

    def install(self) -> None:
        """Begin; only the main thread can."""
        for signum in self._before:
            signal.signal(signum, self._note)

    def remove(self) -> None:
        """Let the signals do again what they did before."""
        for signum, handler in self._before.items():
            signal.signal(signum, handler)

    def hand_on(self) -> None:
        """Tell who waited for the caught signal before: submitit starts a job anew with it."""
        handler = self._before.get(self.caught)
        if callable(handler) and self.caught != signal.SIGINT:
            handler(self.caught, None)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if not self.caught:
            self.caught, self._since = signum, time.monotonic()
            _leave_lost(self._terminals)
            if signum == signal.SIGINT:  # print() may be what was interrupted
                with suppress(OSError):  # nobody may be left to read it
                    os.write(2, b"\nFinishing the step, then saving; Ctrl-C again ends at once.\n")
        elif signum == signal.SIGINT and time.monotonic() - self._since > IMPATIENT:
            raise KeyboardInterrupt


@contextmanager
def like_ctrl_c() -> Generator[list[int]]:
    """Let the first of the other signals interrupt what is done here as Ctrl-C does; if that ends
    the program, the exit code is 128 plus the signal's number.

    Yields:
        Such a signal, once it has come: it asks the program to end, Ctrl-C may mean less.
    """
    caught: list[int] = []
    terminals = _terminals()

    def interrupt(signum: int, frame: FrameType | None) -> None:
        if not caught:  # not while it keeps what there is
            caught.append(signum)
            _leave_lost(terminals)
            raise KeyboardInterrupt

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():  # no other can
        for signum in _heard():
            if signum != signal.SIGINT:
                before[signum] = signal.signal(signum, interrupt)
    try:
        yield caught
    except (SystemExit, KeyboardInterrupt):
        if caught:
            sys.exit(128 + caught[0])
        raise
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _heard() -> list[int]:
    """All but a SIGHUP that nohup has taken care of."""
    return [
        signum
        for signum in SIGNALS
        if signal.Signals(signum).name != "SIGHUP" or signal.getsignal(signum) != signal.SIG_IGN
    ]


def _terminals() -> list[int]:
    """Which of the outputs go to a terminal."""
    return [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]


def _leave_lost(terminals: list[int]) -> None:
    """Print to nowhere from now on if the terminal is closed: any word to it would be an error."""
    for descriptor in terminals:
        if not os.isatty(descriptor):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


def ignore_in_worker(worker: int) -> None:
    """For loader processes: signals go to all processes of a terminal or of a job, and these have
    to live until the step is finished. They end when the training process does, see
    `end_workers_at_exit`."""
    for signum in SIGNALS:
        signal.signal(signum, signal.SIG_IGN)


def end_workers_at_exit() -> None:
    """Let no loader process that hangs keep this process, which starts it, from ending.

    multiprocessing asks those that are left at the end by the SIGTERM that they ignore, and then
    waits for them for ever.
    """
    Finalize(None, _kill_workers, exitpriority=0)  # comes before it asks them


def _kill_workers() -> None:
    if hasattr(signal, "SIGCHLD"):  # PyTorch's handler would call their end a failure
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for process in multiprocessing.active_children():
        if process.daemon:  # as loader processes are, and those that multiprocessing asks to end
            process.kill()
