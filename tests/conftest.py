"""The fixtures of all rooms are in `small/fixtures.py`."""

import faulthandler
import gc
import os
import sys

import pytest

# one thread is enough for a few pixels, and the processes of tests that run side by side, whose
# threads wait for each other by turning in circles, would be ten times as slow with more
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config: pytest.Config) -> None:
    # the process that only hands out the tests would import PyTorch and Lightning for nothing, and
    # those that run them begin after it
    hands_out = config.getoption("numprocesses", None) and not hasattr(config, "workerinput")
    if not hands_out:
        config.pluginmanager.import_plugin("small.fixtures")


def pytest_collection_finish() -> None:
    """What has been imported stays: the garbage collector need not look at it again and again."""
    gc.freeze()


def pytest_unconfigure() -> None:
    """A process that does not end after its last test says where it hangs, and fails."""
    faulthandler.dump_traceback_later(300, exit=True, file=sys.__stderr__)
