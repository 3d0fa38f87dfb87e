"""`fastnst stylize`: trained styles, and any number of pictures, videos and folders."""

import argparse
import logging
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from fastnst.commands.jobs import plan
from fastnst.commands.stylize_options import parse
from fastnst.images import ANIMATED
from fastnst.losses import downloaded
from fastnst.machine import (
    UserError,
    choose_device,
    from_home,
    from_pipes,
    keep_freed_memory,
    like_ctrl_c,
    one_sentence_errors,
)
from fastnst.models import ENDING, StyleFile, is_painting, write_style
from fastnst.prediction import Progress
from fastnst.stylizing import (
    Files,
    Job,
    Mask,
    Stylizer,
    finish_style,
    one_mixture,
    paint_files,
    predict_style,
)
from fastnst.video import SUFFIXES as VIDEO_SUFFIXES
from fastnst.video import VideoOptions, VideoReport, is_video, paint_video
from fastnst.webcam import run_webcam


def main() -> None:
    """Run the command line; the exit code is 1 if any file had to be skipped."""
    options = parse()
    # about damage that it can do without, such as in EXIF, or before the error that it raises
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    with one_sentence_errors(), TemporaryDirectory(prefix="fastnst_") as folder:
        _learn_paintings(options, Path(folder))
        if options.webcam is None and not options.inputs:
            return
        mask = None
        if options.mask is not None:
            with from_pipes([options.mask]) as (path,):
                mask = Mask(path, options.max_megapixels)
        make = partial(
            Stylizer,
            device=options.device,
            size=options.size,
            style_scale=options.style_scale,
            strength=options.strength,
            preserve_color=options.preserve_color,
            mask=mask,
            style_size=options.style_size,
            regions={
                Mask(file, options.max_megapixels): style
                for file, style in (options.regions or {}).items()
            },
            tile=options.tile,
        )
        if options.webcam is not None and options.blend is None and options.mask is None:
            stylizers = [make(path) for path in options.ckpt]
        else:
            stylizers = [make(options.ckpt, blend=options.blend, progress=True)]
        if stylizers[0].device.type == "cpu":
            keep_freed_memory()
        if options.webcam is not None:
            run_webcam(stylizers, options.webcam)
            return
        with like_ctrl_c(), from_pipes(options.inputs) as options.inputs:
            skipped = _paint(stylizers[0], options)
    if skipped:
        sys.exit(1)


def _learn_paintings(options: argparse.Namespace, folder: Path) -> None:
    """Finish and keep the styles of paintings, if that is wanted; and mix what is to be mixed."""
    found = [one for one in options.ckpt if isinstance(one, Mapping)]
    regions: dict[str, str] = options.regions or {}
    named = [path for one in found for path in one] + [from_home(it) for it in regions.values()]
    paintings = [*dict.fromkeys(filter(is_painting, named))]
    alone = options.blend is None and options.mask is None and options.webcam is None
    if found and paintings and len(options.ckpt) > 1 and alone:
        options.ckpt = [one_mixture(options.ckpt)]
    if options.finish is None and options.save_style is None:
        return
    if not paintings or (options.save_style is not None and len(paintings) > 1):
        raise UserError(
            f"--finish and --save-style are for a painting: give --style-image, and with "
            f"--save-style one only; there are {len(paintings)}."
        )
    learnt: dict[Path, Path] = {}
    for number, painting in enumerate(paintings):
        style = predict_style(painting, options.style_size)
        if options.finish is not None:
            style = _finish(style, painting, options)
        target = options.save_style or folder / f"{number}{ENDING}"
        if not target.name.endswith(ENDING):
            target = target.with_name(f"{target.name}{ENDING}")
        write_style(target, style.numbers, style.style, style.network)
        learnt[painting] = target
        if options.save_style is not None:
            print(f"style: {target}")
    options.ckpt = [
        {learnt.get(path, path): share for path, share in one.items()}
        if isinstance(one, Mapping)
        else one
        for one in options.ckpt
    ]
    options.regions = {
        mask: str(learnt.get(from_home(style), style)) for mask, style in regions.items()
    }


def _finish(style: StyleFile, painting: Path, options: argparse.Namespace) -> StyleFile:
    weights = options.weights or ("pretrained" if downloaded("vgg19") else None)
    through = "the compact loss network" if weights is None else "VGG19"
    print(f"learning {painting.name} through {through}; Ctrl-C ends it and keeps the best")
    with tqdm(total=round(options.finish), unit="s") as bar:

        def tell(progress: Progress) -> None:
            bar.update(min(progress.seconds, bar.total) - bar.n)
            errors = f"content {progress.content:.3f}, style {progress.style:.3f}"
            bar.set_postfix_str(f"{progress.steps} steps, {errors}")

        device = choose_device(options.device)
        size = options.style_size
        return finish_style(style, painting, options.finish, device, size, weights, tell)


def _paint(stylizer: Stylizer, options: argparse.Namespace) -> int:
    """Paint all files; returns how many could not be."""
    jobs = plan(options.inputs, options.output, options.name, stylizer.style["name"])
    if options.skip_existing:
        to_do = [job for job in jobs if not os.path.exists(job.target)]  # noqa: PTH110 (Path's raises for long names)
        if len(to_do) < len(jobs):
            print(f"{len(jobs) - len(to_do)} there already")
        jobs = to_do
    pictures: list[Job] = []
    videos: list[Job] = []
    for job in jobs:
        (videos if _moves(job) else pictures).append(job)
    skipped = _paint_pictures(stylizer, pictures, options)
    skipped += _paint_videos(stylizer, videos, options)
    if skipped:
        print(f"{len(jobs) - skipped} painted, {skipped} skipped", file=sys.stderr)
    return skipped


def _moves(job: Job) -> bool:
    """Whether the result is one that moves: of an animation only where its format can."""
    source, target = job.source.suffix.lower(), job.target.suffix.lower()
    if source in ANIMATED and target not in VIDEO_SUFFIXES and not source == target == ".png":
        return False
    return is_video(job.source)


def _paint_pictures(stylizer: Stylizer, jobs: Sequence[Job], options: argparse.Namespace) -> int:
    files = Files(options.quality, options.keep_metadata, options.max_megapixels)
    skipped = 0
    with tqdm(total=len(jobs), unit="picture", disable=len(jobs) < 2) as progress:
        for job, error in paint_files(stylizer, jobs, files):
            if error is None:
                progress.write(f"{job.source} -> {job.target}")
            else:
                skipped += 1
                progress.write(f"skipped: {error}", file=sys.stderr)
            progress.update()
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
        before, after = report.flicker
        remarks.append(f"flicker {before:.1f} of 255 without smoothing, {after:.1f} with")
    return f" ({', '.join(remarks)})"
