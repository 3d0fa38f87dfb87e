"""Threads behind the window of the webcam, and what they hand on."""

import threading
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from typing_extensions import Self

Item = TypeVar("Item")


class Latest(Generic[Item]):
    """The newest of a row of things, and its number in the row, from 1; 0 before there is any."""

    def __init__(self) -> None:
        self.number = 0
        self.item: Item | None = None
        self._changed = threading.Condition()

    def put(self, item: Item) -> None:
        """Forget the one before."""
        with self._changed:
            self.item, self.number = item, self.number + 1
            self._changed.notify_all()

    def after(self, number: int, patience: float) -> tuple[int, Item] | None:
        """The newest and its number, if it comes after `number`; waits for it for `patience`
        seconds, then returns None."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.number > number, patience):
                return None
            return self.number, cast(Item, self.item)


class Worker:
    """A thread that takes one step after the other while a `with` block runs."""

    patience: float | None = None  # seconds to wait for the last step

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def step(self) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        """What there is to do after the last step."""

    def check(self) -> None:
        """Raise what ended the thread, if anything has."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                self.step()
        except Exception as error:  # of any kind: `check` raises it in the main thread
            self._error = error
        finally:
            self.finish()

    def __enter__(self) -> "Self":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(self.patience)
