"""Doing what was planned: pictures and videos, with progress and what is to be told."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tqdm import tqdm

from fastnst.images import ANIMATED
from fastnst.machine import UserError, load_library
from fastnst.motion import Flicker, TemporalSmoother
from fastnst.stylizing import Files, Job, PaintsPictures, Stylizer, paint_files
from fastnst.video import SUFFIXES as VIDEO_SUFFIXES
from fastnst.video import VideoOptions, VideoReport, is_video, paint_video


class Work(NamedTuple):
    """What there is to paint.

    Attributes:
        pictures, videos: files, by what moves and what does not.
        film: whether the pictures are the frames of a film.
    """

    pictures: list[Job]
    videos: list[Job]
    film: bool


def sort(jobs: Iterable[Job], smooth: bool) -> Work:
    """Part pictures and videos; pictures are a film if they are to be smoothed and no video is."""
    pictures: list[Job] = []
    videos: list[Job] = []
    for job in jobs:
        (videos if _moves(job) else pictures).append(job)
    return Work(pictures, videos, film=smooth and not videos)


def _moves(job: Job) -> bool:
    """Whether the result is one that moves: of an animation only where its format can."""
    source, target = job.source.suffix.lower(), job.target.suffix.lower()
    if source in ANIMATED and target not in VIDEO_SUFFIXES and not source == target == ".png":
        return False
    return is_video(job.source)


def paint_jobs(
    stylizer: Stylizer,
    for_videos: Stylizer,
    work: Work,
    files: Files,
    how: VideoOptions,
    *,
    skip_existing: bool,
) -> int:
    """Paint all files, and say of each what has become of it.

    Args:
        stylizer: with the network.
        for_videos: the same style, in the network that paints these.
        work: the files.
        files: how to read and write pictures.
        how: to paint videos; frames of a film are smoothed as these are.
        skip_existing: leave out what is there already.

    Returns:
        How many could not be painted.
    """
    pictures, videos, film = _left(work) if skip_existing else work
    smoother = None
    if film:
        load_library("cv2")
        smoother = TemporalSmoother(how.temporal)
    skipped = _paint_pictures(stylizer, pictures, files, smoother)
    skipped += _paint_videos(for_videos, videos, how)
    _sum_up(len(pictures) + len(videos), skipped, "painted")
    return skipped


def enlarge_jobs(upscaler: PaintsPictures, work: Work, files: Files, *, skip_existing: bool) -> int:
    """Enlarge pictures, and say of each file what has become of it; what moves is skipped.

    Args:
        upscaler: what enlarges them.
        work: the files.
        files: how to read and write them.
        skip_existing: leave out what is there already.

    Returns:
        How many could not be enlarged.
    """
    pictures, videos, _ = _left(work) if skip_existing else work
    skipped = _paint_pictures(upscaler, pictures, files) + len(videos)
    for job in videos:
        still = job.source.suffix.lower() in ANIMATED
        advice = "; -o a.jpg enlarges its first frame" if still else ""
        print(f"skipped: {job.source} moves, and upscale takes pictures{advice}.", file=sys.stderr)
    _sum_up(len(pictures) + len(videos), skipped, "enlarged")
    return skipped


def _left(work: Work) -> Work:
    """Without what is there already."""
    pictures, videos = ([job for job in jobs if not _is_there(job)] for jobs in work[:2])
    if there := len(work.pictures) + len(work.videos) - len(pictures) - len(videos):
        print(f"{there} there already")
    return work._replace(pictures=pictures, videos=videos)


def _sum_up(count: int, skipped: int, done: str) -> None:
    if skipped:
        print(f"{count - skipped} {done}, {skipped} skipped", file=sys.stderr)


def _is_there(job: Job) -> bool:
    return os.path.exists(job.target)  # noqa: PTH110 (Path's raises for long names)


def _paint_pictures(
    painter: PaintsPictures,
    jobs: Sequence[Job],
    files: Files,
    smoother: TemporalSmoother | None = None,
) -> int:
    skipped = 0
    with tqdm(total=len(jobs), unit="picture", disable=len(jobs) < 2) as progress:
        for job, error in paint_files(painter, jobs, files, smoother):
            if error is None:
                progress.write(f"{job.source} -> {job.target}")
            else:
                skipped += 1
                progress.write(f"skipped: {error}", file=sys.stderr)
            progress.update()
    if smoother is not None and smoother.flicker is not None:
        print(f"{len(jobs)} frames: {_flicker(smoother.flicker)}")
    return skipped


def _paint_videos(stylizer: Stylizer, jobs: Sequence[Job], how: VideoOptions) -> int:
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
    remarks = [f"{report.frames} frames", *report.damage]
    if report.flicker is not None:
        remarks.append(_flicker(report.flicker))
    return f" ({', '.join(remarks)})"


def _flicker(flicker: Flicker) -> str:
    return f"flicker {flicker.before:.1f} of 255 without smoothing, {flicker.after:.1f} with"
