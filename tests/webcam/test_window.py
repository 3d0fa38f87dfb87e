"""The webcam's real window, on a screen that is made for it or, without Xvfb, on the one there is.

The program runs in a process of its own, as Qt does what it likes with the process it is in. Its
camera is made up, and its keys are: the real window is asked for a key, and the answer replaced.
"""

import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("cv2")

# On a bare screen without a window manager, every fourth window of Qt stays black for ever, whoever
# opens it; with a window manager none does.
BLANK = 75
TRIES = 10

PROGRAM = """
import sys, time
from types import SimpleNamespace

import cv2
import numpy as np
from PIL import Image

from fastnst import webcam

screen, ending, BLANK = sys.argv[1], sys.argv[2], int(sys.argv[3])
BLUE, ORANGE, BLACK = (20, 40, 160), (235, 215, 95), (0, 0, 0)

class Capture:
    def __init__(self, number):
        assert number == 4
    def isOpened(self):
        return True
    def read(self):
        time.sleep(0.02)
        return True, np.full((480, 640, 3), BLUE[::-1], np.uint8)
    def release(self):
        print("released")

class Negative:
    style, size, network = {"name": "negative", "title": "Negative"}, None, None
    device = SimpleNamespace(type="cpu")
    def fit(self, picture):
        return picture
    def paint(self, pictures, to_come):
        return [Image.fromarray(255 - np.asarray(picture)) for picture in pictures]

def seen(x, y):
    '''The colour on the screen, from the file in which Xvfb keeps it in the format of xwd.'''
    data = np.fromfile(screen, np.uint8)
    header = data[:100].view(">u4").astype(int)
    start = header[0] + 12 * header[19] + y * header[12] + x * header[11] // 8
    return tuple(int(value) for value in data[start : start + 3][::-1])

def steps():
    '''What is to be seen before each key.'''
    yield {(320, 240): BLUE, (960, 240): ORANGE}, ord("o")
    yield {(100, 240): BLACK, (640, 240): ORANGE, (1200, 240): BLACK}, ord("s")
    cv2.resizeWindow("fastnst", 500, 700)
    yield {(250, 350): ORANGE, (250, 50): BLACK, (250, 650): BLACK}, ord(ending) if ending else None

def wait_for(expected):
    if screen == "real":  # nobody can look at it
        return time.monotonic() > since + 1
    return {where: seen(*where) for where in expected} == expected

def key(milliseconds):
    global step, since
    pressed = ask(milliseconds)
    if not wait_for(step[0]):
        saw = {seen(*where) for where in step[0]} if screen != "real" else set()
        if step[1] == ord("o") and saw == {BLACK} and time.monotonic() > since + 4:
            sys.exit(BLANK)
        if time.monotonic() > since + 20:
            sys.exit(f"waited for {step}, saw {[seen(*where) for where in step[0]]}")
        return pressed
    answer, step, since = step[1], next(rest, None), time.monotonic()
    if answer is None:
        cv2.destroyAllWindows()
        return -1
    return answer

rest, since, ask = steps(), time.monotonic(), cv2.waitKeyEx
step = next(rest)
cv2.VideoCapture, cv2.waitKeyEx = Capture, key
webcam.run_webcam([Negative()], 4)
print("over")
"""


@pytest.fixture
def screen(tmp_path):
    """Environment with a screen, and the file with what is on it or `real`."""
    if sys.platform != "linux":
        yield os.environ, "real"
        return
    program = shutil.which("Xvfb")
    if program is None:
        if not os.environ.get("DISPLAY"):
            pytest.skip("no screen, and no Xvfb to make one")
        yield os.environ, "real"
        return
    there, here = os.pipe()
    with open(there) as number:  # noqa: PTH123 (a pipe)
        # without -noreset it forgets everything whenever the last window closes
        server = subprocess.Popen(
            [
                *[program, "-displayfd", str(here), "-noreset"],
                *["-screen", "0", "1366x768x24", "-fbdir", str(tmp_path)],
            ],
            pass_fds=[here],
            stderr=subprocess.DEVNULL,
        )
        os.close(here)
        try:
            display = number.readline().strip()
            if not display:
                pytest.skip("Xvfb does not start")
            yield os.environ | {"DISPLAY": f":{display}"}, str(tmp_path / "Xvfb_screen0")
        finally:
            server.terminate()
            server.wait()


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["q", ""], ids=["key", "closed"])
def test_the_window(screen, ending, tmp_path):
    environment, file = screen
    folder = tmp_path / "folder"
    folder.mkdir()
    for _ in range(TRIES):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, file, ending, str(BLANK)],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
        )
        if done.returncode != BLANK:
            break
    assert (done.returncode, done.stdout.split()) == (0, ["released", "over"]), done.stderr
    (name,) = [path.name for path in folder.iterdir()]
    assert name.startswith("painted_negative_")
