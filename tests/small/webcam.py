"""A camera and a painter of few pixels."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

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
        self.free, self.seen, self.network = threading.Event(), [], None
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
