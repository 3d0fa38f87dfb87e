"""What differs between kinds of video files, and the libraries that read and write them."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fastnst.images import ANIMATED, is_animated
from fastnst.machine import UserError, load_library

if TYPE_CHECKING:
    from av.container import InputContainer

PICTURES = ANIMATED - {".gif", ".png"}  # that move and can be made of any video
SUFFIXES = PICTURES | {".mp4", ".mov", ".mkv", ".webm", ".gif"}  # that are written
# that FFmpeg alone reads; results of those that are not written are of the first of the others
READ_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".m2t", ".m2ts", ".m4v", ".mkv",
    ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob",
    ".webm", ".wmv", ".y4m",
})  # fmt: skip
TRANSPORT = (".ts", ".mts")  # streams of MPEG-2, or source code in TypeScript
TRANSPORT_MARK = 0x47  # at the beginning, or after a time stamp of four bytes


class Codec(NamedTuple):
    """How to encode; a quality is a constant rate factor, lower is better."""

    encoder: str
    quality: int
    worst: int
    options: dict[str, str]


# The qualities are those at which strokes of paint, which have more detail than photographs, look
# as they were painted.
CODECS = {
    "h264": Codec("libx264", 18, 51, {}),
    "h265": Codec("libx265", 20, 51, {"x265-params": "log-level=none"}),
    "vp9": Codec(
        "libvpx-vp9", 28, 63, {"b": "0", "row-mt": "1", "deadline": "good", "cpu-used": "4"}
    ),
}
# what players of these containers expect; the others hold all
HELD = {".webm": ("vp9",), ".mov": ("h264", "h265")}


def is_video(path: Path) -> bool:
    """Whether a file is to be read as a video, by its extension; a picture if it moves."""
    return path.suffix.lower() in READ_SUFFIXES or is_animated(path)


def is_video_in_folder(path: Path) -> bool:
    """Whether a file that nobody named is a video: `.ts` is an extension of other files too."""
    if path.suffix.lower() not in TRANSPORT:
        return path.suffix.lower() in READ_SUFFIXES
    try:
        with path.open("rb") as file:
            return TRANSPORT_MARK in file.read(5)[::4]
    except OSError:
        return False


def ffmpeg_errors() -> tuple[type[Exception], ...]:
    """What FFmpeg raises, and the system: to be caught, without loading what is optional."""
    av: Any = sys.modules.get("av")
    return (OSError,) if av is None else (OSError, av.FFmpegError)


def open_video(path: Path) -> "InputContainer":
    """Open a file for reading.

    Raises:
        UserError: if it is not there, or FFmpeg does not know what it is.
    """
    av = load_library("av")
    try:  # FFmpeg takes what comes before a colon for a protocol, but not in an absolute name
        return av.open(str(path.absolute()), metadata_errors="replace")
    except FileNotFoundError as error:
        raise UserError(f"There is no video {path}: check the name.") from error
    except (av.FFmpegError, OSError) as error:
        reason = error.strerror or error
        raise UserError(f"{path} is not a video that can be read ({reason}).") from error


@contextmanager
def reading(path: Path) -> Generator[None]:
    """Turn what goes wrong in reading a file into a `UserError` that names it."""
    try:
        yield
    except (load_library("av").FFmpegError, OSError) as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error


def choose_codec(target: Path, name: str | None, quality: int | None) -> Codec | None:
    """The codec for a file, with the quality asked for; None for GIF, WebP and AVIF, which have
    their own.

    Args:
        target: the extension decides where no codec is named.
        name: one of `CODECS`, or None.
        quality: constant rate factor, or None for the usual one.

    Raises:
        UserError: if there is no such extension, codec or quality, or the container does not hold
            the codec.
    """
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{target}: end the name of a video in {', '.join(sorted(SUFFIXES))}.")
    if suffix in ANIMATED:
        if name is not None or quality is not None:
            kind = suffix[1:].upper()
            raise UserError(f"{target}: {kind} has no choice of codec and constant rate factor.")
        return None
    name = name or ("vp9" if suffix == ".webm" else "h264")
    if name not in CODECS:
        raise UserError(f"There is no video codec {name}: choose one of {', '.join(CODECS)}.")
    held = HELD.get(suffix, tuple(CODECS))
    if name not in held:
        raise UserError(
            f"{target}: a {suffix[1:]} file cannot hold {name}: choose {' or '.join(held)}, or "
            f"another extension."
        )
    codec = CODECS[name]
    if quality is None:
        return codec
    if not 0 <= quality <= codec.worst:
        raise UserError(f"The quality of {name} is 0 (best) to {codec.worst}, not {quality}.")
    return codec._replace(quality=quality)
