"""`fastnst stylize`: trained styles, and any number of pictures, videos and folders."""

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from fastnst.archives import (
    Crew,
    Journal,
    Listing,
    OneStyle,
    RandomStyles,
    Worker,
    is_address,
    is_empty,
    paint_archive,
)
from fastnst.commands.any_painting import as_style_files, finish, is_mixture
from fastnst.jobs import Work, paint_jobs, plan, sort
from fastnst.machine import (
    choose_device,
    from_pipes,
    keep_freed_memory,
    like_ctrl_c,
    one_sentence_errors,
    whole_file,
)
from fastnst.models import (
    CALM,
    LIGHT,
    in_network,
)
from fastnst.options import parse_stylize, silence_pillow
from fastnst.stylizing import (
    Files,
    Mask,
    Painting,
    Stylizer,
)
from fastnst.video import VideoOptions
from fastnst.webcam import run_webcam


def main() -> None:
    """Run the command line; the exit code is 1 if any file had to be skipped."""
    options = parse_stylize()
    silence_pillow()
    with one_sentence_errors(), ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="fastnst_")))
        paintings = as_style_files(options, folder)
        _read_masks(options)
        if not options.archive:
            options.inputs = stack.enter_context(from_pipes(options.inputs))
        if options.random_style is not None:
            if choose_device(options.device).type == "cpu":
                keep_freed_memory()
            brushes = RandomStyles(options.random_style, _maker(options), options.device)
            skipped = _paint_archive(options, brushes)
        else:
            skipped = _paint_as_told(options, paintings)
    if skipped:
        sys.exit(1)


def _paint_as_told(options: argparse.Namespace, paintings: Mapping[Path, Painting]) -> int:
    """Paint in the chosen styles; returns how many files could not be painted."""
    # also before the long part, so that it is not done in vain
    prepared = _prepare(options)
    keep = nullcontext() if options.save_style is None else whole_file(options.save_style)
    with keep as kept:
        if kept is not None:
            kept.touch()  # where it cannot be written that is found now
        signum = None if options.finish is None else finish(paintings, options)
        if kept is not None:
            (style,) = paintings
            shutil.copyfile(style, kept)
    if options.save_style is not None:
        print(f"style: {options.save_style}")
    if signum is not None:
        sys.exit(128 + signum)
    if options.finish is not None:
        prepared = _prepare(options)
    if options.webcam is not None:
        run_webcam(prepared.stylizers, options.webcam, options.temporal, options.style_size)
    elif options.archive and options.inputs:
        brushes = OneStyle(prepared.stylizers[0], prepared.for_videos)
        return _paint_archive(options, brushes)
    elif prepared.work is not None:
        with like_ctrl_c():
            return paint_jobs(
                prepared.stylizers[0],
                prepared.for_videos,
                prepared.work,
                _files(options),
                _videos(options),
                skip_existing=options.skip_existing,
            )
    return 0


def _paint_archive(options: argparse.Namespace, brushes: OneStyle | RandomStyles) -> int:
    """Paint files as they are found; returns how many pictures could not be painted."""
    output, inputs = str(options.output), [str(file) for file in options.inputs]
    listing = Listing(inputs, options.shard, options.name or "{name}", brushes.style)
    listing.check(output)  # before a cluster is started
    journal = None if options.journal is None else Journal(options.journal, options.shard)
    # a result without a line was written just before a kill
    skip = options.skip_existing or (journal is not None and journal.goes_on)
    ours = skip or is_empty(output)
    worker = Worker(brushes, output, _files(options), _videos(options), ours)
    # before the signals are handled: Ray sets up its own
    crew = None if options.ray is None else _crew(options, output)
    with like_ctrl_c(), journal or nullcontext():
        return paint_archive(worker, listing, journal, skip_existing=skip, spread=crew)


def _crew(options: argparse.Namespace, output: str) -> Crew:
    """The workers; they see the same folders."""
    folders = [
        os.fspath(file if file.is_dir() else file.parent)
        for file in options.inputs
        if isinstance(file, Path)
    ]
    if not is_address(output):
        Path(output).mkdir(parents=True, exist_ok=True)
        folders.append(output)
    return Crew(options.ray or None, options.device, folders)


class _Prepared(NamedTuple):
    """What paints pictures or the webcam, what paints videos, and the files to paint, if they are
    known before the first is painted."""

    stylizers: list[Stylizer]
    for_videos: Stylizer
    work: Work | None


def _prepare(options: argparse.Namespace) -> _Prepared:
    """Read the styles, and decide which files there are to paint."""
    make = _maker(options)
    styles = options.ckpt, options.regions
    if options.webcam is not None:
        on_processor = choose_device(options.device).type == "cpu"
        styles = _in_network(LIGHT if on_processor else CALM, options)
    if options.webcam is not None and options.blend is None and options.mask is None:
        stylizers = [make(path, regions=styles[1]) for path in styles[0]]
    else:
        stylizers = [make(styles[0], regions=styles[1], blend=options.blend, progress=True)]
    if stylizers[0].device.type == "cpu":
        keep_freed_memory()
    if not options.inputs:
        return _Prepared(stylizers, stylizers[0], None)
    work = None
    if not options.archive:
        jobs = plan(options.inputs, options.output, options.name, stylizers[0].style["name"])
        work = sort(jobs, smooth=options.temporal > 0)
    calm = _in_network(CALM, options)
    if calm == styles or not (work is None or work.film or work.videos):
        return _Prepared(stylizers, stylizers[0], work)
    for_videos = make(calm[0], regions=calm[1], blend=options.blend, progress=True)
    return _Prepared([for_videos] if work and work.film else stylizers, for_videos, work)


def _maker(options: argparse.Namespace) -> "partial[Stylizer]":
    """What makes what paints, as the options say."""
    return partial(
        Stylizer,
        # workers elsewhere choose their own
        device=options.device if options.ray is None else "cpu",
        size=options.size,
        style_scale=options.style_scale,
        strength=options.strength,
        preserve_color=options.preserve_color,
        mask=options.mask,
        tile=options.tile,
    )


def _files(options: argparse.Namespace) -> Files:
    return Files(options.quality, options.keep_metadata, options.max_megapixels)


def _videos(options: argparse.Namespace) -> VideoOptions:
    return VideoOptions(
        *(options.codec, options.crf, options.start, options.end, options.temporal),
        *(options.quality, options.max_megapixels),
    )


def _in_network(
    folder: Path, options: argparse.Namespace
) -> tuple[Sequence[Any], Mapping[Any, Any]]:
    """Finished styles as another network has them, if it has all of them and may be taken."""
    checkpoints, regions = options.ckpt, options.regions
    if options.as_given:
        return checkpoints, regions
    named = [*checkpoints, *regions.values()]
    files = [path for style in named for path in (style if is_mixture(style) else [style])]
    there = in_network(folder, map(Path, files))
    if not there:
        return checkpoints, regions

    def other(style: Any) -> Any:
        if is_mixture(style):
            return {there[path]: share for path, share in style.items()}
        return there[Path(style)]

    return [*map(other, checkpoints)], {mask: other(style) for mask, style in regions.items()}


def _read_masks(options: argparse.Namespace) -> None:
    """Put masks in the place of their files; once, as one may come through a pipe."""
    most = options.max_megapixels
    if options.mask is not None:
        with from_pipes([options.mask]) as (path,):
            options.mask = Mask(path, most)
    options.regions = {Mask(file, most): style for file, style in options.regions.items()}
