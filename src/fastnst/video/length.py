"""How long a video is, as far as its container is to be believed."""

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Matroska, WebM, WMV: their length begins at 0, though the first frame may be shown later
FROM_ZERO = ("matroska", "asf")
AT_END = 0.95  # of what is announced: durations are rounded, and streams not of one length
MICROSECONDS = 1_000_000


class Length:
    """Seconds of a video, as announced and as found.

    Attributes:
        first: when the first frame is shown, in seconds.
        seconds: from then to the end that the container announces; None if it does not.

    Args:
        container: of the file.
        video: its stream.
    """

    def __init__(self, container: "InputContainer", video: "VideoStream") -> None:
        assert video.time_base is not None  # a stream that is read has one
        self.first = (video.start_time or 0) * video.time_base
        self._from_zero = container.format.name.startswith(FROM_ZERO)
        self._reached = Fraction(0)
        start = Fraction(container.start_time or 0, MICROSECONDS)
        length = Fraction(container.duration or 0, MICROSECONDS)
        self._end = (length if self._from_zero else start + length) if length else None
        if video.duration and not self._from_zero:
            self.seconds: float | None = float(video.duration * video.time_base)
        else:
            self.seconds = None if self._end is None else float(max(0, self._end - self.first))

    def found(self, end: Fraction) -> None:
        """Note that the file has something up to this time, in seconds."""
        self._reached = max(self._reached, end)

    @property
    def is_cut_off(self) -> bool:
        """Whether the file ends before the end that it announces."""
        return self._end is not None and self._reached < Fraction(AT_END) * self._end
