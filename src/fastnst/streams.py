"""stdout and stderr, so that no command fails for what it says."""

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any

# `| head`; a terminal that was closed; a descriptor that is open for reading only
NOBODY_READS = (errno.EPIPE, errno.EIO, errno.EBADF)


def prepare_streams() -> None:
    r"""Make a process able to print anything, wherever its output goes.

    Letters that the encoding does not have are escaped (`\u4e2d`, and `\udce9` for a byte of a file
    name that is no text). Where there is no stdout or stderr, or its reader has gone, what is
    printed is dropped, and the work goes on.
    """
    _fill_descriptors()
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:  # `2>&-`, pythonw
            nowhere = open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123, SIM115
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper):  # a notebook's is not
            # where it is: libraries have taken it for their loggers when they were imported
            stream.reconfigure(errors="backslashreplace")
            if _writes_to(stream, descriptor):
                setattr(sys, name, _without_reader(stream, descriptor))


def _fill_descriptors() -> None:
    """Have something at 0, 1 and 2: the next file would get the number, and all that libraries
    print in it."""
    with suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
            os.set_inheritable(descriptor, True)
        os.close(descriptor)


def _writes_to(stream: io.TextIOWrapper, descriptor: int) -> bool:
    try:
        # the console of Windows takes letters, not bytes
        return stream.fileno() == descriptor and not (os.name == "nt" and stream.isatty())
    except (OSError, ValueError):  # kept in memory, or closed
        return False


def _without_reader(stream: io.TextIOWrapper, descriptor: int) -> io.TextIOWrapper:
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(descriptor, "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


class _Output(io.FileIO):
    """Drops what nobody is left to read."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in NOBODY_READS:
                raise
            return memoryview(data).nbytes
