"""`fastnst evaluate`: how good trained networks are, against each other and against
optimisation with the same loss."""

import argparse
import logging
from collections.abc import Callable
from pathlib import Path

from fastnst.evaluation import (
    SMALLEST_JUDGED,
    LossNetworks,
    calmness_table,
    evaluate,
    held_out,
    judge_networks,
    measure_enlarging,
    measure_video,
    photographs_in,
    quality_table,
    read_runs,
    report,
    verdict_table,
    write_report,
    write_verdicts,
)
from fastnst.losses import build_loss_network
from fastnst.machine import (
    choose_device,
    measure_in_float32,
    memory_errors,
    one_sentence_errors,
)
from fastnst.models import read_enlarger
from fastnst.networks import SMALLEST_SIDE
from fastnst.stylizing import Stylizer

VIDEO_HAS_NOT = ("photographs", "judge", "truth", "optimize", "iterations", "weights", "output")
TRUTH_HAS_NOT = ("photographs", "judge", "size", "optimize", "iterations")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is wrong with it ends the program with one sentence."""
    parser = argparse.ArgumentParser(
        description="Measure trained networks on photographs that they have not seen, and how many "
        "iterations of optimisation it takes to do as well."
    )
    parser.add_argument(
        "--ckpt",
        type=Path,
        required=True,
        action="append",
        help="a run: its folder or last.ckpt, with --judge and --video any network, with --truth "
        "networks that enlarge; several",
    )
    parser.add_argument(
        "--photographs",
        type=Path,
        help="folder; without it those that the first run held out for validation",
    )
    parser.add_argument(
        "--judge",
        type=Path,
        metavar="PAINTINGS",
        help="measure instead, by other features than training sees, how near the networks come "
        "to their paintings, close up and from afar; folder of those paintings and others, as "
        "<style>.jpg",
    )
    parser.add_argument(
        "--video",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="measure instead how calm the networks paint a video, with and without --temporal of "
        "fastnst stylize; several",
    )
    parser.add_argument(
        "--truth",
        type=Path,
        metavar="FOLDER",
        help="measure instead how well networks for super-resolution enlarge these pictures, when "
        "they were made smaller, beside bicubic interpolation",
    )
    parser.add_argument(
        "--size",
        type=_at_least(SMALLEST_SIDE),
        help="side that they are cropped to, in pixels; default: as trained, with --judge 512; "
        "short side of a video, default: its own",
    )
    parser.add_argument(
        "--optimize",
        type=_at_least(0),
        metavar="COUNT",
        help="how many of them are optimised too (default 4)",
    )
    parser.add_argument(
        "--iterations", type=_at_least(1), help="of each optimisation (default 100)"
    )
    parser.add_argument(
        "--weights", help="of the VGGs, if they are no longer where they were in training"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="folder; default: evaluation in the first run's folder, with --judge judge; with "
        "--truth for a sheet, and without it there is none",
    )
    options = parser.parse_args(arguments)
    for mode, others in (("video", VIDEO_HAS_NOT), ("truth", TRUTH_HAS_NOT)):
        given = [name for name in others if getattr(options, name) is not None]
        if getattr(options, mode) and given:
            parser.error(f"--{mode} takes no --{sorted(given)[0]}")
    if options.judge is not None:
        if options.photographs is None:
            parser.error("--judge needs --photographs, a folder")
        if options.size is not None and options.size < SMALLEST_JUDGED:
            parser.error(f"--judge needs a --size of at least {SMALLEST_JUDGED}")
        if (options.optimize, options.iterations) != (None, None):
            parser.error("--judge optimises nothing: leave out --optimize and --iterations")
    options.optimize = 4 if options.optimize is None else options.optimize
    options.iterations = options.iterations or 100
    return options


def _at_least(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    read.__name__ = "integer"  # as which argparse refuses it
    return read


def main() -> None:
    """Run the command line `fastnst evaluate --ckpt last.ckpt`."""
    options = parse()
    logging.basicConfig(format="%(message)s")
    advice = "give a smaller --size, or a smaller folder of photographs"
    if options.truth is not None:
        advice = f"take the largest pictures out of {options.truth}, or make them smaller"
    with one_sentence_errors(), memory_errors(advice):
        if options.video:
            _videos(options)
            return
        if options.truth is not None:
            _enlarging(options)
            return
        if options.judge is not None:
            _judge(options)
            return
        runs = [run for path in dict.fromkeys(options.ckpt) for run in read_runs(path)]
        folder = options.output or runs[0].folder / "evaluation"
        folder.mkdir(parents=True, exist_ok=True)  # not to find out after the measuring
        device = choose_device(options.device)
        measure_in_float32(device)
        if options.photographs is None:
            photographs = held_out(runs, options.size)
        else:
            size = options.size or runs[0].settings.data.image_size
            photographs = photographs_in(options.photographs, size)
        optimized = min(options.optimize, len(photographs))
        loss_networks = LossNetworks(options.weights, device)
        results = evaluate(runs, photographs, optimized, options.iterations, loss_networks)
        print(report(results, photographs))
        print(write_report(folder, results, photographs))


def _videos(options: argparse.Namespace) -> None:
    stylizers = {str(path): Stylizer(path, options.device) for path in options.ckpt}
    for video in options.video:
        found = measure_video(stylizers, video, options.size)
        print(f"{video}\n{calmness_table(found)}")


def _enlarging(options: argparse.Namespace) -> None:
    networks = {str(path): read_enlarger(path) for path in options.ckpt}
    device = choose_device(options.device)
    measure_in_float32(device)
    network = build_loss_network("vgg19", options.weights or "pretrained").to(device)
    sheet = None
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)  # not to find out after the measuring
        sheet = options.output / "enlarged.png"
    print(quality_table(measure_enlarging(networks, options.truth, network, sheet)))
    if sheet is not None:
        print(sheet)


def _judge(options: argparse.Namespace) -> None:
    photographs = photographs_in(options.photographs, options.size or 512)
    folder = options.output or Path("judge")
    folder.mkdir(parents=True, exist_ok=True)
    device = choose_device(options.device)
    measure_in_float32(device)
    network = build_loss_network("vgg19", options.weights or "pretrained").to(device)
    judged = judge_networks(options.ckpt, options.judge, photographs, network)
    print(verdict_table(judged))
    print(write_verdicts(folder, judged, photographs))
