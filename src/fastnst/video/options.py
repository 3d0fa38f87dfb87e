"""How a video is to be painted, and which part of it."""

import math
from typing import NamedTuple

from fastnst.machine import UserError


class VideoOptions(NamedTuple):
    """How to paint a video.

    codec: see `CODECS`; None chooses by the container.
    quality: constant rate factor, lower is better; None is a good one for the codec.
    start: in seconds; None or 0 is the beginning.
    end: in seconds; None is the end.
    temporal: how much flicker is smoothed, see `TemporalSmoother`; 0 is not at all.
    picture_quality: of WebP and AVIF, 1 to 100; None for the usual one.
    max_megapixels: refuse larger pictures that move, see `fastnst.images.read_image`.
    """

    codec: str | None = None
    quality: int | None = None
    start: float | None = None
    end: float | None = None
    temporal: float = 0.0
    picture_quality: int | None = None
    max_megapixels: float | None = None


def check_options(options: VideoOptions) -> None:
    """Raise a `UserError` if there is no such part of a video, or no such smoothing."""
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


def part_of(options: VideoOptions) -> str:
    """The part that is wanted, as the end of a sentence; nothing if it is all."""
    if not options.start and options.end is None:
        return ""
    return f" from {options.start or 0} s to {options.end or 'its end'}"
