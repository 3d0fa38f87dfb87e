"""`fastnst upscale`: pictures made larger, with a network for super-resolution."""

import argparse
import sys
from pathlib import Path

from fastnst.jobs import enlarge_jobs, plan, sort
from fastnst.machine import from_pipes, keep_freed_memory, like_ctrl_c, one_sentence_errors
from fastnst.networks import SCALES
from fastnst.options import (
    add_machine,
    add_picture_files,
    add_targets,
    check_pipes,
    silence_pillow,
)
from fastnst.stylizing import Files
from fastnst.upscaling import Upscaler


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is wrong with it ends the program with one sentence."""
    parser = argparse.ArgumentParser(
        description="Enlarge pictures with a trained network for super-resolution."
    )
    parser.add_argument(
        "inputs",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="pictures, and folders of these; - for a picture on stdin",
    )
    parser.add_argument(
        "--scale", type=int, choices=SCALES, help="has to be that of the network, which is known"
    )
    parser.add_argument(
        "--ckpt",
        type=Path,
        help="your own network: a training run's folder, model.safetensors or last.ckpt; without "
        "it the one that comes with fastnst, which enlarges 4 times",
    )
    parser.add_argument(
        "--match-colors",
        action="store_true",
        help="give each result the histogram of its picture in each channel, as the paper does",
    )
    add_targets(parser, "<name>_x4")
    add_machine(
        parser,
        "enlarge in tiles of N pixels; auto: for more than 4 million pixels of the result",
    )
    add_picture_files(parser.add_argument_group("picture files"))
    found = parser.parse_args(arguments)
    check_pipes(parser, found)
    return found


def main() -> None:
    """Run the command line; the exit code is 1 if any file had to be skipped."""
    options = parse()
    silence_pillow()
    with one_sentence_errors(), from_pipes(options.inputs) as inputs, like_ctrl_c():
        upscaler = Upscaler(
            options.ckpt,
            options.device,
            scale=options.scale,
            match_colors=options.match_colors,
            tile=options.tile,
            progress=True,
        )
        if upscaler.device.type == "cpu":
            keep_freed_memory()
        jobs = plan(inputs, options.output, options.name, f"x{upscaler.scale}")
        files = Files(options.quality, options.keep_metadata, options.max_megapixels)
        skipped = enlarge_jobs(
            upscaler, sort(jobs, smooth=False), files, skip_existing=options.skip_existing
        )
    if skipped:
        sys.exit(1)
