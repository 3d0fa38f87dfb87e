"""Motion between two frames of a film, and what it does not explain.

Motion comes from OpenCV's DIS optical flow (Kroeger, Timofte, Dai, Van Gool: Fast optical flow
using dense inverse search, ECCV 2016), which needs no weights. Where it is to be trusted is decided
after Ruder, Dosovitskiy, Brox: Artistic style transfer for videos, GCPR 2016.
"""

import functools
from typing import NamedTuple

import numpy as np

from fastnst.machine import load_library

FLOW_SIDE = 360  # short side in pixels at which motion is looked for
CUT = 0.3  # with less than this share of a frame to trust, it is another scene
# Mean difference of a neighbourhood, of 1, at which trust has fallen to 1/e: where things hide one
# another, change or are lit otherwise, the flow may be consistent and yet show something else.
DIFFERENCE = 0.06


class Motion(NamedTuple):
    """Where the pixels of a frame were in the frame before.

    places: float32 `(H, W, 2)`, x and y in pixels of the frame before.
    trust: float32 `(H, W)` in [0, 1].
    """

    places: np.ndarray
    trust: np.ndarray

    def every(self, step: int) -> "Motion":
        """The same for every `step`-th pixel of each direction."""
        return Motion(*(np.ascontiguousarray(part[::step, ::step]) for part in self))

    def warp(self, before: np.ndarray) -> np.ndarray:
        """The frame before, `(h, w, 3)`, as it looks from here: float32 `(H, W, 3)`."""
        cv2 = load_library("cv2")
        before = before.astype(np.float32, copy=False)
        # cubic, as what is blended with itself again and again must not blur
        return cv2.remap(before, self.places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def find_motion(before: np.ndarray, now: np.ndarray, side: int = FLOW_SIDE) -> Motion | None:
    """Motion between two frames of a source.

    Args:
        before: uint8 RGB `(H, W, 3)`.
        now: the same, of the same size.
        side: the short one in pixels, at which motion is looked for.

    Returns:
        None if they show different scenes.
    """
    cv2 = load_library("cv2")
    height, width = now.shape[:2]
    scale = min(1.0, side / min(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in (before, now)]
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in small]
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    back, forth = search.calc(grey[1], grey[0], None), search.calc(grey[0], grey[1], None)
    trust = _trust(back, forth, *small)
    if trust.mean() < CUT:
        return None
    flow = cv2.resize(back, (width, height), interpolation=cv2.INTER_LINEAR)
    flow *= np.array([width / size[0], height / size[1]], np.float32)
    trust = cv2.resize(trust, (width, height), interpolation=cv2.INTER_LINEAR)
    return Motion(_grid(height, width) + flow, trust)


def flicker(before: np.ndarray, now: np.ndarray, motion: Motion) -> float:
    """Mean absolute difference of 255 between a frame and the one before moved to it, where the
    motion is to be trusted.

    Args:
        before: uint8 RGB `(H, W, 3)`.
        now: the same.
        motion: of the source from the one to the other.
    """
    step = max(1, min(now.shape[:2]) // FLOW_SIDE)  # a sample of the pixels says it as well
    motion = motion.every(step)
    cv2 = load_library("cv2")
    difference = cv2.absdiff(motion.warp(before), now[::step, ::step].astype(np.float32))
    sure = (motion.trust > 0.5).astype(np.uint8)
    return float(np.mean(cv2.mean(difference, mask=sure)[:3]))


@functools.lru_cache(2)
def _grid(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x, y], -1)


def _trust(back: np.ndarray, forth: np.ndarray, before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Trust in the flow `back` from `now` to `before`: `(H, W)` in [0, 1]."""
    cv2 = load_library("cv2")
    height, width = back.shape[:2]
    places = _grid(height, width) + back
    x, y = cv2.split(places)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    there = cv2.remap(forth, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    length = _squared(back)
    consistent = _squared(back + there) <= 0.01 * (length + _squared(there)) + 0.5
    edges = sum(_squared(slope) for slope in np.gradient(back, axis=(0, 1)))
    same_thing = edges <= 0.01 * length + 0.002
    moved = cv2.remap(before, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    difference = cv2.blur(moved.astype(np.float32) - now, (5, 5))
    closeness = np.exp(-_squared(difference / (255 * DIFFERENCE)) / 3)
    trust = (inside & consistent & same_thing) * closeness
    # no trust reaches a little further, and ends without a visible edge
    return cv2.blur(cv2.erode(trust.astype(np.float32), np.ones((3, 3))), (3, 3))


def _squared(vectors: np.ndarray) -> np.ndarray:
    return np.einsum("yxc,yxc->yx", vectors, vectors)
