"""`fastnst stylize`: trained styles, and any number of pictures, videos and folders."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tqdm import tqdm

from fastnst.commands.file_options import silence_pillow
from fastnst.commands.stylize_options import parse
from fastnst.jobs import Work, paint_jobs, plan, sort
from fastnst.losses import downloaded
from fastnst.machine import (
    UserError,
    choose_device,
    from_pipes,
    keep_freed_memory,
    like_ctrl_c,
    memory_errors,
    one_sentence_errors,
)
from fastnst.models import (
    CALM,
    ENDING,
    LIGHT,
    in_network,
    is_painting,
    read_style,
    write_style,
)
from fastnst.prediction import Progress
from fastnst.stylizing import (
    Files,
    Mask,
    Painting,
    Stylizer,
    finish_style,
    one_mixture,
    predict_style,
    read_painting,
)
from fastnst.video import VideoOptions
from fastnst.webcam import run_webcam


def main() -> None:
    """Run the command line; the exit code is 1 if any file had to be skipped."""
    options = parse()
    silence_pillow()
    skipped = 0
    with one_sentence_errors(), ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="fastnst_")))
        paintings = _as_style_files(options, folder)
        _read_masks(options)
        options.inputs = stack.enter_context(from_pipes(options.inputs))
        # also before the long part, so that it is not done in vain
        prepared = _prepare(options)
        if options.finish is not None:
            _finish(paintings, options)
            prepared = _prepare(options)
        if options.save_style is not None:
            print(f"style: {options.save_style}")
        if options.webcam is not None:
            run_webcam(prepared.stylizers, options.webcam, options.temporal)
        elif prepared.work is not None:
            with like_ctrl_c():
                skipped = _paint(prepared, prepared.work, options)
    if skipped:
        sys.exit(1)


class _Prepared(NamedTuple):
    """What paints pictures or the webcam, what paints videos, and the files to paint, if any."""

    stylizers: list[Stylizer]
    for_videos: Stylizer
    work: Work | None


def _prepare(options: argparse.Namespace) -> _Prepared:
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
    jobs = plan(options.inputs, options.output, options.name, stylizers[0].style["name"])
    work = sort(jobs, smooth=options.temporal > 0)
    calm = _in_network(CALM, *styles)
    if calm == styles or not (work.film or work.videos):
        return _Prepared(stylizers, stylizers[0], work)
    for_videos = make(calm[0], regions=calm[1], blend=options.blend, progress=True)
    return _Prepared([for_videos] if work.film else stylizers, for_videos, work)


def _paint(prepared: _Prepared, work: Work, options: argparse.Namespace) -> int:
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
    )


def _in_network(
    folder: Path, checkpoints: Sequence[Any], regions: Mapping[Any, Any]
) -> tuple[Sequence[Any], Mapping[Any, Any]]:
    """Finished styles as another network has them, if it has all of them."""
    named = [*checkpoints, *regions.values()]
    files = [path for style in named for path in (style if _is_mixture(style) else [style])]
    there = in_network(folder, map(Path, files))
    if not there:
        return checkpoints, regions

    def other(style: Any) -> Any:
        if _is_mixture(style):
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


def _as_style_files(options: argparse.Namespace, folder: Path) -> dict[Path, Painting]:
    """Put style files, with what is predicted, in the place of paintings.

    Returns:
        The paintings by their style files.
    """
    named = [style for style in (*options.ckpt, *options.regions.values()) if _is_mixture(style)]
    files = [*dict.fromkeys(path for style in named for path in style if is_painting(path))]
    if (options.finish or options.save_style) and not files:
        raise UserError("--finish and --save-style are for a painting: give --style-image.")
    if options.save_style and len(files) > 1:
        raise UserError(f"--save-style keeps one style, and there are {len(files)} paintings.")
    alone = options.blend is None and options.mask is None and options.webcam is None
    if alone and len(options.ckpt) > 1 and any(map(_is_mixture, options.ckpt)):
        options.ckpt = [one_mixture(options.ckpt)]
    paintings: dict[Path, Painting] = {}
    learnt: dict[Path, Path] = {}
    for number, file in enumerate(files):
        with memory_errors("give a smaller --style-size"):
            painting = read_painting(file, options.style_size, options.max_megapixels)
            style = predict_style(painting)
        target = options.save_style or folder / f"{number}{ENDING}"
        write_style(target, style.numbers, style.style, style.network)
        paintings[target], learnt[file] = painting, target

    def replaced(style: Any) -> Any:
        if not _is_mixture(style):
            return style
        return {learnt.get(path, path): share for path, share in style.items()}

    options.ckpt = [replaced(style) for style in options.ckpt]
    options.regions = {mask: replaced(style) for mask, style in options.regions.items()}
    return paintings


def _is_mixture(style: object) -> bool:
    return isinstance(style, Mapping)


def _finish(paintings: Mapping[Path, Painting], options: argparse.Namespace) -> None:
    """Learn the styles of paintings on, each in its file."""
    weights = options.weights or ("pretrained" if downloaded("vgg19") else None)
    through = "the compact loss network" if weights is None else "VGG19"
    for file, painting in paintings.items():
        print(f"learning {painting.title} through {through}")
        with (
            like_ctrl_c(),
            memory_errors("give a smaller --style-size"),
            tqdm(total=round(options.finish), unit="s", desc="Ctrl-C keeps the best") as bar,
        ):
            style = finish_style(
                read_style(file),
                painting,
                options.finish,
                choose_device(options.device),
                weights,
                partial(_show, bar),
            )
            write_style(file, style.numbers, style.style, style.network)


def _show(bar: "tqdm[Any]", progress: Progress) -> None:
    bar.update(min(progress.seconds, bar.total) - bar.n)
    errors = f"content {progress.content:.3f}, style {progress.style:.3f}"
    bar.set_postfix_str(f"{progress.steps} steps, {errors}")
