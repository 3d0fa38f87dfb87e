"""Animated GIFs: colours chosen for each frame, loop and time stamps."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from fastnst.machine import load_library
from fastnst.video.formats import open_video, reading

if TYPE_CHECKING:
    from av import VideoFrame

TIME_BASE = Fraction(1, 100)
# browsers show frames of less than two hundredths of a second for ten
SHORTEST = 2


class Palettes:
    """Reduces frames to 256 colours, which are chosen anew for each.

    Args:
        width: of the frames, in pixels.
        height: the same.
    """

    def __init__(self, width: int, height: int) -> None:
        graph = load_library("av").filter.Graph()
        source = graph.add_buffer(width=width, height=height, format="rgb24", time_base=TIME_BASE)
        split, sink = graph.add("split"), graph.add("buffersink")
        choose = graph.add("palettegen", stats_mode="single")
        use = graph.add("paletteuse", new="1")
        source.link_to(split)
        split.link_to(use, 0, 0)
        split.link_to(choose, 1, 0)
        choose.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        self._graph = graph

    def __call__(self, frame: "VideoFrame") -> "VideoFrame":
        """RGB frame -> the same with a palette."""
        self._graph.push(frame)
        return self._graph.pull()


def muxer_options(plays: int, last: Fraction | None) -> dict[str, str]:
    """Options of FFmpeg's GIF muxer, which has to know beforehand how the file ends.

    Args:
        plays: how often it is shown; 0: for ever.
        last: for how long the last frame is shown, in seconds; None where nobody says it.
    """
    options = {"loop": str(plays - 1 if plays > 1 else -plays)}  # how often again; -1: not
    if last is not None:
        options["final_delay"] = str(round(last / TIME_BASE))
    return options


def last_duration(path: Path) -> Fraction:
    """For how long the last frame of a GIF is shown, in seconds.

    Raises:
        UserError: if it cannot be read any more.
    """
    last = Fraction(0)
    with reading(path), open_video(path) as container:
        for packet in container.demux(video=0):
            if packet.size and packet.duration:
                last = packet.duration * packet.time_base
    return last
