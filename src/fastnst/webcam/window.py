"""What the webcam sees, painted live in a window, with keys that change the style."""

import os
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from fastnst.images import write_image
from fastnst.machine import UserError, load_library
from fastnst.motion import TemporalSmoother
from fastnst.stylizing import STYLE_SIZE
from fastnst.webcam.camera import Camera, open_camera
from fastnst.webcam.painting import Painted, Painting, working_size
from fastnst.webcam.taking import take_style
from fastnst.webcam.view import View, compose, letterbox, press

if TYPE_CHECKING:
    from fastnst.stylizing import Stylizer

LOWEST = 480  # pixels that the window's picture is high at least
WIDEST = 1280  # pixels that the window is wide at most, when it opens
NAME = "fastnst"
FLOW_SIDE = 120  # pixels, at which motion is looked for: in less time than a frame takes to paint

# Qt ends the whole process where it finds no screen, so another process tries first
PROBE = (
    "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); "
    f"import cv2; cv2.namedWindow({NAME!r})"
)


def run_webcam(
    stylizers: Sequence["Stylizer"],
    camera: int,
    temporal: float = 0.0,
    style_size: int = STYLE_SIZE,
) -> None:
    """Show what a camera sees, and beside it painted, until the user quits.

    The camera and the painting have a thread each: the window answers to keys at once however long
    a frame takes to paint, and it is always the newest one that is painted.

    Args:
        stylizers: the styles to choose among, at least one.
        camera: its number, from 0.
        temporal: how much flicker is smoothed, see `TemporalSmoother`; 0 is not at all.
        style_size: short side at which a painting before the camera is looked at, in pixels.

    Raises:
        UserError: if OpenCV, a screen or the camera is missing, or the camera stops.
    """
    cv2 = load_library("cv2", "webcam")
    _check_screen()
    with ExitStack() as stack:
        stack.enter_context(_quiet(cv2))
        source = stack.enter_context(open_camera(cv2, camera, working_size(stylizers[0])))
        source.wait()
        smoother = TemporalSmoother(temporal, FLOW_SIDE) if temporal else None
        take = partial(take_style, size=style_size)
        painting = stack.enter_context(Painting(stylizers, source, smoother, take))
        watch(stack.enter_context(Window(cv2)), source, painting)


def watch(window: "Window", camera: Camera, painting: Painting) -> None:
    """Show frames and do what keys say until one says to quit or the window is closed.

    Args:
        window: where to show them.
        camera: has a frame already.
        painting: of that camera's frames.

    Raises:
        UserError: if the camera stops, or a frame cannot be painted.
    """
    stylizers = painting.stylizers
    height = max(LOWEST, working_size(stylizers[0]))
    view, shown, wanted = View(), None, False
    while window.is_open:
        camera.check()
        painting.check()
        if wanted and painting.to_learn is None:
            wanted = False
            if not painting.problem:
                painting.style = len(stylizers) - 1
            view = view._replace(style=painting.style, notice=painting.problem)
        frame = camera.frames.item
        assert frame is not None
        state = camera.frames.number, painting.done.number, view
        if state != shown:
            shown, painted = state, painting.done.item
            pixels = None if painted is None else np.asarray(painted.image)[..., ::-1]
            title = _title(stylizers, view.style, painted)
            window.show(compose(frame, pixels, view, title, height))
        key = window.key()
        if key == -1:
            continue
        view, command = press(view, key, len(stylizers))
        painting.style = view.style
        if command == "quit":
            return
        if command == "take":
            wanted = True
            painting.to_learn = Image.fromarray(frame[..., ::-1].copy())
        if command == "save":
            view = view._replace(notice=_save(painting, view.mirrored))


def _title(stylizers: Sequence["Stylizer"], style: int, painted: Painted | None) -> str:
    name = f"{style + 1}/{len(stylizers)} {stylizers[style].style['title']}"
    if painted is None or painted.style != style:
        return f"{name}   painting ..."
    return name if painted.rate is None else f"{name}   {painted.rate:.1f} frames/s"


def _save(painting: Painting, mirrored: bool) -> str:
    """Write what is painted into the current folder; returns what to tell the user."""
    painted = painting.done.item
    if painted is None:
        return "nothing is painted yet"
    name = painting.stylizers[painted.style].style["name"]
    now = time.time()
    moment = time.strftime("%Y%m%d_%H%M%S", time.localtime(now))
    path = Path(f"painted_{name}_{moment}_{int(now % 1 * 1000):03}.png")
    try:
        write_image(ImageOps.mirror(painted.image) if mirrored else painted.image, path)
    except UserError as error:
        return str(error)
    return f"saved {path}"


class Window:
    """OpenCV's window, in a `with` block.

    Raises:
        UserError: if this OpenCV was built without windows.
    """

    def __init__(self, cv2: ModuleType) -> None:
        self._cv2, self._shown = cv2, False

    def __enter__(self) -> "Window":
        cv2 = self._cv2
        try:
            cv2.namedWindow(NAME, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL)
        except cv2.error as error:
            raise UserError(
                "This OpenCV has no windows: pip uninstall opencv-python-headless, then "
                "pip install --force-reinstall opencv-python."
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._cv2.destroyAllWindows()

    @property
    def is_open(self) -> bool:
        """Whether the user has not closed it."""
        if not self._shown:  # not every system calls it visible before there is something to see
            return True
        try:
            return self._cv2.getWindowProperty(NAME, self._cv2.WND_PROP_VISIBLE) >= 1
        except self._cv2.error:  # of Qt after its last window is closed
            return False

    def show(self, picture: np.ndarray) -> None:
        """Show a picture, `(H, W, 3)` uint8 BGR."""
        if self._shown:
            # OpenCV's own way to keep proportions keeps those of the first picture
            picture = letterbox(picture, *self._cv2.getWindowImageRect(NAME)[2:])
        else:
            height, width = picture.shape[:2]
            scale = min(1, WIDEST / width)
            self._cv2.resizeWindow(NAME, round(width * scale), round(height * scale))
            self._shown = True
        self._cv2.imshow(NAME, picture)

    def key(self) -> int:
        """The key that is pressed, or -1; waits for a few milliseconds and draws the window."""
        return self._cv2.waitKeyEx(10)


def _check_screen() -> None:
    if sys.platform != "linux":
        return  # there is one, or OpenCV raises an error
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        raise UserError(
            "There is no screen to open a window on, as DISPLAY is not set: start this on a "
            "desktop, or log in with ssh -X."
        )
    tried = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True)
    if tried.returncode < 0:
        why = " ".join(tried.stderr.split("\n", 1)[0].split())
        raise UserError(f"OpenCV cannot open a window on this screen ({why}).")


@contextmanager
def _quiet(cv2: ModuleType) -> Generator[None]:
    """Without OpenCV's own messages about each camera that is not there."""
    # OpenCV 4 has it elsewhere than OpenCV 5
    set_level = cv2.setLogLevel if hasattr(cv2, "setLogLevel") else cv2.utils.logging.setLogLevel
    level = set_level(0)
    try:
        yield
    finally:
        set_level(level)
