"""Animated GIFs: colours chosen for each frame, loop and time stamps."""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from fastnst.images import open_picture
from fastnst.video.formats import load_library, open_video, reading

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


def muxer_options(source: Path, *, whole: bool) -> dict[str, str]:
    """Options of FFmpeg's GIF muxer that repeat what a GIF does; other videos are looped for ever.

    Args:
        source: the video that is painted.
        whole: whether its last frame will be the last one.

    Raises:
        UserError: if the source cannot be read any more.
    """
    if source.suffix.lower() != ".gif":
        return {"loop": "0"}
    with open_picture(source, math.inf) as image:
        options = {"loop": str(image.info.get("loop", -1))}
    if whole:  # the muxer has to know beforehand for how long the last frame is shown
        *_, last = _durations(source)
        options["final_delay"] = str(last)
    return options


def _durations(source: Path) -> Iterator[int]:
    with reading(source), open_video(source) as container:
        for packet in container.demux(video=0):
            if packet.size:
                yield packet.duration
