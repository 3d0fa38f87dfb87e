"""Signals that ask a program to end, taken as Ctrl-C: what there is gets its name, and the rest is
tidied up."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

# what systems and other programs send, and what closing a terminal does; not all on Windows
NAMES = ("SIGTERM", "SIGHUP")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))


class Interrupted(KeyboardInterrupt):
    """As Ctrl-C raises it, by another signal.

    Args:
        signum: its number; the exit code is 128 more.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


@contextmanager
def signals_interrupt() -> Generator[None]:
    """Raise `Interrupted` on the first SIGTERM or SIGHUP.

    Those that come after it change nothing: a terminal that is closed sends more than one. One that
    is ignored from the start, as `nohup` has it, stays so; what somebody else handles, too.
    """
    caught = 0

    def interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal caught
        if not caught:
            caught = signum
            raise Interrupted(signum)

    if threading.current_thread() is not threading.main_thread():  # only there can it be done
        yield
        return
    taken = [one for one in SIGNALS if signal.getsignal(one) == signal.SIG_DFL]
    for signum in taken:
        signal.signal(signum, interrupt)
    try:
        yield
    finally:
        for signum in taken:
            signal.signal(signum, signal.SIG_DFL)
