"""How long a video is, as far as its container is to be believed."""

from fractions import Fraction
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from av import Packet
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

# Matroska, WebM, WMV, FLV: their length begins at 0, though the first frame may be shown later
FROM_ZERO = ("matroska", "asf", "flv")
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
        self._reached, self._ended = Fraction(0), self.first
        start = Fraction(container.start_time or 0, MICROSECONDS)
        length = Fraction(container.duration or 0, MICROSECONDS)
        # an FLV may have its length either way
        from_zero = container.format.name.startswith(FROM_ZERO) and length > self.first
        self._end = (length if from_zero else start + length) if length else None
        if video.duration and not from_zero:
            self.seconds: float | None = float(video.duration * video.time_base)
        else:
            self.seconds = None if self._end is None else float(max(0, self._end - self.first))

    def note(self, packet: "Packet[Stream]") -> None:
        """See where a packet of another stream is."""
        if packet.pts is not None:
            end = (packet.pts + (packet.duration or 0)) * cast(Fraction, packet.stream.time_base)
            self._reached = max(self._reached, end)

    def note_frame(self, end: Fraction) -> None:
        """See when a frame of the video ends, in seconds."""
        self._ended = max(self._ended, end)

    def frames(self, rate: Fraction) -> int | None:
        """How many frames the video should have at a rate, once all of the file is read: up to its
        last frame, unless the file is cut off; sound may go on for longer."""
        if self._end is None or self.seconds is None:
            return None
        if max(self._reached, self._ended) < Fraction(AT_END) * self._end:
            return round(self.seconds * rate)
        return round((self._ended - self.first) * rate)


def point_in_time(text: str) -> float:
    """Seconds that are written as such, or as `[h:]mm:ss`.

    Raises:
        ValueError: if it is neither.
    """
    parts = text.split(":")
    try:
        *hours_and_minutes, seconds = [float(part) for part in parts]
    except ValueError:
        seconds, hours_and_minutes = -1.0, []
    if not all(0 <= part < float("inf") for part in (seconds, *hours_and_minutes)):
        raise ValueError(f"{text} is neither seconds nor [h:]mm:ss")
    total = 0.0
    for part in hours_and_minutes:
        total = (total + part) * 60
    return total + seconds
