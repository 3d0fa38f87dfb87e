"""Clips of few pixels for the tests, painters that need no network, and what a clip holds."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.codec.context import Flags
from PIL import Image

from fastnst.video.options import VideoOptions
from fastnst.video.paint import VideoReport, paint_video

WIDTH, HEIGHT = 64, 48
EXACT = 0x2 | 0x2000 | 0x4000 | 0x40000  # FFmpeg's conversion: bilinear, all chroma, rounded
TEXT = [b"first words", b"second words"]


def moving(count: int, width: int = WIDTH, height: int = HEIGHT) -> Iterable[np.ndarray]:
    """Frames in which a red rectangle goes right over blue, with a white corner top left."""
    for number in range(count):
        frame = np.full((height, width, 3), (20, 40, 160), np.uint8)
        frame[10:30, 4 + number : 20 + number] = (200, 50, 40)
        frame[:8, :8] = 255
        yield frame


def write_clip(
    path: Path,
    frames: Iterable[np.ndarray],
    *,
    rate: Fraction = Fraction(12),
    times: list[float] | None = None,
    last: float | None = None,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    colours: tuple[int, int] = (6, 1),
    aspect: Fraction | None = None,
    audio: str | None = None,
    subtitles: bool = False,
    rotation: int = 0,
    metadata: dict[str, str] | None = None,
    movflags: str = "",
) -> Path:
    """Write a clip.

    Args:
        path: the file.
        frames: uint8 RGB.
        rate: frames in a second.
        times: when each frame is shown, in seconds, if not at the rate.
        last: for how long the last frame is shown, in seconds, if not as the rate says.
        codec: encoder.
        pix_fmt: its pixels.
        colours: matrix and range, numbers of H.273.
        aspect: of a pixel.
        audio: encoder of a second of a tone, if any.
        subtitles: with `TEXT` as SubRip, at 0.2 and 0.7 s.
        rotation: anticlockwise, which the player is to do.
        metadata: of the container, which then has a chapter as well, and of the video.
        movflags: of FFmpeg's MP4 muxer.
    """
    frames = list(frames)
    options = {"movflags": movflags} if movflags else {}
    with av.open(str(path), "w", container_options=options) as container:
        if metadata:
            container.metadata.update(metadata)
            second = {"start": 0, "end": 1000, "time_base": Fraction(1, 1000)}
            container.set_chapters([{"id": 0, "metadata": {"title": "a chapter"}} | second])
        video = container.add_stream(codec, rate=rate)
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = pix_fmt
        video.metadata.update(metadata or {})
        context = video.codec_context
        context.time_base = Fraction(1, 12000)
        context.colorspace, context.color_range = colours
        context.flags |= Flags.frame_duration
        if codec == "libx264":
            video.options = {"crf": "1", "g": "5"}
        if aspect:
            context.sample_aspect_ratio = aspect
        if rotation:
            video.set_display_rotation(rotation)
        tone = container.add_stream(audio, rate=48000) if audio else None
        text = container.add_mux_stream("subrip") if subtitles else None
        if tone:
            container.mux([*_sound(tone), *tone.encode(None)])
        for number, line in enumerate(TEXT if subtitles else []):
            packet = av.Packet(line)
            packet.stream, packet.time_base = text, Fraction(1, 1000)
            packet.pts = packet.dts = 200 + 500 * number
            packet.duration = 300
            container.mux(packet)
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
                format=pix_fmt,
                dst_colorspace=colours[0],
                dst_color_range=colours[1],
                interpolation=EXACT,
            )
            seconds = times[number] if times else number / rate
            frame.pts, frame.time_base = round(seconds * 12000), Fraction(1, 12000)
            frame.duration = round(
                12000 * (last if last and number + 1 == len(frames) else 1 / rate)
            )
            frame.colorspace, frame.color_range = colours
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def _sound(tone: "av.audio.stream.AudioStream") -> list[av.Packet]:
    wave = np.sin(np.arange(48000) * 2 * np.pi * 440 / 48000).astype(np.float32)
    packets = []
    for begin in range(0, 48000, 960):
        piece = wave[None, begin : begin + 960]
        frame = av.AudioFrame.from_ndarray(piece, format="flt", layout="mono")
        frame.rate, frame.pts, frame.time_base = 48000, begin, Fraction(1, 48000)
        frame = av.AudioResampler(tone.format.name, "stereo", 48000).resample(frame)[0]
        packets += tone.encode(frame)
    return packets


class Clip(NamedTuple):
    """What a file holds: frames upright as stored, and when each is shown and for how long."""

    frames: list[np.ndarray]
    times: list[float]
    durations: list[float]
    packets: dict[str, list[tuple[float, bytes]]]
    stream: Callable[[str], object]


def read_clip(path: Path) -> Clip:
    """Read a whole clip with no help from fastnst."""
    facts = {}
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        for name in ("average_rate", "sample_aspect_ratio"):
            facts[name] = getattr(video, name)
        facts["codec"] = video.codec_context.name
        facts["pix_fmt"] = video.codec_context.pix_fmt
        facts["metadata"] = dict(container.metadata)
        facts["chapters"] = [chapter["metadata"]["title"] for chapter in container.chapters()]
        facts["types"] = [stream.type for stream in container.streams]
        frames, times, durations = [], [], []
        for frame in container.decode(video):
            facts["rotation"] = frame.rotation
            facts["colours"] = frame.colorspace, frame.color_range
            frames.append(frame.to_ndarray(format="rgb24", interpolation=EXACT))
            times.append(float(frame.pts * frame.time_base))
            durations.append(float(frame.duration * frame.time_base))
    with av.open(str(path)) as container:
        packets = {}
        for packet in container.demux():
            if packet.size and packet.stream.type != "video":
                time = float(packet.pts * packet.time_base)
                packets.setdefault(packet.stream.type, []).append((time, bytes(packet)))
    return Clip(frames, times, durations, packets, facts.__getitem__)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """Mean absolute difference of two pictures, of 255."""
    return np.abs(first.astype(int) - second).mean()


class Negative:
    """A painter that inverts colours, three frames at once.

    Args:
        interrupt: frames after which Ctrl-C is pressed.
        scale: of the pictures.
    """

    def __init__(self, interrupt: int | None = None, scale: float = 1) -> None:
        self.painted, self.calls = 0, []
        self.interrupt, self.scale = interrupt, scale

    def fit(self, picture: Image.Image) -> Image.Image:
        return picture.resize([round(side * self.scale) for side in picture.size])

    def together(self, size: tuple[int, int]) -> int:
        return 3

    def paint(self, pictures: list[Image.Image], to_come: int = 0) -> list[Image.Image]:
        self.calls.append((len(pictures), to_come))
        if self.interrupt is not None and self.painted >= self.interrupt:
            raise KeyboardInterrupt
        self.painted += len(pictures)
        return [Image.fromarray(255 - np.asarray(picture)) for picture in pictures]


def make_clip(folder: Path, name: str = "clip.mp4", count: int = 12, **how: object) -> Path:
    """Write a clip of what `moving` shows, see `write_clip`."""
    return write_clip(folder / name, moving(count), **how)


def paint_clip(
    folder: Path, source: Path, name: str = "out.mp4", painter: object = None, **options: object
) -> tuple[VideoReport, Clip]:
    """Paint a clip into `out/` of the folder and read the result."""
    target = folder / "out" / name
    report = paint_video(painter or Negative(), source, target, VideoOptions(**options))
    assert not list(target.parent.glob(".*"))
    return report, read_clip(target)
