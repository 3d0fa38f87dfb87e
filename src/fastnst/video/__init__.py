"""Videos, frame by frame, with their sound and time stamps.

In: a `Stylizer` and a video file. Out: another one, and a report.
"""

from fastnst.video.ends import frames_of
from fastnst.video.formats import (
    CODECS,
    READ_SUFFIXES,
    SUFFIXES,
    is_video,
    is_video_in_folder,
    load_library,
)
from fastnst.video.length import point_in_time
from fastnst.video.paint import VideoOptions, VideoReport, paint_video
from fastnst.video.temporal import Motion, TemporalSmoother, find_motion, flicker

__all__ = [
    "CODECS",
    "READ_SUFFIXES",
    "SUFFIXES",
    "Motion",
    "TemporalSmoother",
    "VideoOptions",
    "VideoReport",
    "find_motion",
    "flicker",
    "frames_of",
    "is_video",
    "is_video_in_folder",
    "load_library",
    "paint_video",
    "point_in_time",
]
