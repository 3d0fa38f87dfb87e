"""Videos, frame by frame, with their sound and time stamps.

In: a `Stylizer` and a video file. Out: another one, and a report.
"""

from fastnst.video.ends import frames_of
from fastnst.video.formats import (
    CODECS,
    READ_SUFFIXES,
    SUFFIXES,
    TRANSPORT,
    is_video,
    is_video_in_folder,
)
from fastnst.video.options import VideoOptions
from fastnst.video.paint import STOPPED, VideoReport, paint_video
from fastnst.video.times import point_in_time

__all__ = [
    "CODECS",
    "READ_SUFFIXES",
    "STOPPED",
    "SUFFIXES",
    "TRANSPORT",
    "VideoOptions",
    "VideoReport",
    "frames_of",
    "is_video",
    "is_video_in_folder",
    "paint_video",
    "point_in_time",
]
