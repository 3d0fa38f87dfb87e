"""What reads a video and what writes it, by their names."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from PIL import Image

from fastnst.images import ANIMATED
from fastnst.motion import TemporalSmoother
from fastnst.video.animation import AnimationReader, AnimationWriter
from fastnst.video.formats import Codec, choose_codec
from fastnst.video.frames import Frame
from fastnst.video.options import VideoOptions
from fastnst.video.reader import VideoReader
from fastnst.video.writer import VideoWriter

BY_FFMPEG = ".gif"  # which chooses its colours anew for each frame
Reader = VideoReader | AnimationReader
Writer = VideoWriter | AnimationWriter


def target_codec(source: Path, target: Path, name: str | None, quality: int | None) -> Codec | None:
    """As `choose_codec`; a PNG that moves may become one again.

    Raises:
        UserError: if the target or the codec is not possible.
    """
    again = source.suffix.lower() == target.suffix.lower() == ".png"
    return choose_codec(target.with_suffix(".webp") if again else target, name, quality)


def open_reader(
    source: Path,
    target: Path,
    options: VideoOptions,
    notice: Callable[[str], None],
) -> Reader:
    """Open the source; its transparency is kept where the target can hold it.

    Raises:
        UserError: if it cannot be read, is shorter than `start`, or is a picture that moves and is
            too large.
    """
    keep_alpha, part = _by_pillow(target), (options.start, options.end)
    if _by_pillow(source):
        most = options.max_megapixels
        return AnimationReader(source, *part, keep_alpha=keep_alpha, max_megapixels=most)
    return VideoReader(source, *part, keep_alpha=keep_alpha, notice=notice)


def frames_of(source: Path) -> Iterator[Image.Image]:
    """The pictures of a video, upright, RGB or RGBA, without their time stamps.

    Raises:
        UserError: if it cannot be read.
    """
    with closing(open_reader(source, source, VideoOptions(), lambda _: None)) as reader:
        for part in reader:
            if isinstance(part, Frame):
                yield part.picture


def make_writer(
    path: Path,
    reader: Reader,
    codec: Codec | None,
    picture_quality: int | None,
    smoother: TemporalSmoother | None,
    notice: Callable[[str], None],
) -> Writer:
    """The writer for the extension of a file."""
    if _by_pillow(path):
        return AnimationWriter(path, reader, picture_quality, smoother, notice)
    return VideoWriter(path, reader, codec, smoother, notice)


def _by_pillow(path: Path) -> bool:
    return path.suffix.lower() in ANIMATED - {BY_FFMPEG}
