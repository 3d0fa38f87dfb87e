"""Videos, frame by frame, with their sound and time stamps.

In: a `Stylizer` and a video file. Out: another one, and a report.
"""

from fastnst.video.formats import CODECS, SUFFIXES, is_video
from fastnst.video.paint import VideoOptions, VideoReport, paint_video

__all__ = ["CODECS", "SUFFIXES", "VideoOptions", "VideoReport", "is_video", "paint_video"]
