"""Videos painted frame by frame: decoding, painting and encoding at the same time."""

import sys
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from PIL import Image
from tqdm import tqdm

from fastnst.images import ANIMATED
from fastnst.machine import UserError, load_library, whole_file, with_ending
from fastnst.motion import Flicker, TemporalSmoother
from fastnst.stylizing import Stylizer
from fastnst.video.animation import AnimationWriter
from fastnst.video.ends import Reader, Writer, make_writer, open_reader, target_codec
from fastnst.video.formats import ffmpeg_errors
from fastnst.video.frames import Frame
from fastnst.video.options import VideoOptions, check_options, part_of

if TYPE_CHECKING:
    from av import Packet

STOPPED = "_stopped"  # at the end of the name of what Ctrl-C ended
AHEAD = 2  # batches that are decoded and not painted yet, or painted and not encoded yet
PACKETS = 256  # that are copied with one batch at most

Item = TypeVar("Item")


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

    @property
    def damage(self) -> list[str]:
        """What people have to be told of the file."""
        told: list[str] = []
        if self.broken:
            told.append(f"about {self.broken} broken ones left out")
        if self.expected is not None:
            told.append(f"the file announces {self.expected}: it may be cut off or damaged")
        return told


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

    Memory does not grow with its length. On Ctrl-C a file is finished with the frames there
    are; it has `_stopped` at the end of its name, so that nobody takes it for the whole.

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
    check_options(options)
    codec = target_codec(source, target, options.codec, options.quality)
    smoother = None
    if options.temporal:
        load_library("cv2")
        smoother = TemporalSmoother(options.temporal)
    try:
        with (
            closing(open_reader(source, target, options, _notice)) as reader,
            whole_file(target) as temporary,
            tqdm(total=reader.total(), unit="frame", desc=source.name, disable=not progress) as bar,
        ):
            quality = options.picture_quality
            writer = make_writer(temporary, reader, codec, quality, smoother, _notice)
            try:
                _paint_all(stylizer, reader, writer, bar, square=target.suffix.lower() in ANIMATED)
            except KeyboardInterrupt:
                if writer.finished:
                    kept = temporary.replace(with_ending(target, STOPPED))
                    _notice(f"Stopped: {kept} holds the first {writer.frames} frames.")
                elif isinstance(writer, AnimationWriter):  # another Ctrl-C while it is written
                    writer.drop()
                raise
            if not writer.frames:
                raise UserError(f"{source} has no frame to paint{part_of(options)}.")
            expected = reader.expected(writer.frames)
            if expected is None and options.end is None:  # so many it has turned out to be
                bar.total = writer.frames
    except ffmpeg_errors() as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"Cannot write {target}: {reason}.") from error
    return VideoReport(writer.frames, reader.broken, expected, smoother and smoother.flicker)


def _notice(sentence: str) -> None:
    """Say something above the bar, if the terminal is still there."""
    with suppress(OSError, ValueError):
        tqdm.write(sentence, file=sys.stderr)


def _paint_all(
    stylizer: Stylizer,
    reader: Reader,
    writer: Writer,
    bar: "tqdm[Any]",
    *,
    square: bool,
) -> None:
    """Paint all frames, with square pixels if the file cannot hold others; whatever happens, the
    writer gets to finish it."""
    written: deque[Future[None]] = deque()
    done = 0
    batches = _ahead(_batches(stylizer, reader, square=square))
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
                _notice("Stopping: finishing the file; Ctrl-C drops it.")
            raise


def _paint(
    stylizer: Stylizer, reader: Reader, frames: list[Frame], to_come: int
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


def _batches(stylizer: Stylizer, reader: Reader, *, square: bool = False) -> Iterator[Batch]:
    """Frames at the size to work at, with square pixels if these are wanted; the first batch has
    some, as it begins the file."""
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
        picture = item.picture
        if square and reader.aspect != 1:
            width = max(1, round(picture.width * reader.aspect))
            picture = picture.resize((width, picture.height), Image.Resampling.LANCZOS)
        frames.append(item._replace(picture=_fit(stylizer, reader.path, picture)))
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
