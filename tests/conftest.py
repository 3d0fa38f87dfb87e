"""The fixtures of all rooms are in `small/fixtures.py`."""

import faulthandler
import gc
import os
import signal
import sys

import pytest

# what is imported stays, so that there is nothing to collect until all of it is
gc.disable()
# one thread is enough for a few pixels, and the processes of tests that run side by side, whose
# threads wait for each other by turning in circles, would be ten times as slow with more
os.environ.setdefault("OMP_NUM_THREADS", "1")
# of a GPU's compiler, which would be imported at the first thing that is compiled
os.environ.setdefault("TORCH_WARM_POOL", "0")


def pytest_configure(config: pytest.Config) -> None:
    # the process that only hands out the tests would import PyTorch and Lightning for nothing, and
    # those that run them begin after it
    hands_out = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if not hands_out:
        config.pluginmanager.import_plugin("small.fixtures")
    # which a shell that starts something in the background ignores, and Python then leaves so
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each of two processes half of what takes long first, so that both end with the rest."""
    slow = [item for item in items if item.get_closest_marker("slow") is not None]
    rest = [item for item in items if item.get_closest_marker("slow") is None]
    half = sum(item.nodeid < "tests/page" for item in slow)  # of their time
    between = max(0, len(items) // 2 - half)
    items[:] = [*slow[:half], *rest[:between], *slow[half:], *rest[between:]]


def pytest_collection_finish() -> None:
    """The garbage collector need not look again and again at what has been imported."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(100_000)


def pytest_unconfigure() -> None:
    """A process that does not end after its last test says where it hangs, and fails."""
    faulthandler.dump_traceback_later(300, exit=True, file=sys.__stderr__)
