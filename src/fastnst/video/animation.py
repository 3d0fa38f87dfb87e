"""Pictures that move as videos: read and written by Pillow, which FFmpeg need not be there for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from fastnst.images import (
    Animation,
    count_frames,
    flatten,
    read_frames,
    read_plays,
    without_needless_alpha,
)
from fastnst.machine import UserError
from fastnst.motion import TemporalSmoother
from fastnst.video.frames import Colours, Frame, colours_of_rgb
from fastnst.video.streams import codec_name
from fastnst.video.times import AT_END

if TYPE_CHECKING:
    from av import Packet

    from fastnst.video.reader import VideoReader

MILLISECOND = Fraction(1, 1000)


class AnimationReader:
    """Reads the part of an animation from `start` to `end`, as `VideoReader` reads videos.

    Args:
        path: a WebP, AVIF or PNG.
        start: in seconds; None or 0 for all from the beginning.
        end: the same; frames from then on are left out.
        keep_alpha: give frames as RGBA where there is transparency, instead of white behind it.
        max_megapixels: refuse larger ones, see `fastnst.images.read_image`.

    Raises:
        UserError: if the file is no picture, or too large.
    """

    others: Sequence[Any] = ()
    aspect = Fraction(1)
    time_base = MILLISECOND

    def __init__(
        self,
        path: Path,
        start: float | None,
        end: float | None,
        *,
        keep_alpha: bool,
        max_megapixels: float | None = None,
    ) -> None:
        self.path, self.broken, self.plays = path, 0, read_plays(path)
        self.metadata: dict[str, str] = {}
        self.video_metadata: dict[str, str] = {}
        self.chapters: list[Any] = []
        self.is_whole = not start and end is None
        self._begin = round(1000 * (start or 0))
        self._end = None if end is None else round(1000 * end)
        self._keep_alpha = keep_alpha
        self._most = max_megapixels
        self._count = count_frames(path, max_megapixels)
        first = next(read_frames(path, max_megapixels))
        self.rate = Fraction(1000, first.duration)
        self.colours: Colours | None = colours_of_rgb(first.picture.width, first.picture.height)

    def total(self, done: int = 0, last: Frame | None = None) -> int | None:
        """Frames there will have been, if all are read."""
        return self._count if self.is_whole else None

    def expected(self, frames: int) -> int | None:
        """Frames there should have been, if notably fewer were read."""
        enough = not self.is_whole or frames >= AT_END * self._count - 1
        return None if enough else self._count

    def last_duration(self) -> Fraction | None:
        """For how long the last frame is shown, in seconds."""
        last = 1
        with suppress(UserError):  # damage is counted where frames are painted
            for _, duration in read_frames(self.path, self._most):
                last = duration
        return last * MILLISECOND

    def __iter__(self) -> Iterator[Frame]:
        """Frames; those after the first one that is damaged are left out.

        Raises:
            UserError: if the first cannot be read.
        """
        time = 0
        try:
            for picture, duration in read_frames(self.path, self._most):
                if self._end is not None and time >= self._end:
                    return
                shown = duration if self._end is None else min(duration, self._end - time)
                if time >= self._begin:
                    kept = without_needless_alpha(picture) if self._keep_alpha else flatten(picture)
                    yield Frame(kept, time - self._begin, shown)
                time += duration
        except UserError:
            if not time:
                raise
            self.broken += 1

    def close(self) -> None:
        """Nothing is open between two frames of it."""


class AnimationWriter:
    """Gathers frames of a reader; the file is written with the last one.

    Args:
        path: a WebP, AVIF or PNG.
        reader: of the source.
        quality: of WebP and AVIF, 1 to 100; None for the usual one.
        smoother: applied to the frames first, if given.
        notice: told in a sentence what the file cannot hold.
    """

    def __init__(
        self,
        path: Path,
        reader: "VideoReader | AnimationReader",
        quality: int | None,
        smoother: TemporalSmoother | None,
        notice: Callable[[str], None],
    ) -> None:
        self.frames, self.finished = 0, False
        self._reader, self._quality, self._smoother = reader, quality, smoother
        self._animation = Animation(path, reader.path)
        self._times: list[int] = []
        self._last = 1
        for stream in reader.others:
            notice(
                f"{reader.path}: {path.suffix[1:]} cannot hold its {stream.type} "
                f"({codec_name(stream)}), which is left out."
            )

    def write(
        self,
        frames: Sequence[Frame],
        painted: Sequence[np.ndarray],
        packets: Sequence["Packet[Any]"],
    ) -> None:
        """Take frames.

        Args:
            frames: the source, at the size it was painted at.
            painted: uint8, RGB or RGBA, `(H, W, 3)` or `(H, W, 4)` for each of them.
            packets: of streams that the file cannot hold.
        """
        for frame, pixels in zip(frames, painted, strict=True):
            if self._smoother is not None:
                pixels = self._smoother(np.asarray(frame.picture.convert("RGB")), pixels)
            self._animation.add(Image.fromarray(pixels))
            self._times.append(self._milliseconds(frame.pts))
            self._last = max(1, self._milliseconds(frame.duration))
            self.frames += 1

    def drop(self) -> None:
        """End the writing of the file, which may take minutes, from another thread."""
        self._animation.drop()

    def close(self) -> None:
        """Write the file, if there is a frame; `finished` says whether it can be shown."""
        try:
            if self.frames:
                ends = [*self._times[1:], self._times[-1] + self._last]
                durations = [
                    max(1, end - time) for time, end in zip(self._times, ends, strict=True)
                ]
                self._animation.write(durations, self._reader.plays, self._quality)
                self.finished = True
        finally:
            self._animation.close()

    def _milliseconds(self, time: int) -> int:
        return round(time * self._reader.time_base / MILLISECOND)
