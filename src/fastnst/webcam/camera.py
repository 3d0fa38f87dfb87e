"""The thread that takes the frames of a camera."""

import time
from types import ModuleType
from typing import Any

import numpy as np

from fastnst.machine import UserError
from fastnst.webcam.threads import Latest, Worker

USUAL_HEIGHT = 480  # of what a webcam gives unless more is asked for, in pixels
PATIENCE = 5.0  # seconds without a frame after which a camera is taken for unplugged
LAST_FRAME = 2.0  # seconds that a camera may take for one while the program ends


class Camera(Worker):
    """Takes every frame of a camera as it comes and keeps the newest: the drivers keep several, and
    who takes them only when there is time to paint sees what was a second ago.

    Args:
        capture: OpenCV's `VideoCapture`, or anything with its `read` and `release`.
        name: for messages.
    """

    patience = LAST_FRAME  # without its cable, some drivers wait for ten seconds

    def __init__(self, capture: Any, name: str) -> None:
        super().__init__()
        self.name, self.frames = name, Latest[np.ndarray]()
        self._capture, self._seen = capture, time.monotonic()

    def step(self) -> None:
        there, frame = self._capture.read()
        if there:
            self._seen = time.monotonic()
            self.frames.put(frame)
        else:
            self._ended.wait(0.05)

    def finish(self) -> None:
        self._capture.release()

    def wait(self) -> None:
        """Wait for the first frame.

        Raises:
            UserError: if there is none for `PATIENCE`.
        """
        while not self.frames.after(0, 0.1):
            self.check()

    def check(self) -> None:
        """Raise what ended the thread, or a `UserError` if there are no more frames."""
        super().check()
        if time.monotonic() - self._seen > PATIENCE:
            more = "more " if self.frames.number else ""
            raise UserError(
                f"{self.name} gives no {more}frames: see that it is plugged in and that no other "
                "program uses it."
            )


def open_camera(cv2: ModuleType, number: int, height: int) -> Camera:
    """Open a camera.

    Args:
        cv2: OpenCV.
        number: of the camera, from 0.
        height: of the frames to ask for, in pixels; the camera chooses what comes close.

    Raises:
        UserError: if it cannot be opened.
    """
    capture = cv2.VideoCapture(number)
    if not capture.isOpened():
        raise UserError(
            f"Camera {number} cannot be opened: see that it is plugged in, that no other program "
            "uses it and that this one is allowed to, or give the number of another one."
        )
    if height > USUAL_HEIGHT:
        # uncompressed, USB carries no more than a few large frames a second
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, round(height * 16 / 9))
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    return Camera(capture, f"Camera {number}")
