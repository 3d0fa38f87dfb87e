"""The evaluating command: how good trained networks are, against each other and against
optimisation with the same loss."""

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor

from fastnst.data import PhotographData
from fastnst.errors import UserError, one_sentence_errors
from fastnst.evaluated_runs import LossNetworks, Run, evaluate, read_run
from fastnst.evaluation_report import report, write_report
from fastnst.hardware import choose_device, measure_in_float32, memory_errors
from fastnst.images import list_images
from fastnst.networks import SMALLEST_SIDE
from fastnst.pictures import Photographs, to_pixels

log = logging.getLogger(__name__)


def _held_out(runs: Sequence[Run], size: int | None) -> Tensor:
    """The photographs that the first run held out; warns where a run may have seen them."""
    first, others = runs[0], runs[1:]
    data = first.settings.data
    if size is not None:
        data = data.model_copy(update={"image_size": size})
    try:
        found = PhotographData(data, first.settings.seed)
    except UserError as error:
        raise UserError(f"{error} Or name other photographs with --photographs.") from error
    now = len(found.train_set)
    # bad ones were left out
    if not (1 - getattr(data, "max_bad", 0)) * now <= first.pictures <= now:
        log.warning(
            "%s was trained on %d pictures and there are %d now: it may have seen some of the "
            "photographs that are taken for held-out ones; others can be named with --photographs.",
            *(first.name, first.pictures, now),
        )
    for run in others:
        if _photographs(run) not in (None, _photographs(first)):
            log.warning(
                "%s was trained on other data than %s: it may have seen some of the photographs "
                "that are taken for held-out ones; others can be named with --photographs.",
                *(run.name, first.name),
            )
    return found.sheet_photographs(data.val_images)


def _photographs(run: Run) -> dict[str, object] | None:
    """What decides which photographs a run has seen; None if it has seen drawn pictures only."""
    if run.settings.data.name == "dead_leaves":
        return None
    data = run.settings.data.model_dump()
    kept = ("name", "root", "annotations", "categories", "licenses", "val_images")
    return {key: data.get(key) for key in kept}


def _from_folder(folder: Path, size: int) -> Tensor:
    files = list_images(folder)
    if not files:
        raise UserError(f"There are no images in {folder}: check --photographs.")
    every = [(index, False) for index in range(len(files))]
    pictures, mirrored, bad = Photographs(files, size, "crop").__getitems__(every)
    for sentence in bad.values():
        raise UserError(sentence)
    return to_pixels(pictures, mirrored)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is wrong with it ends the program with one sentence."""
    parser = argparse.ArgumentParser(
        description="Measure trained networks on photographs that they have not seen, and how many "
        "iterations of optimisation it takes to do as well."
    )
    parser.add_argument(
        "--ckpt", type=Path, required=True, action="append", help="last.ckpt of a run; several"
    )
    parser.add_argument(
        "--photographs",
        type=Path,
        help="folder; without it those that the first run held out for validation",
    )
    parser.add_argument(
        "--size",
        type=_at_least(SMALLEST_SIDE),
        help="side that they are cropped to, in pixels; default: as trained",
    )
    parser.add_argument(
        "--optimize",
        type=_at_least(0),
        default=4,
        metavar="COUNT",
        help="how many of them are optimised too (default 4)",
    )
    parser.add_argument(
        "--iterations", type=_at_least(1), default=100, help="of each optimisation (default 100)"
    )
    parser.add_argument(
        "--weights", help="of the VGGs, if they are no longer where they were in training"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument(
        "-o", "--output", type=Path, help="folder; default: evaluation in the first run's folder"
    )
    return parser.parse_args(arguments)


def _at_least(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    read.__name__ = "integer"  # as which argparse refuses it
    return read


def main() -> None:
    """Run the command line `evaluate.py --ckpt last.ckpt`."""
    options = parse()
    logging.basicConfig(format="%(message)s")
    advice = "give a smaller --size, or a smaller folder of photographs"
    with one_sentence_errors(), memory_errors(advice):
        runs = [read_run(path) for path in dict.fromkeys(options.ckpt)]
        folder = options.output or runs[0].folder / "evaluation"
        folder.mkdir(parents=True, exist_ok=True)  # not to find out after the measuring
        device = choose_device(options.device)
        measure_in_float32(device)
        if options.photographs is None:
            photographs = _held_out(runs, options.size)
        else:
            size = options.size or runs[0].settings.data.image_size
            photographs = _from_folder(options.photographs, size)
        optimized = min(options.optimize, len(photographs))
        loss_networks = LossNetworks(options.weights, device)
        results = evaluate(runs, photographs, optimized, options.iterations, loss_networks)
        print(report(results, photographs))
        print(write_report(folder, results, photographs))
