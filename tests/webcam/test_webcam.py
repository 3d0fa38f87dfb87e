"""The webcam's threads and errors, and its window, with a camera made up."""

import re
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fastnst.machine.errors import UserError
from fastnst.webcam import threads as webcam_threads
from fastnst.webcam import window as webcam
from fastnst.webcam.threads import Camera, Painting, open_camera
from fastnst.webcam.window import Window, run_webcam, watch

cv2 = pytest.importorskip("cv2")


class Capture:
    """A camera whose frames are grey and get lighter one by one, every hundredth of a second.

    Args:
        count: frames before its cable is pulled.
        fault: raised then.
    """

    def __init__(self, count: int = 9999, fault: Exception | None = None) -> None:
        self.left, self.fault, self.value, self.released = count, fault, 0, False
        self.asked, self.opens = {}, True

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(0.01)
        if self.left <= 0:
            if self.fault:
                raise self.fault
            return False, None
        self.left, self.value = self.left - 1, min(self.value + 1, 200)
        return True, np.full((480, 640, 3), self.value, np.uint8)

    def isOpened(self) -> bool:
        return self.opens

    def set(self, name: int, value: float) -> None:
        self.asked[name] = value

    def release(self) -> None:
        self.released = True


class Painter:
    """A style that is one colour; it paints while `free` is set."""

    def __init__(self, colour=(200, 0, 0), name="red", size=None, fault=None) -> None:
        self.style, self.size = {"name": name, "title": name.title()}, size
        self.device, self.colour, self.fault = SimpleNamespace(type="cpu"), colour, fault
        self.free, self.seen = threading.Event(), []
        self.free.set()

    def fit(self, picture: Image.Image) -> Image.Image:
        return picture

    def paint(self, pictures, to_come):
        assert to_come == 0
        self.seen += [(picture.size, picture.getpixel((9, 9))[0]) for picture in pictures]
        assert self.free.wait(10)
        if self.fault:
            raise self.fault
        return [Image.new("RGB", picture.size, self.colour) for picture in pictures]


class Screen:
    """A window that runs a script: a generator that gives the next key, or None to be closed."""

    def __init__(self, script) -> None:
        self.is_open, self.pictures, self._script = True, [], script(self)

    def show(self, picture: np.ndarray) -> None:
        self.pictures.append(picture)

    def key(self) -> int:
        time.sleep(0.001)
        key = next(self._script)
        self.is_open = key is not None
        return key if isinstance(key, int) else ord(key or " ")


def until(condition):
    """Presses no key until it is true."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        yield -1


def run(script, *painters: Painter, capture: Capture | None = None) -> None:
    with Camera(capture or Capture(), "Camera 3") as camera:
        camera.wait()
        with Painting(painters, camera) as painting:
            watch(Screen(script), camera, painting)


def colour_right(screen: Screen) -> tuple[int, ...]:
    return tuple(screen.pictures[-1][240, -300]) if screen.pictures else ()


def saved(folder) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_keys_change_the_style_and_save_what_is_painted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def script(screen):
        yield from until(lambda: colour_right(screen) == (0, 0, 200))
        assert screen.pictures[-1].shape == (480, 1280, 3)
        yield "2"
        yield from until(lambda: colour_right(screen) == (0, 90, 0))
        yield "s"
        yield "q"

    run(script, Painter(), Painter((0, 90, 0), "green"))
    (name,) = saved(tmp_path)
    assert re.fullmatch(r"painted_green_\d{8}_\d{6}_\d{3}\.png", name)
    with Image.open(name) as image:
        assert (image.size, image.getpixel((5, 5))) == ((341, 256), (0, 90, 0))


def test_the_window_does_not_wait_for_the_painter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    painter = Painter()
    painter.free.clear()

    def script(screen):
        yield from until(lambda: len(screen.pictures) > 5 and painter.seen)
        assert screen.pictures[-1][240, 300, 0] > screen.pictures[0][240, 300, 0]
        assert colour_right(screen) == (0, 0, 0)
        yield "s"
        yield "o"
        yield from until(lambda: screen.pictures[-1].shape == (480, 640, 3))
        painter.free.set()
        yield from until(lambda: colour_right(screen) == (0, 0, 200))
        yield None

    run(script, painter)
    assert saved(tmp_path) == []


def test_the_newest_frame_is_painted():
    painter, capture = Painter(), Capture()
    painter.free.clear()

    def script(screen):
        yield from until(lambda: painter.seen and capture.value > painter.seen[0][1] + 20)
        value = capture.value
        painter.free.set()
        yield from until(lambda: len(painter.seen) > 1)
        assert painter.seen[1][1] >= value - 1
        yield "q"

    run(script, painter, capture=capture)
    assert capture.released


def test_what_is_saved_is_mirrored_as_it_is_seen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    painter = Painter()

    def paint(pictures, to_come):
        image = Image.new("RGB", pictures[0].size)
        image.paste((0, 0, 200), (0, 0, 100, 300))
        return [image]

    painter.paint = paint

    def script(screen):
        yield from until(lambda: screen.pictures and screen.pictures[-1][240, 700, 0] == 200)
        yield "m"
        yield from until(lambda: screen.pictures[-1][240, 1200, 0] == 200)
        yield "s"
        yield "q"

    run(script, painter)
    with Image.open(saved(tmp_path)[0]) as image:
        assert (image.getpixel((9, 9)), image.getpixel((300, 9))) == ((0, 0, 0), (0, 0, 200))


def test_a_folder_that_may_not_be_written_does_not_end_it(monkeypatch):
    def refuse(image, path):
        raise UserError(f"Cannot write {path}: no.")

    monkeypatch.setattr(webcam, "write_image", refuse)

    def script(screen):
        yield from until(lambda: colour_right(screen) == (0, 0, 200))
        help = screen.pictures[-1][456:]
        yield "s"
        yield from until(lambda: (screen.pictures[-1][456:] != help).any())
        yield "q"

    run(script, Painter())


def forever(screen):
    yield from until(lambda: False)


@pytest.mark.parametrize("count", [3, 0])
def test_a_camera_that_stops(count, monkeypatch):
    monkeypatch.setattr(webcam_threads, "PATIENCE", 0.3)
    capture = Capture(count)
    with pytest.raises(UserError, match=r"Camera 3 gives no (more )?frames: ") as caught:
        run(forever, Painter(), capture=capture)
    assert ("no more" in str(caught.value)) == (count > 0)
    assert capture.released


def test_what_goes_wrong_in_a_thread_comes_out():
    with pytest.raises(ValueError, match="driver"):
        run(forever, Painter(), capture=Capture(3, ValueError("driver")))
    with pytest.raises(UserError, match=r"^Camera 3: 341x256 pixels .* --size \(no memory\)\.$"):
        run(forever, Painter(fault=RuntimeError("no\nmemory")))
    with pytest.raises(UserError, match=r"^Camera 3: the mask is square\.$"):
        run(forever, Painter(fault=UserError("the mask is square")))


def test_a_size_that_is_asked_for_is_left_to_the_stylizer():
    painter = Painter(size=300)

    def script(screen):
        yield from until(lambda: painter.seen)
        yield "q"

    run(script, painter)
    assert painter.seen[0][0] == (640, 480)


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
