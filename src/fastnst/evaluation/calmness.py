"""How calm networks paint a video: what changes between frames that motion does not explain.

The warping error of Lai et al. 2018 ("Learning blind video temporal consistency", section 4.2) and
of others: a painted frame is compared with an earlier one that is moved as the source moved, where
that motion is to be trusted. From one frame to the next it is flicker; over several, what drifts.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from fastnst.evaluation.results import table
from fastnst.images import flatten, resize_short_side
from fastnst.machine import UserError, load_library
from fastnst.motion import Motion, TemporalSmoother, find_motion, flicker
from fastnst.stylizing import Stylizer
from fastnst.video import frames_of

FRAMES = 60  # of a video at most: what a network does shows in two seconds
LATER = 5  # frames
SMOOTHING = 0.7  # of the rows with `--temporal`
SOURCE = "the source itself"


class Calmness(NamedTuple):
    """Of one way to paint a video; the errors are mean absolute differences of 255.

    Attributes:
        name: of the network.
        next_frame: warping error from each frame to the next.
        later: to the fifth.
        sharpness: mean absolute difference of a pixel and the mean of its four neighbours, of 255.
    """

    name: str
    next_frame: float
    later: float
    sharpness: float


class _Record:
    """The last frames of one way to paint, and what was measured of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._frames: deque[np.ndarray] = deque(maxlen=LATER + 1)
        self._errors: dict[int, list[float]] = {1: [], LATER: []}
        self._sharpness: list[float] = []

    def add(self, frame: np.ndarray, motions: Mapping[int, Motion | None]) -> None:
        self._frames.append(frame)
        self._sharpness.append(_sharpness(frame))
        for past, motion in motions.items():
            if motion is not None:
                self._errors[past].append(flicker(self._frames[-1 - past], frame, motion))

    def found(self) -> Calmness:
        near, far = (fmean(values) if values else float("nan") for values in self._errors.values())
        return Calmness(self.name, near, far, fmean(self._sharpness))


def measure_video(
    stylizers: Mapping[str, Stylizer], video: Path, size: int | None
) -> list[Calmness]:
    """Let networks paint a video, by themselves and smoothed as `--temporal` does it.

    Args:
        stylizers: by the names to call them.
        video: of which the first frames are taken.
        size: short side to scale frames to; None: as they are.

    Returns:
        Of the source, then of each network without and with smoothing.

    Raises:
        UserError: if it is no video, or has fewer than two frames.
    """
    load_library("cv2")
    source = _Record(SOURCE)
    plain = {name: _Record(name) for name in stylizers}
    smoothed = {name: _Record(f"{name}, --temporal {SMOOTHING}") for name in stylizers}
    smoothers = {name: TemporalSmoother(SMOOTHING) for name in stylizers}
    past: deque[np.ndarray] = deque(maxlen=LATER + 1)
    for frame in tqdm(_frames(video, size), video.name, FRAMES, unit="frame", leave=False):
        now = np.asarray(frame)
        past.append(now)
        motions = {
            step: find_motion(past[-1 - step], now) for step in (1, LATER) if step < len(past)
        }
        source.add(now, motions)
        for name, stylizer in stylizers.items():
            painted = np.asarray(stylizer.paint([stylizer.fit(frame.copy())], FRAMES)[0])
            plain[name].add(painted, motions)
            smoothed[name].add(smoothers[name].after(motions.get(1), painted), motions)
    if len(past) < 2:
        raise UserError(f"{video} has {len(past)} frames: to see it flicker takes two.")
    return [source.found()] + [
        record.found() for name in stylizers for record in (plain[name], smoothed[name])
    ]


def _frames(video: Path, size: int | None) -> Iterator[Image.Image]:
    for _, frame in zip(range(FRAMES), frames_of(video), strict=False):
        picture = flatten(frame)
        yield picture if size is None else resize_short_side(picture, size)


def _sharpness(frame: np.ndarray) -> float:
    pixels = frame.astype(np.float32)
    inner = pixels[1:-1, 1:-1]
    around = pixels[:-2, 1:-1] + pixels[2:, 1:-1] + pixels[1:-1, :-2] + pixels[1:-1, 2:]
    return float(np.abs(inner - around / 4).mean())


def calmness_table(found: Sequence[Calmness]) -> str:
    """A row for each, with how to read it."""
    rows = [("", "next frame", f"{LATER} frames later", "sharpness")]
    rows += [(one.name, *(f"{value:.2f}" for value in one[1:])) for one in found]
    return table(rows) + (
        "\n\nmean change of 255 that motion does not explain, where it can be seen; sharpness: "
        "mean difference of a\npixel from its neighbours: less flicker by blurring shows there."
    )
