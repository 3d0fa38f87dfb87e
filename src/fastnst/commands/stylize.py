"""`fastnst stylize`: trained styles, and any number of pictures, videos and folders."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from fastnst.commands.any_painting import as_style_files, finish, is_mixture
from fastnst.jobs import Journal, Work, paint_jobs, plan, random_styles, sort
from fastnst.machine import (
    choose_device,
    from_pipes,
    keep_freed_memory,
    like_ctrl_c,
    one_sentence_errors,
)
from fastnst.models import (
    CALM,
    LIGHT,
    finished_model,
    finished_styles,
    in_network,
)
from fastnst.options import parse_stylize, silence_pillow
from fastnst.stylizing import (
    Files,
    Job,
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
        options.inputs = stack.enter_context(from_pipes(options.inputs))
        if options.random_style is not None:
            skipped = _paint_at_random(options)
        else:
            skipped = _paint_as_told(options, paintings)
    if skipped:
        sys.exit(1)


def _paint_as_told(options: argparse.Namespace, paintings: Mapping[Path, Painting]) -> int:
    """Paint in the chosen styles; returns how many files could not be painted."""
    # also before the long part, so that it is not done in vain
    prepared = _prepare(options)
    if options.finish is not None:
        finish(paintings, options)
        prepared = _prepare(options)
    if options.save_style is not None:
        print(f"style: {options.save_style}")
    if options.webcam is not None:
        run_webcam(prepared.stylizers, options.webcam, options.temporal)
    elif prepared.work is not None:
        with like_ctrl_c(), _journal(options) as journal:
            return _paint(prepared, prepared.work, options, journal)
    return 0


class _Prepared(NamedTuple):
    """What paints pictures or the webcam, what paints videos, and the files to paint, if any."""

    stylizers: list[Stylizer]
    for_videos: Stylizer
    work: Work | None


def _prepare(options: argparse.Namespace, jobs: Sequence[Job] | None = None) -> _Prepared:
    """Read the styles and, unless `jobs` are given, decide which files there are to paint."""
    make = partial(
        Stylizer,
        device=options.device,
        size=options.size,
        style_scale=options.style_scale,
        strength=options.strength,
        preserve_color=options.preserve_color,
        mask=options.mask,
        tile=options.tile,
    )
    styles = options.ckpt, options.regions
    if options.webcam is not None:
        on_processor = choose_device(options.device).type == "cpu"
        styles = _in_network(LIGHT if on_processor else CALM, *styles)
    if options.webcam is not None and options.blend is None and options.mask is None:
        stylizers = [make(path, regions=styles[1]) for path in styles[0]]
    else:
        stylizers = [make(styles[0], regions=styles[1], blend=options.blend, progress=True)]
    if stylizers[0].device.type == "cpu":
        keep_freed_memory()
    if not options.inputs:
        return _Prepared(stylizers, stylizers[0], None)
    if jobs is None:
        jobs = _jobs(options, stylizers[0].style["name"])
    work = sort(jobs, smooth=options.temporal > 0)
    calm = _in_network(CALM, *styles)
    if calm == styles or not (work.film or work.videos):
        return _Prepared(stylizers, stylizers[0], work)
    for_videos = make(calm[0], regions=calm[1], blend=options.blend, progress=True)
    return _Prepared([for_videos] if work.film else stylizers, for_videos, work)


def _jobs(options: argparse.Namespace, style: str | Callable[[Path], str]) -> list[Job]:
    """The files of this part of the work."""
    return options.shard.of(plan(options.inputs, options.output, options.name, style))


def _journal(options: argparse.Namespace) -> AbstractContextManager[Journal | None]:
    """Read once, and open until all is painted."""
    return nullcontext() if options.journal is None else Journal(options.journal, options.shard)


def _paint(
    prepared: _Prepared, work: Work, options: argparse.Namespace, journal: Journal | None
) -> int:
    """Paint all files; returns how many could not be."""
    quality = options.quality
    return paint_jobs(
        prepared.stylizers[0],
        prepared.for_videos,
        work,
        Files(quality, options.keep_metadata, options.max_megapixels),
        VideoOptions(
            options.codec, options.crf, options.start, options.end, options.temporal, quality
        ),
        skip_existing=options.skip_existing,
        journal=journal,
    )


def _paint_at_random(options: argparse.Namespace) -> int:
    """Paint all files, those of one style after those of another, as one network does one."""
    names = [card.name for card in finished_styles()]
    draw = random_styles(names, options.random_style)
    groups: dict[str, list[Job]] = {name: [] for name in names}
    for job in _jobs(options, draw):
        groups[draw(job.source)].append(job)
    skipped = 0
    with like_ctrl_c(), _journal(options) as journal:
        for name, jobs in groups.items():
            if jobs:
                options.ckpt = [finished_model(name, shared=True)]
                prepared = _prepare(options, jobs)
                assert prepared.work is not None  # there are files
                skipped += _paint(prepared, prepared.work, options, journal)
    return skipped


def _in_network(
    folder: Path, checkpoints: Sequence[Any], regions: Mapping[Any, Any]
) -> tuple[Sequence[Any], Mapping[Any, Any]]:
    """Finished styles as another network has them, if it has all of them."""
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
