"""Training runs as an evaluation sees them: read from checkpoints, measured on photographs."""

import copy
from collections.abc import Hashable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm

from fastnst.config import Loss, Settings, read_settings
from fastnst.evaluation.measures import measure, optimize_from, paint
from fastnst.evaluation.results import Result
from fastnst.learning import FOLDER, read_checkpoint
from fastnst.losses import LossNetwork, PerceptualLoss, build_loss_network
from fastnst.machine import UserError
from fastnst.models import Model, read_model
from fastnst.networks import set_style
from fastnst.styles import load_style_image

SEED = 0  # some style losses draw positions


class Run(NamedTuple):
    """A training run, or one style of it.

    Attributes:
        name: its style and its folder.
        folder: where its files are.
        steps: that it was trained for.
        pictures: that it was trained on.
        settings: of the run; `style` and the weights of the loss are those of this style.
        model: the network.
        whole: settings of the run with all its styles.
    """

    name: str
    folder: Path
    steps: int
    pictures: int
    settings: Settings
    model: Model
    whole: Settings


def read_runs(path: Path) -> list[Run]:
    """Read a training checkpoint, or the last one in the folder of a run: one for each style.

    Raises:
        UserError: if it is none, or of a run whose settings are not those of today.
    """
    if path.is_dir():  # of a run
        path = path / FOLDER / "last.ckpt"
    if path.suffix != ".ckpt":
        raise UserError(f"{path}: evaluating takes the last.ckpt of a run, which knows its loss.")
    checkpoint = read_checkpoint(path)
    if checkpoint["hyper_parameters"].get("task") == "super_resolution":
        raise UserError(f"{path} enlarges pictures: fastnst evaluate --truth measures it.")
    try:
        settings = read_settings(checkpoint["hyper_parameters"])
    except UserError as error:
        raise UserError(
            f"{path} was trained with settings that are not known now: {error}"
        ) from error
    folder = path.resolve().parent
    if folder.name == FOLDER:
        folder = folder.parent
    pictures = checkpoint.get("PhotographData", {}).get("pictures", 0)
    steps, model, found = checkpoint["global_step"], read_model(path), []
    for number, style in enumerate(settings.paintings):
        if settings.styles is not None:
            network = copy.deepcopy(model.network)
            set_style(network, checkpoint["state_dict"]["styles"][number])
            model = Model(network, model.architecture, style.model_dump())
        own = settings.of_style(style)
        name = f"{style.name}/{folder.name}"
        found.append(Run(name, folder, steps, pictures, own, model, settings))
    return found


class LossNetworks:
    """Builds each loss network once: runs with the same one may minimise the same loss.

    Args:
        weights: of VGGs, instead of those that the runs were trained with; None: those.
        device: for the networks.
    """

    def __init__(self, weights: str | None, device: torch.device) -> None:
        self.weights, self.device = weights, device
        self._built: dict[tuple[object, ...], LossNetwork] = {}

    def __call__(self, settings: Settings) -> LossNetwork:
        """That of a run.

        Raises:
            UserError: if its weights cannot be had.
        """
        how = settings.loss_network.model_dump()
        if self.weights is not None and how["name"] != "compact":
            how["weights"] = self.weights
        seed = settings.seed if how["weights"] == "random" else 0
        key = (seed, *how.values())
        if key not in self._built:
            self._built[key] = build_loss_network(**how, seed=seed).to(self.device)
        return self._built[key]


def evaluate(
    runs: Sequence[Run],
    photographs: Tensor,
    optimized: int,
    iterations: int,
    loss_networks: LossNetworks,
) -> list[Result]:
    """Measure networks on the same photographs.

    Args:
        runs: of the networks; loss network and layers of the first are what the errors of all are
            measured with.
        photographs: `(N, 3, S, S)`, RGB in [0, 1].
        optimized: how many of the photographs are also optimised, with each loss that is among the
            runs'.
        iterations: of each optimisation.
        loss_networks: on the device that is to work.

    Raises:
        UserError: if a style picture is missing, or a network paints what are no numbers.
    """
    device = loss_networks.device
    first = runs[0].settings
    yardstick = first.loss.model_copy(update={"measure": "relative", "style_loss": "gram"})
    measured: list[tuple[partial[Result], Hashable]] = []
    losses: dict[Hashable, PerceptualLoss] = {}  # several runs may minimise the same loss
    for run in runs:
        style = _style(run).to(device)
        painted, seconds = paint(run.model.network.to(device), photographs, device)
        if not painted.isfinite().all():
            raise UserError(f"{run.name} paints values that are no numbers: train it anew.")
        network = loss_networks(run.settings)
        # networks and not their settings: these say too little of random weights
        objective = (id(network), run.settings.style, str(run.settings.loss))
        if objective not in losses:
            losses[objective] = _loss(network, style, run.settings.loss)
        errors = measure(_loss(loss_networks(first), style, yardstick), painted, photographs)
        torch.manual_seed(SEED)
        totals = measure(losses[objective], painted, photographs)["total"]
        result = partial(
            Result, run.name, run.steps, run.settings, painted, errors, totals, seconds
        )
        measured.append((result, objective))
    total = len(losses) * optimized * iterations
    with tqdm(total=total, unit="iteration", disable=total == 0) as bar:
        optimizations = {
            objective: [
                optimize_from(loss, photograph.to(device), iterations, bar.update)
                for photograph in photographs[:optimized, None]
            ]
            for objective, loss in losses.items()
        }
    return [result(optimizations[objective]) for result, objective in measured]


def _style(run: Run) -> Tensor:
    style = run.settings.style
    try:
        return load_style_image(style.name, style.image, style.size)
    except UserError as error:
        raise UserError(
            f"{run.name} cannot be measured without its style picture: {error} Put it back, or "
            f"evaluate where the run was trained."
        ) from error


def _loss(network: LossNetwork, style: Tensor, settings: Loss) -> PerceptualLoss:
    torch.manual_seed(SEED)
    return PerceptualLoss(network, [style], **settings.perceptual()).to(style.device)
