"""How long a video is, as its container says, and when its streams are shown."""

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
BROADCAST = ("mpegts", "mpeg")  # their clock goes on from what was sent before
JUMP = Fraction(1, 2)  # seconds: a clock that goes back so far has begun anew


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


class Clock:
    """Times of all streams of a file, as one that goes on.

    Recordings that were put together begin anew within the file. There the times of the first
    stream that comes to it go on where they were, and those of the others stay as they are to it.
    Subtitles, of which there may be none for long, are where the others are by then.

    Args:
        container: of the file.
        start: where the output begins, in seconds of the file; None for its beginning.
        end: where it ends, likewise.
    """

    def __init__(
        self, container: "InputContainer", start: Fraction | None, end: Fraction | None
    ) -> None:
        self.start, self._end = start, end
        broadcast = container.format.name in BROADCAST
        first = Fraction(container.start_time or 0, MICROSECONDS) if broadcast else Fraction(0)
        self._zero = first if start is None else start
        self._added = [Fraction(0)]  # seconds, in each part of the file
        self._parts: dict[int, int] = {}  # in which each stream is
        self._last: dict[int, Fraction] = {}

    def begin(self, stream: "Stream") -> int:
        """Where the output begins, in units of the stream."""
        return _in_units(self._zero, stream)

    def is_over(self, pts: int, stream: "Stream") -> bool:
        """Whether a time is behind the end."""
        return self._end is not None and pts >= _in_units(self._end, stream)

    def cut(self, duration: int, pts: int, stream: "Stream") -> int:
        """What of a duration from then on is before the end."""
        if self._end is None:
            return duration
        return min(duration, _in_units(self._end, stream) - pts)

    def goes_on(self, stream: "Stream", pts: int, duration: int) -> int:
        """A time stamp of a stream, as of a clock that never jumped back.

        Args:
            stream: whose stamps come in order.
            pts: as the file has it.
            duration: from the one before to it, where the clock has begun anew.
        """
        base = cast(Fraction, stream.time_base)
        seconds, last = pts * base, self._last.get(stream.index)
        if stream.type == "subtitle":
            now = max(self._last.values(), default=seconds)
            added = min(self._added, key=lambda one: abs(seconds + one - now))
            return pts + _in_units(added, stream)
        part = self._parts.get(stream.index, 0)
        if last is not None:
            back = last - JUMP
            one_before = seconds + self._added[part - 1] - last if part else JUMP
            if seconds + self._added[part] > last + JUMP and abs(one_before) < JUMP:
                part = self._parts[stream.index] = part - 1  # only one stamp was wrong
                del self._added[max(self._parts.values()) + 1 :]
            while part < len(self._added) and seconds + self._added[part] < back:
                part += 1
            if part == len(self._added):
                self._added.append(last + duration * base - seconds)
        self._parts[stream.index] = part
        self._last[stream.index] = seconds + self._added[part]
        return pts + _in_units(self._added[part], stream)


def _in_units(seconds: Fraction, stream: "Stream") -> int:
    return round(seconds / cast(Fraction, stream.time_base))


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
