"""What the window of the webcam shows, and what its keys do; nothing here opens a window."""

import unicodedata
from collections import deque
from typing import Literal, NamedTuple

import numpy as np

LAYOUTS = ("both", "painted", "original")
HELP = "1-9 style   n/p next/previous   t take as style   o view   m mirror   s save   q quit"

ESCAPE = 27
# codes of the arrow keys in X11 (Qt and GTK), macOS and Windows
RIGHT = {0xFF53, 0xF703, 0x270000}
LEFT = {0xFF51, 0xF702, 0x250000}

RATE_SECONDS = 2.0  # over which the frame rate is taken

Command = Literal["save", "take", "quit"]


class View(NamedTuple):
    """What the user has chosen to see.

    style: number of the style, from 0.
    layout: one of `LAYOUTS`.
    mirrored: left and right exchanged.
    notice: shown instead of the help, until the next key.
    """

    style: int = 0
    layout: str = LAYOUTS[0]
    mirrored: bool = False
    notice: str = ""


def press(view: View, key: int, styles: int) -> tuple[View, Command | None]:
    """What a key changes.

    Args:
        view: as it is.
        key: as OpenCV's `waitKeyEx` gives it.
        styles: how many there are.

    Returns:
        The view after it, and what there is to do besides. A key without a meaning does nothing.
    """
    # GTK adds Shift, Num Lock and the like above the key itself
    letter = chr(key & 0xFFFF).lower()
    after = view._replace(notice="")
    if letter == "q" or key & 0xFFFF == ESCAPE:
        return after, "quit"
    if letter == "s":
        return after, "save"
    if letter == "t":
        return after._replace(notice="looking at the painting ..."), "take"
    if letter in "123456789":
        style = int(letter) - 1
        if style >= styles:
            return view._replace(notice=f"no style {letter}: the last one is {styles}"), None
        return after._replace(style=style), None
    if letter in "n " or {key, key & 0xFFFF} & RIGHT:
        return after._replace(style=(view.style + 1) % styles), None
    if letter == "p" or {key, key & 0xFFFF} & LEFT:
        return after._replace(style=(view.style - 1) % styles), None
    if letter == "o":
        following = (LAYOUTS.index(view.layout) + 1) % len(LAYOUTS)
        return after._replace(layout=LAYOUTS[following]), None
    if letter == "m":
        return after._replace(mirrored=not view.mirrored), None
    return view, None


class FrameRate:
    """Frames a second over the last two seconds, or between the last two frames if they come more
    slowly."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def tick(self, now: float) -> float | None:
        """Count a frame.

        Args:
            now: time in seconds, from any beginning.

        Returns:
            Frames a second; None for the first frame.
        """
        self._times.append(now)
        while len(self._times) > 2 and now - self._times[0] > RATE_SECONDS:
            self._times.popleft()
        passed = now - self._times[0]
        return (len(self._times) - 1) / passed if passed else None


def compose(
    original: np.ndarray, painted: np.ndarray | None, view: View, title: str, height: int
) -> np.ndarray:
    """Make the picture to show: photograph and painting at one height, with text on it.

    Args:
        original: `(H, W, 3)` uint8, BGR as everywhere in OpenCV.
        painted: the same painted, at any size; None before there is any.
        view: which of them, and the notice.
        title: what the first line says.
        height: of the picture, in pixels.

    Returns:
        `(height, width, 3)` uint8, BGR.
    """
    import cv2

    size = round(original.shape[1] * height / original.shape[0]), height
    if painted is None:
        painted = np.zeros_like(original)
    parts = {"both": (original, painted), "painted": (painted,), "original": (original,)}
    shown = [_scale(part, size) for part in parts[view.layout]]
    if view.mirrored:
        shown = [cv2.flip(part, 1) for part in shown]
    picture = np.hstack(shown)
    _write(picture, title, at_top=True)
    _write(picture, view.notice or HELP, at_top=False)
    return picture


def letterbox(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Give a picture the proportions `width` to `height` by black borders at its sides or above and
    below it.

    Args:
        picture: `(H, W, 3)` uint8.
        width: of the window; no border is made while a system says that it is 0 or less.
        height: of the window, as well.
    """
    if min(width, height) <= 0:
        return picture
    tall, wide = picture.shape[:2]
    across = max(0, round(tall * width / height) - wide)
    down = max(0, round(wide * height / width) - tall)
    before, after = (down // 2, across // 2), (down - down // 2, across - across // 2)
    return np.pad(picture, (*zip(before, after, strict=True), (0, 0)))


def plain(text: str) -> str:
    """The text in ASCII, which is all that OpenCV draws; accents are dropped."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _scale(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    import cv2

    smaller = size[1] < picture.shape[0]
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def _write(picture: np.ndarray, text: str, *, at_top: bool) -> None:
    """Write a line into a picture, on a darkened strip, so that it can be read on any picture."""
    import cv2

    height, width = picture.shape[:2]
    font, text = cv2.FONT_HERSHEY_SIMPLEX, plain(text)
    scale = height / 800
    wide = cv2.getTextSize(text, font, scale, 1)[0][0]
    scale *= min(1, 0.96 * width / max(wide, 1))
    strip = round(height / 20)
    top = 0 if at_top else height - strip
    picture[top : top + strip] //= 4
    tall = cv2.getTextSize(text, font, scale, 1)[0][1]
    where = round(0.02 * width), top + (strip + tall) // 2
    cv2.putText(picture, text, where, font, scale, (255, 255, 255), 1, cv2.LINE_AA)
