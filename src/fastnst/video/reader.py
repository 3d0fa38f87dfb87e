"""Reading a video: upright RGB frames with their time stamps, and the streams that are copied."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from PIL import Image

from fastnst.images import flatten
from fastnst.machine import UserError
from fastnst.video.formats import load_library, open_video, reading

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.stream import Stream

# Numbers of matrices, ranges and so on are those of ITU-T H.273, which FFmpeg uses as well.
BT709, BT601 = 1, 6
LIMITED, FULL = 1, 2
# those that FFmpeg's converter computes, by its own numbers: it knows BT.601 as 5 alone
MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
# its flags for bilinear, chroma of every pixel both ways, exact rounding: without them colours
# become darker by one in 255
CONVERSION = 0x2 | 0x2000 | 0x4000 | 0x40000


class Frame(NamedTuple):
    """A frame and when it is shown, in units of the reader's `time_base`."""

    picture: Image.Image
    pts: int
    duration: int


class Colours(NamedTuple):
    """How a video's numbers mean colours."""

    matrix: int
    range: int
    primaries: int
    transfer: int


class VideoReader:
    """Decodes the part of a video from `start` to `end`, frame by frame.

    The picture comes upright, as the display matrix says. Frames that cannot be decoded are left
    out; `broken` counts the errors of decoding and reading, about one for a frame; `steady` counts
    frames that come after the one before as the frame rate says.
    `colours` and `aspect` (of a pixel) are there after the first frame. Times begin at
    `start`; without one they are those of the file.

    Args:
        path: the file.
        start: in seconds after the first frame; None or 0 for all from the beginning.
        end: the same; frames from then on are left out.

    Raises:
        UserError: if the file is no video, or is shorter than `start`.
    """

    def __init__(self, path: Path, start: float | None = None, end: float | None = None) -> None:
        self._av = load_library("av")
        self.path, self.broken, self.steady = path, 0, 0
        self.container = open_video(path)
        streams = [one for one in self.container.streams.video if _can_play(one)]
        if not streams:
            self.container.close()
            raise UserError(f"{path} has no video that can be decoded.")
        self.stream = streams[0]
        self.stream.thread_type = "AUTO"
        self.others = [one for one in self.container.streams if one.type in ("audio", "subtitle")]
        assert self.stream.time_base is not None  # a stream that is read has one
        self.time_base = self.stream.time_base
        self.rate = self.stream.average_rate or self.stream.guessed_rate or Fraction(25)
        self.colours: Colours | None = None
        self.aspect: Fraction = self.stream.sample_aspect_ratio or Fraction(1)
        self._step = max(1, round(1 / (self.rate * self.time_base)))
        self._first = (self.stream.start_time or 0) * self.time_base
        self._start = self._first + Fraction(start) if start else None
        self._end = None if end is None else self._first + Fraction(end)
        self.is_whole = not start and end is None
        self._seconds = self._length(start, end)

    def _length(self, start: float | None, end: float | None) -> float | None:
        """Seconds of the part that is read."""
        if self.stream.duration:
            seconds = float(self.stream.duration * self.time_base)
        elif self.container.duration:
            seconds = self.container.duration / 1e6
        else:
            return end and end - (start or 0)
        if start is not None and start >= seconds:
            self.container.close()
            raise UserError(f"{self.path} is {seconds:.2f} s long: nothing is left from {start} s.")
        return min(end or seconds, seconds) - (start or 0)

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
        begin = self._first if self._start is None else 0
        passed = float((last.pts + last.duration) * self.time_base - begin)
        return max(done, round(done * self._seconds / passed)) if passed > 0 else done

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
                if packet.size and self._moved(packet):
                    yield packet
                elif packet.pts is not None and self._is_over(packet.pts, packet.stream):
                    unfinished.discard(packet.stream.index)
            elif video in unfinished:
                for frame in self._decoded(packet):
                    pts = self._time(frame, last)
                    if self._is_over(pts, self.stream):
                        unfinished.discard(video)
                        break
                    self.steady += last is not None and abs(pts - last - self._step) <= 1
                    last = pts
                    if pts >= self._begin(self.stream):
                        yield self._frame(frame, pts)
            if not unfinished:
                return

    def _seek(self) -> None:
        if self._start is None:
            return
        try:
            self.container.seek(self._begin(self.stream), stream=self.stream)
        except (self._av.FFmpegError, OverflowError):  # then all before is decoded
            self.container.seek(0)

    def _packets(self) -> Iterator["Packet[Stream]"]:
        """The last packet of each stream is empty: it makes the decoder give what it still has."""
        try:
            yield from self.container.demux(self.stream, *self.others)
        except self._av.FFmpegError:
            self.broken += 1

    def _decoded(self, packet: "Packet[Any]") -> list["VideoFrame"]:
        try:
            return packet.decode()
        except self._av.FFmpegError:
            self.broken += 1
            return []

    def _begin(self, stream: "Stream") -> int:
        """Where the output begins, in units of the stream."""
        return 0 if self._start is None else round(self._start / cast(Fraction, stream.time_base))

    def _is_over(self, pts: int, stream: "Stream") -> bool:
        return self._end is not None and pts >= round(self._end / cast(Fraction, stream.time_base))

    def _moved(self, packet: "Packet[Stream]") -> bool:
        """Shift a packet to where its time is in the output; false if it is not there."""
        begin = self._begin(packet.stream)
        if packet.pts is None or self._is_over(packet.pts, packet.stream):
            return False
        if self._start is not None and packet.pts < begin:
            return False
        packet.pts -= begin
        if packet.dts is not None:
            packet.dts -= begin
        return True

    def _time(self, frame: "VideoFrame", last: int | None) -> int:
        """The frame's time stamp; if there is none, or it does not go on, the next possible one."""
        if last is None:
            return self._begin(self.stream) if frame.pts is None else frame.pts
        return last + self._step if frame.pts is None else max(frame.pts, last + 1)

    def _frame(self, frame: "VideoFrame", pts: int) -> Frame:
        duration = frame.duration or self._step
        if self._end is not None:
            duration = min(duration, round(self._end / self.time_base) - pts)
        return Frame(self._picture(frame), pts - self._begin(self.stream), duration)

    def _picture(self, frame: "VideoFrame") -> Image.Image:
        if self.colours is None:
            self._size, self.colours = (frame.width, frame.height), _colours(frame)
            self._transposed, *self._flips = _turns(frame)
            self.aspect = 1 / self.aspect if self._transposed else self.aspect
        clear = any(part.is_alpha for part in frame.format.components)
        pixels = frame.to_ndarray(
            format="rgba" if clear else "rgb24",
            width=self._size[0],  # of the first frame, should the size change on the way
            height=self._size[1],
            src_colorspace=MATRICES[self.colours.matrix],
            src_color_range=frame.color_range,
            interpolation=CONVERSION,
        )
        pixels = pixels.swapaxes(0, 1) if self._transposed else pixels
        return flatten(Image.fromarray(np.ascontiguousarray(pixels[tuple(self._flips)])))


def _can_play(stream: "Stream") -> bool:
    # the picture on the cover of an album is a video stream as well
    cover = load_library("av.stream").Disposition.attached_pic
    context: Any = stream.codec_context  # None if FFmpeg does not know the codec
    return context is not None and not stream.disposition & cover


def _colours(frame: "VideoFrame") -> Colours:
    """How a frame's numbers mean colours; what is not said is what players take it for."""
    matrix = frame.colorspace
    if matrix not in MATRICES:
        matrix = BT709 if frame.height >= 720 or frame.width >= 1280 else BT601
    full = frame.color_range == FULL and not frame.format.is_rgb
    return Colours(matrix, FULL if full else LIMITED, frame.color_primaries, frame.color_trc)


def _turns(frame: "VideoFrame") -> tuple[bool, slice, slice]:
    """What the display matrix does: whether it transposes, and then which way to read rows and
    columns. FFmpeg has x' = a x + c y and y' = b x + d y."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return False, slice(None), slice(None)
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
    transposed = abs(b) > abs(a)
    x, y = (c, b) if transposed else (a, d)
    return transposed, slice(None, None, -1 if y < 0 else 1), slice(None, None, -1 if x < 0 else 1)
