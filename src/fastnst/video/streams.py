"""Which streams of a file are painted and copied, and what is left out."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fastnst.machine import UserError, load_library

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

COPIED = ("audio", "subtitle")


class Streams(NamedTuple):
    """The video that is painted, and the streams that are copied."""

    video: "VideoStream"
    others: list["Stream"]


def choose_streams(
    container: "InputContainer", path: Path, notice: Callable[[str], None]
) -> Streams:
    """Take the first video that can be decoded, sound and subtitles; name what is left out.

    Args:
        container: of the file.
        path: its name.
        notice: told in a sentence what is neither painted nor copied.

    Raises:
        UserError: if there is no video in it.
    """
    videos = [one for one in container.streams.video if _can_play(one)]
    if not videos:
        raise UserError(f"{path} has no video that can be decoded.")
    others = [one for one in container.streams if one.type in COPIED]
    taken = {videos[0].index, *(one.index for one in others)}
    lost = [_description(one) for one in container.streams if one.index not in taken]
    if lost:
        notice(f"{path}: left out of the result: {', '.join(dict.fromkeys(lost))}.")
    return Streams(videos[0], others)


def codec_name(stream: "Stream") -> str:
    """FFmpeg's name of its codec."""
    context: Any = stream.codec_context  # None if FFmpeg does not know the codec
    return "unknown" if context is None else context.name


def _can_play(stream: "VideoStream") -> bool:
    context: Any = stream.codec_context
    return context is not None and not _is_cover(stream)


def _is_cover(stream: "Stream") -> bool:
    # the picture on the cover of an album is a video stream as well
    return bool(stream.disposition & load_library("av.stream").Disposition.attached_pic)


def _description(stream: "Stream") -> str:
    """Such as `attachment (font.ttf)`, `cover picture (mjpeg)`, `another video (h264)`."""
    if stream.type == "video":
        kind = "cover picture" if _is_cover(stream) else "another video"
    else:
        kind = stream.type or "data"
    name = stream.metadata.get("filename") or stream.metadata.get("title")
    if name is None and stream.type in ("data", "attachment"):
        name = stream.metadata.get("handler_name")
    elif name is None:
        name = codec_name(stream)
    return f"{kind} ({name})" if name else kind
