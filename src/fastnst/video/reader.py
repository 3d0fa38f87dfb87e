"""Reading a video: upright RGB frames with their time stamps, and the streams that are copied."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from fastnst.images import read_plays
from fastnst.machine import UserError, load_library
from fastnst.video.decoding import Decoder
from fastnst.video.formats import open_video, reading
from fastnst.video.frames import Colours, Frame, Upright
from fastnst.video.gif import last_duration
from fastnst.video.streams import choose_streams
from fastnst.video.times import AT_END, BROADCAST, Clock, Length

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.stream import Stream

KEY_FRAME_WITHIN = 10  # seconds: how far apart they are at most, in most broadcasts


class VideoReader:
    """Decodes the part of a video from `start` to `end`, frame by frame.

    The picture comes upright, as the display matrix says, and without the comb of interlacing.
    Frames that cannot be decoded are left out; `broken` counts the errors of decoding and reading,
    about one for a frame. `colours` and `aspect` (of a pixel) are there after the first frame.
    Times begin at `start`; without one they are those of the file, but in a broadcast from zero.

    Args:
        path: the file.
        start: in seconds after the first frame; None or 0 for all from the beginning.
        end: the same; frames from then on are left out.
        keep_alpha: give frames as RGBA where there is transparency, instead of white behind it.
        notice: told in a sentence what is left out, and that the video is interlaced.

    Raises:
        UserError: if the file is no video, or is shorter than `start`.
    """

    def __init__(
        self,
        path: Path,
        start: float | None = None,
        end: float | None = None,
        *,
        keep_alpha: bool = False,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._av = load_library("av")
        self.path = path
        self.container = open_video(path)
        try:
            self.stream, self.others = choose_streams(self.container, path, notice)
        except UserError:
            self.container.close()
            raise
        self.stream.thread_type = "AUTO"
        self._decoder = Decoder(self.stream, path, notice)
        self._unread, self._steady = 0, 0
        assert self.stream.time_base is not None  # a stream that is read has one
        self.time_base = self.stream.time_base
        self.rate = self.stream.average_rate or self.stream.guessed_rate or Fraction(25)
        self._upright: Upright | None = None
        self._keep_alpha = keep_alpha
        self.aspect: Fraction = self.stream.sample_aspect_ratio or Fraction(1)
        self._step = max(1, round(1 / (self.rate * self.time_base)))
        self._length = Length(self.container, self.stream)
        self._first = self._length.first
        self._clock = Clock(
            self.container,
            self._first + Fraction(start) if start else None,
            None if end is None else self._first + Fraction(end),
        )
        self.is_whole = not start and end is None
        self._seconds = self._part(start or 0, end)

    @property
    def metadata(self) -> dict[str, str]:
        """Of the file."""
        return self.container.metadata

    @property
    def video_metadata(self) -> dict[str, str]:
        """Of the video in it."""
        return self.stream.metadata

    @property
    def chapters(self) -> list[Any]:
        """As PyAV has them; none of a part of a video."""
        return self.container.chapters() if self.is_whole else []

    @property
    def plays(self) -> int:
        """How often it is shown; 0: for ever, as a picture that is made of a video is."""
        return read_plays(self.path) if self.path.suffix.lower() == ".gif" else 0

    def last_duration(self) -> Fraction | None:
        """For how long a GIF's last frame is shown, in seconds; None for other videos."""
        return last_duration(self.path) if self.path.suffix.lower() == ".gif" else None

    @property
    def broken(self) -> int:
        """Errors of decoding and reading so far."""
        return self._decoder.broken + self._unread

    @property
    def colours(self) -> Colours | None:
        """How the numbers mean colours; None before the first frame."""
        return None if self._upright is None else self._upright.colours

    def _part(self, start: float, end: float | None) -> float | None:
        """Seconds of the part that is read."""
        seconds = self._length.seconds
        if seconds is None:
            return end and end - start
        if start and start >= seconds:
            self.container.close()
            raise UserError(f"{self.path} is {seconds:.2f} s long: nothing is left from {start} s.")
        return min(end or seconds, seconds) - start

    def total(self, done: int = 0, last: Frame | None = None) -> int | None:
        """Frames there will have been in the end, as far as can be known: the container may be
        wrong, and frames may be damaged.

        Args:
            done: how many there were up to now; without them the file's frame rate is believed,
                which is often wrong where the rate changes.
            last: the last of them.
        """
        by_rate = None if self._seconds is None else round(self._seconds * self.rate)
        if self.stream.frames and self.is_whole:  # an edit list may leave some of them out
            return max(done, min(self.stream.frames, by_rate or self.stream.frames))
        if self._seconds is None or last is None:
            return by_rate
        begin = max(0, self._first - self._clock.begin(self.stream) * self.time_base)
        passed = float((last.pts + last.duration) * self.time_base - begin)
        return max(done, round(done * self._seconds / passed)) if passed > 0 else done

    def expected(self, frames: int) -> int | None:
        """How many frames there should have been, once all are read.

        Args:
            frames: how many there were.

        Returns:
            None where there are about as many, or nothing says how many there should be.
        """
        # players show the frame before where an AVI has none, and its index counts these too
        counted = bool(self.stream.frames) and self.container.format.name != "avi"
        # a rate says how many there should be only where frames do come at that rate
        if not self.is_whole or not (counted or self._steady >= 0.8 * frames):
            return None
        expected = self.total() if counted else self._length.frames(self.rate)
        if expected is None or frames + self.broken >= AT_END * expected - 1:
            return None
        return expected

    def __iter__(self) -> Iterator["Frame | Packet[Stream]"]:
        """Frames, and packets of the other streams with their times shifted, as they come.

        Raises:
            UserError: if the file cannot be read any more.
        """
        with reading(self.path):
            yield from self._items()

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def _items(self) -> Iterator["Frame | Packet[Stream]"]:
        self._seek()
        video, last = self.stream.index, None
        unfinished = {video, *(one.index for one in self.others if one.type == "audio")}
        for packet in self._packets():
            if packet.stream.index != video:
                self._length.note(packet)
                if packet.size and self._moved(packet):
                    yield packet
                elif packet.pts is not None and self._clock.is_over(packet.pts, packet.stream):
                    unfinished.discard(packet.stream.index)
            elif video in unfinished:
                for frame in self._decoder(packet):
                    pts = self._time(frame, last)
                    if self._clock.is_over(pts, self.stream):
                        unfinished.discard(video)
                        break
                    self._steady += last is not None and abs(pts - last - self._step) <= 1
                    last = pts
                    if pts >= self._clock.begin(self.stream):
                        yield self._frame(frame, pts)
            if not unfinished:
                return

    def _seek(self) -> None:
        if self._clock.start is None:
            return
        begin = self._clock.begin(self.stream)
        if self.container.format.name in BROADCAST:  # whose seeking does not look for key frames
            begin = max(0, begin - round(KEY_FRAME_WITHIN / self.time_base))
        try:
            self.container.seek(begin, stream=self.stream)
        except (self._av.FFmpegError, OverflowError):  # then all before is decoded
            self.container.seek(0)

    def _packets(self) -> Iterator["Packet[Stream]"]:
        """The last packet of each stream is empty: it makes the decoder give what it still has."""
        try:
            yield from self.container.demux(self.stream, *self.others)
        except self._av.FFmpegError:
            self._unread += 1

    def _moved(self, packet: "Packet[Stream]") -> bool:
        """Shift a packet to where its time is in the output; false if it is not there."""
        stream, pts, dts = packet.stream, packet.pts, packet.dts
        if pts is None:
            return False
        packet.pts = self._clock.goes_on(stream, pts, packet.duration or 0)
        begin = self._clock.begin(stream)
        if self._clock.is_over(packet.pts, stream):
            return False
        if self._clock.start is not None and packet.pts < begin:
            return False
        packet.pts -= begin
        packet.dts = None if dts is None else dts + packet.pts - pts
        return True

    def _time(self, frame: "VideoFrame", last: int | None) -> int:
        """The frame's time stamp; if there is none, or it does not go on, the next possible one."""
        if frame.pts is None:
            return self._clock.begin(self.stream) if last is None else last + self._step
        pts = self._clock.goes_on(self.stream, frame.pts, self._step)
        return pts if last is None else max(pts, last + 1)

    def _frame(self, frame: "VideoFrame", pts: int) -> Frame:
        duration = frame.duration or self._step
        self._length.note_frame((pts + duration) * self.time_base)
        duration = self._clock.cut(duration, pts, self.stream)
        return Frame(self._picture(frame), pts - self._clock.begin(self.stream), duration)

    def _picture(self, frame: "VideoFrame") -> Image.Image:
        if self._upright is None:
            self._upright = Upright(frame, self._keep_alpha)
            self.aspect = 1 / self.aspect if self._upright.transposed else self.aspect
        return self._upright(frame)
