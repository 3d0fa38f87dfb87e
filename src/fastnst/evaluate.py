"""The evaluating command: how good trained networks are, against each other and against
optimisation with the same loss."""

import argparse
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor
from tqdm import tqdm

from fastnst.checkpoint_files import read_checkpoint
from fastnst.data import PhotographData
from fastnst.errors import UserError, one_sentence_errors
from fastnst.evaluation import measure, optimize_from, paint
from fastnst.evaluation_report import Result, write_report
from fastnst.hardware import choose_device, keep_freed_memory
from fastnst.images import list_images
from fastnst.loss_network import LossNetwork
from fastnst.model_file import Model, read_model
from fastnst.networks import SMALLEST_SIDE
from fastnst.perceptual_loss import PerceptualLoss
from fastnst.pictures import Photographs, to_pixels
from fastnst.settings import Loss, Settings, read_settings
from fastnst.style_image import load_style_image
from fastnst.vgg_weights import build_loss_network


class Run(NamedTuple):
    """A training run: its name, its checkpoint's steps and settings, and the network."""

    name: str
    steps: int
    settings: Settings
    model: Model


def evaluate(
    runs: Sequence[Run],
    photographs: Tensor,
    optimized: int,
    iterations: int,
    loss_network: Callable[[Settings], LossNetwork],
) -> list[Result]:
    """Measure networks on the same photographs.

    Args:
        runs: of the networks.
        photographs: `(N, 3, S, S)`, RGB in [0, 1], on the device that is to work.
        optimized: how many of the photographs are also optimised, with each loss that is among the
            runs'.
        iterations: of each optimisation.
        loss_network: gives that of a run.

    Raises:
        UserError: if a style picture is missing, or a network paints what are no numbers.
    """
    measured, losses = [], {}  # several runs may minimise the same loss
    for run in runs:
        network = loss_network(run.settings).to(photographs.device)
        style = run.settings.style
        image = load_style_image(style.name, style.image, style.size).to(photographs.device)
        painted, seconds = paint(run.model.network.to(photographs.device), photographs)
        if not painted.isfinite().all():
            raise UserError(f"{run.name} paints values that are no numbers: train it anew.")
        own = losses.setdefault(_objective(run.settings), _loss(network, image, run.settings.loss))
        relative = _loss(network, image, _relative(run.settings))
        errors = measure(relative, painted, photographs)
        totals = measure(own, painted, photographs)["total"]
        measured.append(
            partial(Result, run.name, run.steps, run.settings, painted, errors, totals, seconds)
        )
    total = len(losses) * optimized * iterations
    with tqdm(total=total, unit="iteration", disable=total == 0) as bar:
        optimizations = {
            objective: [
                optimize_from(loss, photograph, iterations, bar.update)
                for photograph in photographs[:optimized, None]
            ]
            for objective, loss in losses.items()
        }
    return [
        result(optimizations[_objective(run.settings)])
        for result, run in zip(measured, runs, strict=True)
    ]


def _objective(settings: Settings) -> str:
    """The same for runs that minimise the same loss."""
    parts = settings.style, settings.loss_network, settings.loss
    seed = settings.seed if settings.loss_network.weights == "random" else 0
    return f"{seed} {[part.model_dump_json() for part in parts]}"


def _relative(settings: Settings) -> Loss:
    """The yardstick: the errors as shares of their targets, whatever the run itself minimised."""
    return settings.loss.model_copy(update={"measure": "relative", "style_loss": "gram"})


def _style(settings: Settings) -> tuple[str, str | None, int]:
    return settings.style.name, settings.style.image, settings.style.size


def _loss(network: LossNetwork, style: Tensor, settings: Loss) -> PerceptualLoss:
    return PerceptualLoss(network, [style], **settings.model_dump()).to(style.device)


def read_run(path: Path) -> Run:
    """Read a training checkpoint.

    Raises:
        UserError: if it is none, or of a run whose settings are not those of today.
    """
    if path.suffix != ".ckpt":
        raise UserError(f"{path}: evaluating takes the last.ckpt of a run, which knows its loss.")
    checkpoint = read_checkpoint(path)
    try:
        settings = read_settings(checkpoint["hyper_parameters"])
    except UserError as error:
        raise UserError(f"{path} was trained with settings that are not known now: {error}") from (
            error
        )
    folder = path.resolve().parents[1]
    name = folder.name if folder.name != "run" else folder.parent.name
    return Run(name, checkpoint["global_step"], settings, read_model(path))


def _photographs(folder: Path | None, size: int | None, settings: Settings) -> Tensor:
    """Those in a folder, or the ones that a run held out."""
    size = size or settings.data.image_size
    if folder is None:
        data = settings.data.model_copy(update={"image_size": size})
        try:
            return PhotographData(data, settings.seed).sheet_photographs(data.val_images)
        except UserError as error:
            raise UserError(f"{error} Or name other photographs with --photographs.") from error
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
        "--weights", help="of the loss networks, if they are no longer where they were in training"
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

    read.__name__ = "integer"  # argparse says that it is none
    return read


def main() -> None:
    """Run the command line `evaluate.py --ckpt last.ckpt`."""
    options = parse()
    with one_sentence_errors():
        runs = [read_run(path) for path in dict.fromkeys(options.ckpt)]
        device = choose_device(options.device)
        if device.type == "cpu":
            keep_freed_memory()
        photographs = _photographs(options.photographs, options.size, runs[0].settings).to(device)

        @cache
        def built(seed: int, **how: Any) -> LossNetwork:
            return build_loss_network(**how, seed=seed)

        def loss_network(settings: Settings) -> LossNetwork:
            how = settings.loss_network.model_dump()
            return built(
                settings.seed, **how | ({"weights": options.weights} if options.weights else {})
            )

        optimized = min(options.optimize, len(photographs))
        results = evaluate(runs, photographs, optimized, options.iterations, loss_network)
        folder = options.output or options.ckpt[0].resolve().parents[1] / "evaluation"
        print(write_report(folder, results, photographs, options.iterations))
