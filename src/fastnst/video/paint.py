"""Videos painted frame by frame: decoding, painting and encoding at the same time."""

import math
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from PIL import Image
from tqdm import tqdm

from fastnst.machine import UserError, whole_file, with_ending
from fastnst.stylizing import Stylizer
from fastnst.video.formats import choose_codec, load_library
from fastnst.video.reader import Frame, VideoReader
from fastnst.video.temporal import Flicker, TemporalSmoother
from fastnst.video.writer import VideoWriter

if TYPE_CHECKING:
    from av import Packet

AHEAD = 2  # batches that are decoded and not painted yet, or painted and not encoded yet
PACKETS = 256  # that are copied with one batch at most

Item = TypeVar("Item")


class VideoOptions(NamedTuple):
    """How to paint a video.

    codec: see `CODECS`; None chooses by the container.
    quality: constant rate factor, lower is better; None is a good one for the codec.
    start: in seconds; None or 0 is the beginning.
    end: in seconds; None is the end.
    temporal: how much flicker is smoothed, see `TemporalSmoother`; 0 is not at all.
    """

    codec: str | None = None
    quality: int | None = None
    start: float | None = None
    end: float | None = None
    temporal: float = 0.0


class VideoReport(NamedTuple):
    """What was done.

    frames: that were painted.
    broken: errors of decoding and reading, about one for each frame that is left out for it.
    expected: frames that the container says it has, if notably fewer came of all of it: the file
        may be cut off or damaged. Else None.
    flicker: with `temporal`, else None.
    """

    frames: int
    broken: int
    expected: int | None
    flicker: Flicker | None


class Batch(NamedTuple):
    """Frames that are painted together, and packets that come with them."""

    frames: list[Frame]
    packets: list["Packet[Any]"]


def paint_video(
    stylizer: Stylizer,
    source: Path,
    target: Path,
    options: VideoOptions = VideoOptions(),  # noqa: B008 (it cannot change)
    *,
    progress: bool = True,
) -> VideoReport:
    """Paint a video; audio and subtitles are copied.

    Memory does not grow with its length. On Ctrl-C a file is finished with the frames there are; it
    has `_stopped` at the end of its name, so that nobody takes it for the whole.

    Args:
        stylizer: with the network.
        source: the video.
        target: file to write; the extension decides the container.
        options: which part of it, and how.
        progress: show frames painted, speed and time left on stderr.

    Raises:
        UserError: if the source is no video, or the target or an option is not possible, or the
            target cannot be written.
        KeyboardInterrupt: on Ctrl-C, after the file is finished.
    """
    _check(options)
    codec = choose_codec(target, options.codec, options.quality)
    smoother = None
    if options.temporal:
        load_library("cv2")
        smoother = TemporalSmoother(options.temporal)
    ffmpeg_error = load_library("av").FFmpegError
    try:
        with (
            closing(VideoReader(source, options.start, options.end)) as reader,
            whole_file(target) as temporary,
            tqdm(total=reader.total(), unit="frame", desc=source.name, disable=not progress) as bar,
        ):

            def notice(sentence: str) -> None:
                bar.write(sentence, file=sys.stderr)

            writer = VideoWriter(temporary, reader, codec, smoother, notice)
            try:
                _paint_all(stylizer, reader, writer, bar, notice)
            except KeyboardInterrupt:
                if writer.finished:
                    kept = temporary.replace(with_ending(target, "_stopped"))
                    notice(f"Stopped: {kept} holds the first {writer.frames} frames.")
                raise
            if not writer.frames:
                raise UserError(f"{source} has no frame to paint{_between(options)}.")
            expected = _expected(reader, writer.frames)
    except (OSError, ffmpeg_error) as error:
        raise UserError(f"Cannot write {target}: {error.strerror or error}.") from error
    return VideoReport(writer.frames, reader.broken, expected, smoother and smoother.flicker)


def _expected(reader: VideoReader, frames: int) -> int | None:
    """Frames that should be there, if notably fewer are."""
    # a rate says how many there should be only where frames do come at that rate
    known = reader.stream.frames or reader.steady >= 0.8 * frames
    expected = reader.total() if reader.is_whole and known else None
    if expected is None or frames + reader.broken >= 0.95 * expected - 1:  # durations are rounded
        return None
    return expected


def _check(options: VideoOptions) -> None:
    start, end, temporal = options.start or 0, options.end, options.temporal
    for name, value in (("start", start), ("end", end)):
        if value is not None and not math.isfinite(value):
            raise UserError(f"The {name} of a video is a number of seconds, not {value}.")
    if start < 0:
        raise UserError(f"A video cannot start at {start} s: give 0 or more.")
    if end is not None and end <= start:
        raise UserError(f"The end, {end} s, has to come after the start, {start} s.")
    if not 0 <= temporal <= 1:
        raise UserError(f"The strength of temporal smoothing is 0 to 1, not {temporal}.")


def _between(options: VideoOptions) -> str:
    if not options.start and options.end is None:
        return ""
    return f" from {options.start or 0} s to {options.end or 'its end'}"


def _paint_all(
    stylizer: Stylizer,
    reader: VideoReader,
    writer: VideoWriter,
    bar: "tqdm[Any]",
    notice: Callable[[str], None],
) -> None:
    """Paint all frames; whatever happens, the writer gets to finish its file."""
    written: deque[Future[None]] = deque()
    done = 0
    batches = _ahead(_batches(stylizer, reader))
    with ThreadPoolExecutor(1) as pool, closing(batches):
        try:
            try:
                for batch in batches:
                    painted = []
                    if batch.frames:
                        after = done + len(batch.frames)
                        bar.total = reader.total(after, batch.frames[-1])
                        # to compile for the last batch, which may be a small one, pays for nothing
                        to_come = (
                            (bar.total or after) - after if _is_full(stylizer, batch.frames) else 0
                        )
                        painted = _paint(stylizer, reader, batch.frames, to_come)
                    written.append(pool.submit(writer.write, batch.frames, painted, batch.packets))
                    if len(written) > AHEAD:
                        written.popleft().result()
                    done += len(batch.frames)
                    bar.update(len(batch.frames))
            finally:
                written.append(pool.submit(writer.close))
            while written:
                written.popleft().result()
        except KeyboardInterrupt:
            if done:
                notice("Ctrl-C: finishing the file; Ctrl-C again drops it.")
            raise


def _paint(
    stylizer: Stylizer, reader: VideoReader, frames: list[Frame], to_come: int
) -> list[np.ndarray]:
    pictures = [frame.picture.copy() for frame in frames]  # painting may be done in place
    try:
        return [np.asarray(one) for one in stylizer.paint(pictures, to_come)]
    except (RuntimeError, MemoryError) as error:  # PyTorch and Pillow when memory is full
        size = f"{pictures[0].width}x{pictures[0].height}"
        raise UserError(
            f"{reader.path}: {size} pixels are too many for this machine; work at a smaller "
            f"--size ({' '.join(str(error).split())})."
        ) from error


def _batches(stylizer: Stylizer, reader: VideoReader) -> Iterator[Batch]:
    """Frames at the size to work at; the first batch has some, as it begins the file."""
    frames: list[Frame] = []
    packets: list[Packet[Any]] = []
    begun = False
    for item in reader:
        if not isinstance(item, Frame):
            packets.append(item)
            # such as those of a picture with an hour of speech
            if len(packets) >= PACKETS and (begun or frames):
                yield Batch(frames, packets)
                frames, packets, begun = [], [], True
            continue
        frames.append(item._replace(picture=_fit(stylizer, reader.path, item.picture)))
        if _is_full(stylizer, frames):
            yield Batch(frames, packets)
            frames, packets, begun = [], [], True
    if frames or (begun and packets):
        yield Batch(frames, packets)


def _is_full(stylizer: Stylizer, frames: list[Frame]) -> bool:
    return len(frames) >= stylizer.together(frames[0].picture.size)


def _fit(stylizer: Stylizer, path: Path, picture: Image.Image) -> Image.Image:
    try:
        return stylizer.fit(picture)
    except UserError as error:
        raise UserError(f"{path}: {error}.") from error


def _ahead(items: Iterator[Item]) -> Generator[Item]:
    """The same items, of which another thread makes a few before they are asked for."""
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, items, None) for _ in range(AHEAD))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, items, None))
            yield item
