"""The webcam's window and errors, with a camera made up."""

import re
import time

import numpy as np
import pytest
from PIL import Image
from small.webcam import Capture, Painter

from fastnst.machine.errors import UserError
from fastnst.webcam import camera as webcam_camera
from fastnst.webcam import window as webcam
from fastnst.webcam.camera import Camera
from fastnst.webcam.painting import Painting
from fastnst.webcam.window import watch

cv2 = pytest.importorskip("cv2")


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


def test_a_painting_before_the_camera_becomes_a_style():
    taken = []

    def take(painting, number, like):
        if taken:
            raise UserError("it is too small.")
        taken.append((painting.size, number, like.style["name"]))
        return Painter((0, 0, 120), "blue")

    def script(screen):
        yield from until(lambda: colour_right(screen) == (0, 0, 200))
        yield "t"
        yield from until(lambda: colour_right(screen) == (120, 0, 0))
        shown = len(screen.pictures)
        yield from until(lambda: len(screen.pictures) > shown + 1)  # the view has followed
        before = screen.pictures[-1][-20:]
        yield "1"
        yield from until(lambda: colour_right(screen) == (0, 0, 200))
        yield "t"
        yield from until(lambda: painting.problem)
        yield from until(lambda: (screen.pictures[-1][-20:] != before).any())
        yield "2"
        yield from until(lambda: colour_right(screen) == (120, 0, 0))
        yield "q"

    with Camera(Capture(), "Camera 3") as camera:
        camera.wait()
        with Painting([Painter()], camera, take=take) as painting:
            watch(Screen(script), camera, painting)
    assert taken == [((640, 480), 2, "red")]
    assert painting.problem == "it is too small."


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
    monkeypatch.setattr(webcam_camera, "PATIENCE", 0.3)
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
