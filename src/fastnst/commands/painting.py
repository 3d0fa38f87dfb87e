"""What `fastnst stylize` paints: pictures and videos, with progress and what is to be told."""

import argparse
import os
import sys
from collections.abc import Sequence

from tqdm import tqdm

from fastnst.images import ANIMATED
from fastnst.machine import UserError, load_library
from fastnst.motion import Flicker, TemporalSmoother
from fastnst.stylizing import Files, Job, Stylizer, paint_files
from fastnst.video import SUFFIXES as VIDEO_SUFFIXES
from fastnst.video import VideoOptions, VideoReport, is_video, paint_video


def paint_jobs(
    stylizer: Stylizer, for_videos: Stylizer, jobs: Sequence[Job], options: argparse.Namespace
) -> int:
    """Paint all files, and say of each what has become of it.

    Args:
        stylizer: with the network.
        for_videos: the same style, in the network that paints these.
        jobs: the files.
        options: of `fastnst stylize`.

    Returns:
        How many could not be painted.
    """
    if options.skip_existing:
        to_do = [job for job in jobs if not os.path.exists(job.target)]  # noqa: PTH110 (Path's raises for long names)
        if len(to_do) < len(jobs):
            print(f"{len(jobs) - len(to_do)} there already")
        jobs = to_do
    pictures: list[Job] = []
    videos: list[Job] = []
    for job in jobs:
        (videos if moves(job) else pictures).append(job)
    skipped = _paint_pictures(stylizer, pictures, options, is_film(jobs, options))
    skipped += _paint_videos(for_videos, videos, options)
    if skipped:
        print(f"{len(jobs) - skipped} painted, {skipped} skipped", file=sys.stderr)
    return skipped


def is_film(jobs: Sequence[Job], options: argparse.Namespace) -> bool:
    """Whether pictures are the frames of a film: they are to be smoothed, and nothing else is."""
    return bool(options.temporal) and not any(map(moves, jobs))


def moves(job: Job) -> bool:
    """Whether the result is one that moves: of an animation only where its format can."""
    source, target = job.source.suffix.lower(), job.target.suffix.lower()
    if source in ANIMATED and target not in VIDEO_SUFFIXES and not source == target == ".png":
        return False
    return is_video(job.source)


def _paint_pictures(
    stylizer: Stylizer, jobs: Sequence[Job], options: argparse.Namespace, film: bool
) -> int:
    files = Files(options.quality, options.keep_metadata, options.max_megapixels)
    smoother = None
    if film:
        load_library("cv2")
        smoother = TemporalSmoother(options.temporal)
    skipped = 0
    with tqdm(total=len(jobs), unit="picture", disable=len(jobs) < 2) as progress:
        for job, error in paint_files(stylizer, jobs, files, smoother):
            if error is None:
                progress.write(f"{job.source} -> {job.target}")
            else:
                skipped += 1
                progress.write(f"skipped: {error}", file=sys.stderr)
            progress.update()
    if smoother is not None and smoother.flicker is not None:
        print(f"{len(jobs)} frames: {_flicker(smoother.flicker)}")
    return skipped


def _paint_videos(stylizer: Stylizer, jobs: Sequence[Job], options: argparse.Namespace) -> int:
    how = VideoOptions(
        options.codec,
        options.crf,
        options.start,
        options.end,
        options.temporal,
        options.quality,
    )
    skipped = 0
    for job in jobs:
        try:
            report = paint_video(stylizer, job.source, job.target, how)
        except UserError as error:
            skipped += 1
            print(f"skipped: {error}", file=sys.stderr)
        else:
            print(f"{job.source} -> {job.target}{_remarks(report)}")
    return skipped


def _remarks(report: VideoReport) -> str:
    remarks = [f"{report.frames} frames"]
    if report.broken:
        remarks.append(f"about {report.broken} broken ones left out")
    if report.expected is not None:
        remarks.append(f"the file announces {report.expected}: it may be cut off or damaged")
    if report.flicker is not None:
        remarks.append(_flicker(report.flicker))
    return f" ({', '.join(remarks)})"


def _flicker(flicker: Flicker) -> str:
    return f"flicker {flicker.before:.1f} of 255 without smoothing, {flicker.after:.1f} with"
