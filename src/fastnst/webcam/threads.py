"""The two threads behind the window of the webcam: one takes frames, one paints the newest."""

import threading
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

import numpy as np
from PIL import Image

from fastnst.images import resize_short_side
from fastnst.machine import UserError
from fastnst.webcam.taking import take_style
from fastnst.webcam.view import FrameRate
from fastnst.webcam.walk import Walk

if TYPE_CHECKING:
    from typing_extensions import Self

    from fastnst.stylizing import Stylizer

# Short side that is painted if none is asked for
SIZES = {"cpu": 256, "mps": 480, "cuda": 720}
USUAL_HEIGHT = 480  # of what a webcam gives unless more is asked for, in pixels
PATIENCE = 5.0  # seconds without a frame after which a camera is taken for unplugged
LAST_FRAME = 2.0  # seconds that a camera may take for one while the program ends

Item = TypeVar("Item")
Take = Callable[[Image.Image, int, "Stylizer"], "Stylizer"]


class Latest(Generic[Item]):
    """The newest of a row of things, and its number in the row, from 1; 0 before there is any."""

    def __init__(self) -> None:
        self.number = 0
        self.item: Item | None = None
        self._changed = threading.Condition()

    def put(self, item: Item) -> None:
        """Forget the one before."""
        with self._changed:
            self.item, self.number = item, self.number + 1
            self._changed.notify_all()

    def after(self, number: int, patience: float) -> tuple[int, Item] | None:
        """The newest and its number, if it comes after `number`; waits for it for `patience`
        seconds, then returns None."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.number > number, patience):
                return None
            return self.number, cast(Item, self.item)


class Worker:
    """A thread that takes one step after the other while a `with` block runs."""

    patience: float | None = None  # seconds to wait for the last step

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def step(self) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        """What there is to do after the last step."""

    def check(self) -> None:
        """Raise what ended the thread, if anything has."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                self.step()
        except Exception as error:  # of any kind: `check` raises it in the main thread
            self._error = error
        finally:
            self.finish()

    def __enter__(self) -> "Self":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(self.patience)


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


class Painted(NamedTuple):
    """A painted frame, the number of its style from 0, and frames a second if known."""

    image: Image.Image
    style: int
    rate: float | None


class Painting(Worker):
    """Paints the newest frame, again and again.

    Args:
        stylizers: the styles.
        camera: where the frames come from.
        take: makes a style of a painting, as `take_style`.

    Attributes:
        stylizers: the styles, those that were learnt at the end.
        style: number of the style to paint from now on, from 0.
        done: what is painted.
        to_learn: a painting whose style is wanted; None again when it is there, or is not to be
            had.
        problem: why the last one was not to be had.
    """

    def __init__(
        self, stylizers: Sequence["Stylizer"], camera: Camera, take: Take = take_style
    ) -> None:
        super().__init__()
        self.stylizers, self.style, self.done = [*stylizers], 0, Latest[Painted]()
        self.to_learn: Image.Image | None = None
        self.problem = ""
        self._camera, self._number, self._rate = camera, 0, FrameRate()
        self._walk, self._take = Walk(stylizers), take

    def step(self) -> None:
        if self.to_learn is not None:
            self._learn(self.to_learn)
            self.to_learn = None
        found = self._camera.frames.after(self._number, 0.1)
        if found is None:
            return
        self._number, frame = found
        style = self.style
        self._walk.to(style, time.monotonic())
        image = self._paint(self.stylizers[style], Image.fromarray(frame[..., ::-1].copy()))
        self.done.put(Painted(image, style, self._rate.tick(time.monotonic())))

    def _learn(self, painting: Image.Image) -> None:
        self.problem = ""
        try:
            style = self._take(painting, len(self.stylizers) + 1, self.stylizers[0])
        except UserError as error:
            self.problem = str(error)
            return
        self.stylizers.append(style)
        self._walk = Walk(self.stylizers)

    def _paint(self, stylizer: "Stylizer", picture: Image.Image) -> Image.Image:
        if stylizer.size is None:
            picture = resize_short_side(picture, working_size(stylizer))
        try:
            # None to come: compiling would hold the picture still for up to a minute, again for
            # each style, and nobody knows whether as many frames follow as would make up for it
            return stylizer.paint([stylizer.fit(picture)], to_come=0)[0]
        except UserError as error:
            raise UserError(f"{self._camera.name}: {error}.") from error
        except (RuntimeError, MemoryError) as error:  # PyTorch and Pillow when memory is full
            raise UserError(
                f"{self._camera.name}: {picture.width}x{picture.height} pixels are too many for "
                f"this machine; work at a smaller --size ({' '.join(str(error).split())})."
            ) from error


def working_size(stylizer: "Stylizer") -> int:
    """Short side at which frames are painted, in pixels."""
    return stylizer.size or SIZES[stylizer.device.type]
