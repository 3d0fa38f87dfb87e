import os
import signal
import subprocess
import sys

import pytest

from fastnst.machine import stop_signals
from fastnst.machine.stop_signals import StopSignals, ignore_in_worker, like_ctrl_c


@pytest.fixture
def before():
    """What the signals would do without all this."""
    kept = {signum: signal.getsignal(signum) for signum in stop_signals.SIGNALS}
    called = []
    for signum in kept:
        signal.signal(signum, lambda number, _: called.append(number))
    yield called
    for signum, handler in kept.items():
        signal.signal(signum, handler)


def test_the_first_one_is_noted(before):
    signals = StopSignals()
    signals.install()
    assert signals.caught == 0
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGTERM)
    assert signals.caught == signal.SIGUSR1
    assert not before


def test_afterwards_they_do_what_they_did(before):
    signals = StopSignals()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # somebody else's, in between
    signals.install()
    signals.remove()
    os.kill(os.getpid(), signal.SIGTERM)
    assert before == [signal.SIGTERM]


def test_who_waited_for_the_signal_is_told(before):
    signals = StopSignals()
    signals.install()
    os.kill(os.getpid(), signal.SIGUSR2)
    signals.hand_on()
    assert before == [signal.SIGUSR2]


@pytest.mark.parametrize("caught", [0, signal.SIGINT])
def test_but_not_of_none_and_not_of_ctrl_c(caught, before):
    signals = StopSignals()
    signals.caught = caught
    signals.hand_on()
    assert not before


def test_a_second_ctrl_c_interrupts_unless_it_is_the_same(before, monkeypatch):
    signals = StopSignals()
    signals.install()
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
    monkeypatch.setattr(stop_signals, "IMPATIENT", 0.0)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_loader_processes_take_no_notice(before):
    ignore_in_worker(0)
    for signum in stop_signals.SIGNALS:
        os.kill(os.getpid(), signum)
    assert not before


HANGING = """
import time

from torch.utils.data import DataLoader

from fastnst.machine import end_workers_at_exit, ignore_in_worker


class Numbers:
    def __len__(self):
        return 8

    def __getitem__(self, index):
        if index > 1:
            time.sleep(600)
        return index


if __name__ == "__main__":
    end_workers_at_exit()
    loader = DataLoader(
        Numbers(), num_workers=2, worker_init_fn=ignore_in_worker, persistent_workers=True
    )
    print(next(iter(loader)).item())
"""


@pytest.mark.slow
def test_a_loader_process_that_hangs_lets_the_training_end(tmp_path):
    script = tmp_path / "hanging.py"
    script.write_text(HANGING)
    # not captured: a loader process that stayed would hold the pipe and hide that this one ended
    with (tmp_path / "output").open("w") as output:
        ended = subprocess.run(
            [sys.executable, str(script)], stdout=output, stderr=output, timeout=120
        )
    assert (tmp_path / "output").read_text() == "0\n"
    assert ended.returncode == 0


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP")
def test_nohup_is_respected(before):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signals = StopSignals()
    signals.install()
    os.kill(os.getpid(), signal.SIGHUP)
    assert signals.caught == 0
    signals.remove()
    with like_ctrl_c():
        os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_what_can_be_interrupted_keeps_what_there_is(name, before):
    signum, kept = getattr(signal, name), []

    def work():
        try:
            os.kill(os.getpid(), signum)
        except KeyboardInterrupt:
            os.kill(os.getpid(), signum)  # a shell and the system may both send it
            kept.append(name)
            sys.exit(130)

    with pytest.raises(SystemExit) as leaving, like_ctrl_c():
        work()
    assert leaving.value.code == 128 + signum
    assert kept == [name]
    os.kill(os.getpid(), signum)
    assert before == [signum]


def test_ctrl_c_itself_is_left_as_it_is(before):
    with pytest.raises(KeyboardInterrupt), like_ctrl_c():
        raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="closes a terminal")
def test_words_to_a_terminal_that_is_closed_are_no_errors(tmp_path):
    ours, theirs = os.openpty()
    code = (
        "import pathlib, sys, time\n"
        "from fastnst.machine import like_ctrl_c\n"
        "with like_ctrl_c():\n"
        "    try:\n"
        "        print('here', flush=True)\n"
        "        time.sleep(60)\n"
        "    except KeyboardInterrupt:\n"
        "        print('stopped', flush=True)\n"
        "        print('stopped', file=sys.stderr, flush=True)\n"
        f"        pathlib.Path({str(tmp_path / 'kept')!r}).touch()\n"
        "        sys.exit(130)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    assert b"here" in os.read(ours, 100)
    os.close(ours)
    os.kill(process.pid, signal.SIGHUP)  # as the shell of that terminal does
    assert process.wait(30) == 128 + signal.SIGHUP
    assert (tmp_path / "kept").exists()
