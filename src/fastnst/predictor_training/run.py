"""The whole training of a predictor: from a network, paintings and pictures to a file."""

import logging
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from tqdm import tqdm

from fastnst.data import PhotographData
from fastnst.learning import (
    ProgressBar,
    build_short_trainer,
    ignore_what_does_not_apply,
    lightning_failures,
    saying_where,
)
from fastnst.losses import LossNetwork, PerceptualLoss, build_loss_network
from fastnst.machine import UserError, choose_device, computes_bf16, keep_freed_memory
from fastnst.models import fingerprint
from fastnst.prediction import (
    WEIGHTS,
    Predictor,
    directions,
    kinds_of_statistics,
    painting_statistics,
    read_predictor,
)
from fastnst.predictor_training.paintings import (
    OnDevice,
    Paintings,
    drawn_paintings,
    held_out_last,
    read_kept,
)
from fastnst.predictor_training.settings import PredictorSettings
from fastnst.predictor_training.step import SHOWN, Lesson, PredictorTraining
from fastnst.predictor_training.trunk import MODEL, Trunk, WriteResults, read_trunk
from fastnst.styles import load_style_image

CLIP = 5.0  # largest norm of the gradient
DRAWN_VARIANTS = 2  # of each, which costs less than drawing another
LOOKED_AT = 300  # paintings that say in which directions they differ
LEAST_SPREAD = 1e-3  # of a statistic that all paintings have alike
SEEN = 1e-4  # of the largest difference between paintings: less is but rounding
LEAST_REACH = 0.02  # of a number that all styles have alike


def train_predictor(settings: PredictorSettings, folder: Path) -> None:
    """Train a predictor and write its file.

    Args:
        settings: of the command.
        folder: for the file and the curves.

    Raises:
        UserError: for anything in the settings that cannot be had.
        SystemExit: after Ctrl-C.
    """
    output = folder / WEIGHTS.name
    if output.exists():
        raise UserError(
            f"{output} is there already: give another folder with hydra.run.dir=<folder>, or go on "
            f"from it with start={output}."
        )
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # no advertisements
    device = choose_device(settings.device)
    if device.type == "cpu":
        keep_freed_memory()
    pl.seed_everything(settings.seed, workers=True, verbose=False)
    trunk = read_trunk(settings.trunk)
    styles = settings.styles or []
    own = [load_style_image(style.name, style.image, style.size) for style in styles]
    learnt, tried = _paintings(settings)
    compact = build_loss_network("compact", "pretrained").to(device)
    predictor = _first_predictor(settings, trunk, compact, learnt)
    loss_network = build_loss_network(**settings.loss_network.model_dump(), seed=settings.seed)
    loss_network = loss_network.to(device)
    low = torch.autocast(device.type, torch.bfloat16, enabled=computes_bf16(device))
    with low:  # as it will be compared; statistics are off by a hundredth of a deviation in it
        lessons = [
            Lesson(
                _statistics(compact, predictor, paintings),
                PerceptualLoss(
                    loss_network,
                    OnDevice(paintings, device, first),
                    **_loss_options(settings, len(first), len(paintings)),
                ),
            )
            for first, paintings in ((own, learnt), ([], tried))
        ]
    if settings.start is None:
        _look_at_what_differs(predictor, lessons[0].statistics)
    data = PhotographData(settings.data, settings.seed, len(learnt), len(tried))
    module = PredictorTraining(
        trunk.model.network,
        predictor,
        lessons[0],
        lessons[1],
        trunk.first_numbers(styles) if styles else None,
        settings.lr,
        settings.compile,
    )
    trainer = build_short_trainer(
        folder,
        device,
        [ProgressBar("predictor", settings.log_every), WriteResults(output, trunk.model, styles)],
        max_steps=settings.max_steps,
        clip=CLIP,
        log_every=settings.log_every,
        sample_every=settings.sample_every,
    )
    print(f"{len(learnt)} paintings to learn from, {len(tried)} to try", flush=True)
    with warnings.catch_warnings(), saying_where(trainer, output), lightning_failures(trainer):
        ignore_what_does_not_apply()
        trainer.validate(module, data, verbose=False)
        _say(trainer, "before training")
        trainer.fit(module, data)
        trainer.validate(module, data, verbose=False)
    _say(trainer, f"after {trainer.global_step} steps")
    if styles:
        print(f"model:       {output.with_name(MODEL)}, and the files of its styles beside it")
    print(f"predictor:   {output}\nTensorBoard: tensorboard --logdir {folder}")


def _loss_options(settings: PredictorSettings, styles: int, paintings: int) -> dict[str, Any]:
    """Arguments of `PerceptualLoss`: the first styles have the weights that their files say."""
    options = settings.loss.perceptual()
    for key in ("style_weight", "tv_weight"):
        own = [getattr(style, key) for style in (settings.styles or [])[:styles]]
        options[key] = [*own, *[options[key]] * paintings]
    return options


def _paintings(settings: PredictorSettings) -> tuple[Paintings, Paintings]:
    """To learn from, in variants; and to try, as they are."""
    folder = settings.paintings
    read = [] if folder is None else read_kept(folder, settings.size)
    used, kept = held_out_last(len(read), settings.held_out, settings.seed)
    count = settings.drawn + settings.held_out
    drawn = drawn_paintings(range(count), settings.size, settings.seed)
    learnt = [read[number] for number in used] + drawn[: settings.drawn]
    tried = [read[number] for number in kept] + drawn[settings.drawn :]
    if not learnt:
        raise UserError("drawn=0 without paintings: there is nothing to learn from; give drawn.")
    variants = [settings.variants] * len(used) + [DRAWN_VARIANTS] * settings.drawn
    return (
        Paintings(learnt, variants, settings.size, settings.seed),
        Paintings(tried, [1] * len(tried), settings.size, settings.seed),
    )


def _first_predictor(
    settings: PredictorSettings,
    trunk: Trunk,
    compact: LossNetwork,
    learnt: Paintings,
) -> Predictor:
    shared, own = fingerprint(trunk.model.network), trunk.rows
    if settings.start is not None:
        started = read_predictor(Path(settings.start)).requires_grad_(True).train()
        if len(started.get_buffer("middle")) != own.shape[1]:
            raise UserError(
                f"start={settings.start} is for styles of other networks; leave out start."
            )
        started.network = shared
        return started
    predictor = Predictor(own.shape[1], shared)
    every = max(1, len(learnt) // LOOKED_AT)
    device = compact.mean.device
    some = (learnt[number].to(device) for number in range(0, len(learnt), every))
    for layer, along in directions(compact, some).items():
        predictor.get_buffer(f"along_{layer}").copy_(along)
    predictor.get_buffer("middle").copy_(own.mean(0))
    if len(own) > 1:
        predictor.get_buffer("reach").copy_(own.std(0).clamp_min(LEAST_REACH))
    return predictor


def _statistics(compact: LossNetwork, predictor: Predictor, paintings: Paintings) -> Tensor:
    along = {layer: values.to(compact.mean.device) for layer, values in predictor.along.items()}
    shown = tqdm(OnDevice(paintings, compact.mean.device), "looking at paintings", leave=False)
    return torch.stack([painting_statistics(compact, one, along) for one in shown])


def _look_at_what_differs(predictor: Predictor, statistics: Tensor) -> None:
    """Let a predictor see the principal components of the paintings' statistics, each with a
    deviation of 1. All kinds of statistics count alike, though there are 16 means of relu1_2, which
    tell of colours, and 1,176 covariances of relu4_3."""
    centre, spread = statistics.mean(0), statistics.std(0, correction=0).clamp_min(LEAST_SPREAD)
    predictor.get_buffer("centre").copy_(centre)
    predictor.get_buffer("spread").copy_(spread)
    kinds = kinds_of_statistics()
    share = torch.cat([torch.full((count,), count**-0.5) for count in kinds]).to(centre)
    _, values, components = torch.linalg.svd((statistics - centre) / spread * share, False)
    unit = (values / len(statistics) ** 0.5).clamp_min(LEAST_SPREAD)
    seen = int((values > SEEN * values[0]).sum())  # along the others the paintings are all alike
    count = min(seen, len(predictor.get_buffer("components")))
    found = (components * share / unit[:, None])[:count]
    predictor.get_buffer("components")[: len(found)].copy_(found)


def _say(trainer: pl.Trainer, when: str) -> None:
    found = ", ".join(f"{name} {trainer.callback_metrics[f'val/{name}']:.3f}" for name in SHOWN)
    print(f"{when}, paintings that are not learnt from: {found}", flush=True)
