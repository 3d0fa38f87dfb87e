"""Packets of a video into frames: with transparency, and without the comb of interlacing."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from fastnst.machine import load_library

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.filter import Graph
    from av.video.stream import VideoStream

# of WebM; FFmpeg's own decoders, which it takes first, leave transparency out
KNOW_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
ALPHA_TAG = "alpha_mode"


class Decoder:
    """Decodes one stream.

    A frame of two interlaced fields becomes one of whole lines (FFmpeg's filter bwdif); others stay
    as they are. Their number and times are kept.

    Attributes:
        broken: errors of decoding, about one for a frame that is left out.

    Args:
        stream: of a container that is read.
        path: its name.
        notice: told once, in a sentence, that the video is interlaced.
    """

    def __init__(self, stream: "VideoStream", path: Path, notice: Callable[[str], None]) -> None:
        self._av = load_library("av")
        self.broken = 0
        self._stream, self._path, self._notice = stream, path, notice
        self._context: Any = self._alpha_context() or stream.codec_context
        self._graph: Graph | None = None
        self._shape: tuple[object, ...] = ()

    def __call__(self, packet: "Packet[Any]") -> "list[VideoFrame]":
        """The frames that are complete with this packet; one that is empty and has no time ends the
        stream."""
        if not packet.size and packet.dts is not None:  # a sample without content
            return []
        try:
            frames = self._context.decode(packet if packet.size else None)
        except self._av.FFmpegError:
            self.broken += 1
            frames = []
        whole = [one for frame in frames for one in self._without_comb(frame)]
        return whole if packet.size else [*whole, *self._rest()]

    def _alpha_context(self) -> Any:
        name = KNOW_ALPHA.get(self._stream.codec_context.name)
        tags = {key.lower(): value for key, value in self._stream.metadata.items()}
        if name is None or tags.get(ALPHA_TAG) != "1":
            return None
        try:
            context: Any = self._av.CodecContext.create(name, "r")
        except ValueError:
            self._notice(f"{self._path}: this FFmpeg has no {name}: its transparency is left out.")
            return None
        context.extradata = self._stream.codec_context.extradata
        context.thread_type = "AUTO"
        return context

    def _without_comb(self, frame: "VideoFrame") -> "list[VideoFrame]":
        if self._graph is None and not frame.interlaced_frame:
            return [frame]
        before: list[VideoFrame] = []
        shape = (frame.width, frame.height, frame.format.name)
        if shape != self._shape:
            if not self._shape:
                self._notice(f"{self._path} is interlaced: its frames are painted deinterlaced.")
            before = self._rest()
            self._graph, self._shape = self._new_graph(frame), shape
        assert self._graph is not None
        self._graph.push(frame)
        return [*before, *self._pulled(self._graph)]

    def _rest(self) -> "list[VideoFrame]":
        """What the filter still has: it looks at the frame that comes next."""
        if self._graph is None:
            return []
        self._graph.push(None)
        rest = self._pulled(self._graph)
        self._graph = None
        return rest

    def _pulled(self, graph: "Graph") -> "list[VideoFrame]":
        frames: list[VideoFrame] = []
        try:
            while True:
                frames.append(self._timed(cast("VideoFrame", graph.pull())))
        except (self._av.BlockingIOError, self._av.EOFError):
            return frames

    def _timed(self, frame: "VideoFrame") -> "VideoFrame":
        """In units of the stream: the filter has halved them, to be able to show each field."""
        if frame.pts is not None and frame.time_base is not None:
            assert self._stream.time_base is not None  # a stream that is read has one
            halves = frame.time_base / self._stream.time_base
            frame.pts, frame.duration = round(frame.pts * halves), round(frame.duration * halves)
            frame.time_base = self._stream.time_base
        return frame

    def _new_graph(self, frame: "VideoFrame") -> "Graph":
        graph = self._av.filter.Graph()
        source = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format.name,
            time_base=self._stream.time_base,
        )
        comb = graph.add("bwdif", mode="send_frame", deint="interlaced")
        sink = graph.add("buffersink")
        source.link_to(comb)
        comb.link_to(sink)
        graph.configure()
        return graph
