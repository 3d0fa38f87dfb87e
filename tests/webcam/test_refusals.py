"""What a webcam cannot do without: a camera, OpenCV, a screen."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from small.webcam import Capture, Painter

from fastnst.machine.errors import UserError
from fastnst.webcam import window as webcam
from fastnst.webcam.camera import open_camera
from fastnst.webcam.window import Window, run_webcam

cv2 = pytest.importorskip("cv2")


def fake_cv2(**parts):
    starts = ("CAP_PROP", "WINDOW_", "WND_PROP", "error", "VideoWriter")
    names = [name for name in dir(cv2) if name.startswith(starts)]
    return SimpleNamespace(**{name: getattr(cv2, name) for name in names}, **parts)


@pytest.mark.parametrize(("height", "asked"), [(256, []), (720, [1280, 720])])
def test_a_camera_is_asked_for_as_much_as_is_painted(height, asked):
    capture = Capture()
    assert open_camera(fake_cv2(VideoCapture=lambda number: capture), 2, height).name == "Camera 2"
    assert [value for value in capture.asked.values() if value < 10000] == asked


def test_no_camera():
    capture = Capture()
    capture.opens = False
    with pytest.raises(UserError, match=r"^Camera 2 cannot be opened: .* another one\.$"):
        open_camera(fake_cv2(VideoCapture=lambda number: capture), 2, 256)


def test_no_opencv(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UserError, match=r"pip install 'fastnst\[webcam\]'\.$"):
        run_webcam([Painter()], 0)


def test_opencv_without_windows():
    def refuse(*_):
        raise cv2.error("The function is not implemented. Rebuild the library")

    window = Window(fake_cv2(namedWindow=refuse))
    with pytest.raises(UserError, match="uninstall opencv-python-headless"):
        window.__enter__()


@pytest.mark.parametrize("state", [1, 0, -1, "gone"])
def test_a_window_that_the_user_closes(state):
    def ask(*_):
        if state == "gone":  # Qt, after its last window
            raise cv2.error("NULL guiReceiver (please create a window)")
        return state

    parts = dict.fromkeys(["imshow", "resizeWindow"], lambda *_: None)
    window = Window(fake_cv2(getWindowProperty=ask, **parts))
    assert window.is_open
    window.show(np.zeros((2, 2, 3), np.uint8))
    assert window.is_open == (state == 1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_no_screen(monkeypatch):
    monkeypatch.setattr(webcam, "open_camera", lambda *_: pytest.fail("opened the camera"))
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(UserError, match="DISPLAY is not set"):
        run_webcam([Painter()], 0)
    aborts = subprocess.CompletedProcess([], -6, "", "cannot connect\nto anything\n")
    monkeypatch.setattr(webcam.subprocess, "run", lambda *_, **__: aborts)
    monkeypatch.setenv("DISPLAY", ":1")
    with pytest.raises(UserError, match=r"on this screen \(cannot connect\)\.$"):
        run_webcam([Painter()], 0)
