"""The whole distillation: the weights of the compact loss network, from a VGG and pictures."""

import json
import logging
import warnings
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from safetensors.torch import save_file
from torch import Tensor

from fastnst.data import Drawn, PhotographData, to_pixels
from fastnst.distillation.settings import DistillSettings
from fastnst.distillation.step import Distillation
from fastnst.distillation.student import Student, fit_embeddings, fit_to_teacher
from fastnst.distillation.varied_pictures import crops, crops_of_any_size, read_paintings, vary
from fastnst.learning import (
    ProgressBar,
    build_short_trainer,
    ignore_what_does_not_apply,
    lightning_failures,
    saying_where,
)
from fastnst.losses import EXPOSED, MEAN, STD, WEIGHTS, LossNetwork, build_loss_network
from fastnst.machine import UserError, choose_device, measure_in_float32, whole_file

FIT_BATCH = 16  # pictures
CLIP = 5.0  # largest norm of the gradient


class WriteLossNetwork(Callback):
    """Writes the compact loss network after each validation.

    Args:
        path: of the file.
        teacher: its name, for the file's metadata.
    """

    def __init__(self, path: Path, teacher: str) -> None:
        self.path, self.teacher = path, teacher

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, Distillation)
        metadata = {
            "mean": json.dumps(MEAN),
            "std": json.dumps(STD),
            "teacher": self.teacher,
            "steps": str(trainer.global_step),
        }
        state = pl_module.student.loss_network_state()
        if not all(value.isfinite().all() for value in state.values()):
            raise UserError(
                f"After step {trainer.global_step} the weights are no finite numbers: give a "
                f"smaller lr."
            )
        with whole_file(self.path) as temporary:
            save_file(state, temporary, metadata)


def first_weights(
    teacher: LossNetwork, images: Tensor, start: str | None
) -> tuple[Student, dict[str, float]]:
    """Make a student and fit it to its teacher.

    Args:
        teacher: on the CPU.
        images: `(N, 3, H, W)`, RGB in [0, 1].
        start: a file of the compact loss network's weights to go on from, if that is wanted.

    Returns:
        The student, and what the teacher's activations are divided by, by layer: their root mean
        square.
    """
    with torch.no_grad():
        seen = teacher(images[:FIT_BATCH], EXPOSED)
    units = {layer: features.square().mean().sqrt().item() for layer, features in seen.items()}
    student = Student({layer: features.shape[1] for layer, features in seen.items()})
    if start is None:
        fit_to_teacher(student, teacher, units, images.split(FIT_BATCH))
    else:
        try:
            features = build_loss_network("compact", start).features
        except UserError as error:
            raise UserError(f"start={start} cannot be gone on from: {error}") from error
        student.features.load_state_dict(features.state_dict())
        fit_embeddings(student, teacher, units, images.split(FIT_BATCH))
    return student.to(memory_format=torch.channels_last), units


def distill(settings: DistillSettings, folder: Path) -> None:
    """Distil a teacher and write the compact loss network's weights.

    Args:
        settings: of the command.
        folder: for the weights and the curves.

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
    measure_in_float32(device)
    pl.seed_everything(settings.seed, workers=True, verbose=False)
    data = PhotographData(settings.data, settings.seed)
    teacher = build_loss_network(**settings.loss_network.model_dump(), seed=settings.seed)
    paintings = (
        [] if settings.paintings is None else read_paintings(settings.paintings, settings.crop)
    )
    count = min(settings.first_pictures, len(data.train_set))
    some = [Drawn(index) for index in torch.randperm(len(data.train_set))[:count].tolist()]
    batch = data.train_set.__getitems__(some)
    # known by what those are known by that come after them
    prepared = settings.data.cache != "none"
    data.bad.add({why: why for why in batch.bad.values()} if prepared else batch.bad)
    some_paintings = paintings[: settings.first_pictures]
    cut = crops_of_any_size(to_pixels(batch.pictures, batch.mirrored), settings.crop)
    images = vary(torch.cat([cut, *(crops([one], settings.crop) for one in some_paintings)]))
    print(f"fitting to the teacher on {len(images)} pictures", flush=True)
    student, units = first_weights(teacher, images, settings.start)
    module = Distillation(
        student, teacher, units, paintings, settings.crop, settings.lr, settings.compile
    )
    trainer = build_short_trainer(
        folder,
        device,
        [
            ProgressBar("distilling", settings.log_every),
            WriteLossNetwork(output, settings.loss_network.name),
        ],
        max_steps=settings.max_steps,
        clip=CLIP,
        log_every=settings.log_every,
        sample_every=settings.sample_every,
    )
    with warnings.catch_warnings(), saying_where(trainer, output), lightning_failures(trainer):
        ignore_what_does_not_apply()
        trainer.validate(module, data, verbose=False)
        _say(trainer, "before training")
        trainer.fit(module, data)
        trainer.validate(module, data, verbose=False)
    _say(trainer, f"after {trainer.global_step} steps")
    print(
        f"loss network: {output}\nuse it:       loss_network=compact loss_network.weights={output}"
    )
    print(f"TensorBoard:  tensorboard --logdir {folder}")


def _say(trainer: pl.Trainer, when: str) -> None:
    found = trainer.callback_metrics
    for kind, name in (("features", "activations"), ("gram", "Gram matrices")):
        errors = ", ".join(f"{layer} {found[f'val/{kind}_{layer}']:.3f}" for layer in EXPOSED)
        print(f"{when}, squared errors of the {name}: {errors}", flush=True)
