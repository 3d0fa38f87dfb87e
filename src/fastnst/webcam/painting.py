"""The thread that paints the newest frame."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from fastnst.images import resize_short_side
from fastnst.machine import UserError
from fastnst.motion import TemporalSmoother
from fastnst.webcam.camera import Camera
from fastnst.webcam.taking import take_style
from fastnst.webcam.threads import Latest, Worker
from fastnst.webcam.view import FrameRate
from fastnst.webcam.walk import Walk

if TYPE_CHECKING:
    from fastnst.stylizing import Stylizer

# Short side that is painted if none is asked for
SIZES = {"cpu": 256, "mps": 480, "cuda": 720}

Take = Callable[[Image.Image, int, "Stylizer"], "Stylizer"]


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
        smoother: applied to what is painted, if given.
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
        self,
        stylizers: Sequence["Stylizer"],
        camera: Camera,
        smoother: TemporalSmoother | None = None,
        take: Take = take_style,
    ) -> None:
        super().__init__()
        self.stylizers, self.style, self.done = [*stylizers], 0, Latest[Painted]()
        self.to_learn: Image.Image | None = None
        self.problem = ""
        self._camera, self._number, self._rate = camera, 0, FrameRate()
        self._walk, self._smoother, self._take = Walk(stylizers), smoother, take

    def step(self) -> None:
        painting = self.to_learn
        if painting is not None:
            self._learn(painting)
            if self.to_learn is painting:  # and no other was held up meanwhile
                self.to_learn = None
        found = self._camera.frames.after(self._number, 0.1)
        if found is None:
            return
        self._number, frame = found
        style = self.style
        if self._walk.to(style, time.monotonic()) and self._smoother is not None:
            self._smoother.forget()  # or much smoothing would keep the style before for long
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
        self._walk.add(style)

    def _paint(self, stylizer: "Stylizer", picture: Image.Image) -> Image.Image:
        if stylizer.size is None:
            picture = resize_short_side(picture, working_size(stylizer))
        try:
            # None to come: compiling would hold the picture still for up to a minute, again for
            # each style, and nobody knows whether as many frames follow as would make up for it
            fitted = stylizer.fit(picture)
            # before it is painted, which may be done in place
            motion = self._smoother and self._smoother.motion_to(np.array(fitted))
            painted = stylizer.paint([fitted], to_come=0)[0]
        except UserError as error:
            raise UserError(f"{self._camera.name}: {error}.") from error
        except (RuntimeError, MemoryError) as error:  # PyTorch and Pillow when memory is full
            raise UserError(
                f"{self._camera.name}: {picture.width}x{picture.height} pixels are too many for "
                f"this machine; work at a smaller --size ({' '.join(str(error).split())})."
            ) from error
        if self._smoother is None:
            return painted
        return Image.fromarray(self._smoother.after(motion, np.asarray(painted)))


def working_size(stylizer: "Stylizer") -> int:
    """Short side at which frames are painted, in pixels."""
    return stylizer.size or SIZES[stylizer.device.type]
