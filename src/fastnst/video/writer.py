"""Writing a video: painted frames encoded, every other stream copied."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from fastnst.machine import UserError, load_library
from fastnst.motion import TemporalSmoother
from fastnst.video.animation import AnimationReader
from fastnst.video.copies import Copies, kept
from fastnst.video.formats import CODECS, Codec
from fastnst.video.frames import CONVERSION, MATRICES, Frame
from fastnst.video.gif import SHORTEST, TIME_BASE, Palettes, muxer_options
from fastnst.video.reader import VideoReader

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import OutputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

APPLE = (".mp4", ".mov")  # where its players know H.265 by the tag hvc1 alone


class VideoWriter:
    """Writes frames and packets of a `VideoReader`; the file is begun with the first frame.

    An odd last row or column is cut off, as players need even sizes (not so in a GIF). The colours
    are tagged as those of the source, 8 bits each, and pixels have its aspect.

    Args:
        path: file to write; the extension decides the container.
        reader: of the source.
        codec: how to encode; None for a GIF.
        smoother: applied to the frames first, if given.
        notice: told in a sentence what the container cannot hold.
    """

    def __init__(
        self,
        path: Path,
        reader: VideoReader | AnimationReader,
        codec: Codec | None,
        smoother: TemporalSmoother | None,
        notice: Callable[[str], None],
    ) -> None:
        self.frames, self.finished = 0, False
        self._av = load_library("av")
        self._path, self._reader, self._codec = path, reader, codec
        self._smoother, self._notice = smoother, notice
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._palettes: Palettes | None = None
        self._copies: Copies | None = None
        self._last: int | None = None

    def write(
        self,
        frames: Sequence[Frame],
        painted: Sequence[np.ndarray],
        packets: Sequence["Packet[Stream]"],
    ) -> None:
        """Write what belongs together.

        Args:
            frames: the source, at the size it was painted at.
            painted: uint8 RGB `(H, W, 3)` for each of them.
            packets: of streams to copy.
        """
        for frame, pixels in zip(frames, painted, strict=True):
            if self._smoother is not None:
                pixels = self._smoother(np.asarray(frame.picture), pixels)
            if self._container is None:
                self._begin(pixels)
            self._encode(frame, pixels)
            self.frames += 1
        for packet in packets:
            if self._copies is not None:  # there has been a frame
                self._copies.write(packet)

    def close(self) -> None:
        """Finish the file, if it was begun; `finished` says whether it can be played."""
        if self._container is None:
            return
        try:
            if self._stream is not None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()
        self.finished = self.frames > 0

    def _begin(self, pixels: np.ndarray) -> None:
        reader, gif = self._reader, self._codec is None
        height, width = (side - side % (1 if gif else 2) for side in pixels.shape[:2])
        last = reader.last_duration() if gif and reader.is_whole else None
        options = muxer_options(reader.plays, last) if gif else {}
        container = self._av.open(str(self._path.absolute()), "w", container_options=options)
        self._container = container
        self._add_video(container, width, height)
        self._palettes = Palettes(width, height) if gif else None
        self._size = width, height
        if not gif:
            container.metadata.update(kept(reader.metadata))
            if reader.chapters:
                container.set_chapters(reader.chapters)
        self._copies = Copies(container, self._path, reader, self._notice)

    def _add_video(self, container: "OutputContainer", width: int, height: int) -> None:
        reader, codec = self._reader, self._codec
        name = "gif" if codec is None else codec.encoder
        try:
            stream = cast("VideoStream", container.add_stream(name, rate=reader.rate))
        except ValueError as error:
            message = f"This FFmpeg cannot encode {name} ({error})"
            raise UserError(f"{message}: choose another codec.") from error
        stream.width, stream.height = width, height
        context = stream.codec_context
        if codec is None:
            stream.pix_fmt, context.time_base = "pal8", TIME_BASE
        else:
            stream.pix_fmt, context.time_base = "yuv420p", reader.time_base
            stream.options = {"crf": str(codec.quality), **codec.options}
            context.sample_aspect_ratio = reader.aspect
            assert reader.colours is not None  # after the first frame
            context.colorspace, context.color_range, context.color_primaries, context.color_trc = (
                reader.colours
            )
            if codec.encoder == CODECS["h265"].encoder and self._path.suffix.lower() in APPLE:
                context.codec_tag = "hvc1"
            context.flags |= load_library("av.codec.context").Flags.frame_duration
            stream.metadata.update(kept(reader.video_metadata))
        self._stream = stream

    def _encode(self, frame: Frame, pixels: np.ndarray) -> None:
        width, height = self._size
        pixels = np.ascontiguousarray(pixels[:height, :width])
        image = self._av.VideoFrame.from_ndarray(pixels, format="rgb24")
        image.pts, image.time_base, image.duration = (
            frame.pts,
            self._reader.time_base,
            frame.duration,
        )
        if self._palettes is not None:
            image = self._in_gif(image, self._palettes)
        else:
            colours = self._reader.colours
            assert colours is not None  # after the first frame
            image = image.reformat(
                format="yuv420p",
                dst_colorspace=MATRICES[colours.matrix],
                dst_color_range=colours.range,
                interpolation=CONVERSION,
            )
            image.colorspace, image.color_range, image.color_primaries, image.color_trc = colours
        if image is not None:
            assert self._container is not None
            assert self._stream is not None
            self._container.mux(self._stream.encode(image))

    def _in_gif(self, image: "VideoFrame", palettes: Palettes) -> "VideoFrame | None":
        """The frame with its palette; None if it comes too soon after the one before."""
        assert image.pts is not None
        assert image.time_base is not None
        pts = round(image.pts * image.time_base / TIME_BASE)
        if self._last is not None and pts - self._last < SHORTEST:
            return None
        self._last = image.pts = pts
        image.time_base = TIME_BASE
        return palettes(image)
