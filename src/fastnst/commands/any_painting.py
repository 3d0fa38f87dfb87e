"""Paintings in the place of styles: `--style-image`, `--finish` and `--save-style`."""

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from fastnst.losses import downloaded
from fastnst.machine import UserError, choose_device, like_ctrl_c, memory_errors
from fastnst.models import ENDING, is_painting, read_style, write_style
from fastnst.prediction import Progress
from fastnst.stylizing import Painting, finish_style, one_mixture, predict_style, read_painting


def as_style_files(options: argparse.Namespace, folder: Path) -> dict[Path, Painting]:
    """Put style files, with what is predicted, in the place of paintings; they lie in the folder.

    Returns:
        The paintings by their style files.
    """
    named = [style for style in (*options.ckpt, *options.regions.values()) if is_mixture(style)]
    files = [*dict.fromkeys(path for style in named for path in style if is_painting(path))]
    if (options.finish or options.save_style) and not files:
        raise UserError("--finish and --save-style are for a painting: give --style-image.")
    if options.save_style and len(files) > 1:
        raise UserError(f"--save-style keeps one style, and there are {len(files)} paintings.")
    alone = options.blend is None and options.mask is None and options.webcam is None
    if alone and len(options.ckpt) > 1 and any(map(is_mixture, options.ckpt)):
        options.ckpt = [one_mixture(options.ckpt)]
    paintings: dict[Path, Painting] = {}
    learnt: dict[Path, Path] = {}
    for number, file in enumerate(files):
        with memory_errors("give a smaller --style-size"):
            painting = read_painting(file, options.style_size, options.max_megapixels)
            style = predict_style(painting)
        target = folder / f"{number}{ENDING}"
        write_style(target, style.numbers, style.style, style.network)
        paintings[target], learnt[file] = painting, target

    def replaced(style: Any) -> Any:
        if not is_mixture(style):
            return style
        return {learnt.get(path, path): share for path, share in style.items()}

    options.ckpt = [replaced(style) for style in options.ckpt]
    options.regions = {mask: replaced(style) for mask, style in options.regions.items()}
    return paintings


def is_mixture(style: object) -> bool:
    """Whether it is one of several styles with their shares, and not a file."""
    return isinstance(style, Mapping)


def finish(paintings: Mapping[Path, Painting], options: argparse.Namespace) -> int | None:
    """Learn the styles of paintings on, each in its file.

    Returns:
        A signal that asks the program to end, if one has come.
    """
    weights = options.weights or ("pretrained" if downloaded("vgg19") else None)
    through = "the compact loss network" if weights is None else "VGG19"
    for file, painting in paintings.items():
        print(f"learning {painting.title} through {through}")
        with (
            like_ctrl_c() as caught,
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
        if caught:
            return caught[0]
    return None


def _show(bar: "tqdm[Any]", progress: Progress) -> None:
    bar.update(min(progress.seconds, bar.total) - bar.n)
    errors = f"content {progress.content:.3f}, style {progress.style:.3f}"
    bar.set_postfix_str(f"{progress.steps} steps, {errors}")
