"""The network of a predictor with the styles beside it, and what is written of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from fastnst.config import MANY, Style
from fastnst.machine import UserError
from fastnst.models import (
    ENDING,
    TRUNKS,
    Model,
    fingerprint,
    read_network,
    styles_beside,
    write_model,
    write_style,
)
from fastnst.networks import has_styles, style_of
from fastnst.prediction import write_predictor
from fastnst.predictor_training.step import PredictorTraining
from fastnst.styles import given_away

MODEL = "model.safetensors"


class Trunk(NamedTuple):
    """A network that many styles share.

    Attributes:
        model: the network.
        numbers: `(K,)` of each style beside it, by name.
    """

    model: Model
    numbers: dict[str, Tensor]

    @property
    def rows(self) -> Tensor:
        """Of all styles, `(S, K)`; of the network's own if there are none."""
        return torch.stack([*self.numbers.values()] or [style_of(self.model.network)])

    def first_numbers(self, styles: Sequence[Style]) -> Tensor:
        """What styles begin with, `(S, K)`: those that are not there with the mean of all."""
        mean = self.rows.mean(0)
        return torch.stack([self.numbers.get(style.name, mean) for style in styles])


def read_trunk(trunk: str) -> Trunk:
    """Read a network and the styles beside it.

    Raises:
        UserError: if it is none that styles can share.
    """
    path = TRUNKS.get(trunk, Path(trunk))
    model = read_network(path)
    if not has_styles(model.network):
        raise UserError(
            f"trunk={trunk} has no instance normalisations: styles cannot share it; give one with."
        )
    there = styles_beside(path, model.network)
    return Trunk(model, {style.style["name"]: style.numbers for style in there.values()})


class WriteResults(Callback):
    """Writes the predictor after each validation; if the network learns too, that and its styles.

    Args:
        path: of the predictor's file; the others lie beside it.
        model: facts about the network.
        styles: facts about those that the network learns with.
    """

    def __init__(self, path: Path, model: Model, styles: Sequence[Style]) -> None:
        self.path, self.model, self.styles = path, model, styles

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, PredictorTraining)
        learnt = [weights for weights in pl_module.parameters() if weights.requires_grad]
        if not all(values.isfinite().all() for values in learnt):
            raise UserError(
                f"After step {trainer.global_step} the weights are no finite numbers: give a "
                f"smaller lr."
            )
        if pl_module.styles is not None:
            pl_module.predictor.network = self._write_network(pl_module, pl_module.styles)
        write_predictor(self.path, pl_module.predictor)

    def _write_network(self, module: PredictorTraining, rows: Tensor) -> str:
        """Returns its fingerprint."""
        path, facts = self.path.with_name(MODEL), {"name": MANY, "title": "Many styles"}
        # as a published network is: what belongs to this one shall belong to that
        write_model(path, module.network, self.model.architecture, facts, "float16")
        network = fingerprint(read_network(path).network)
        for style, row in zip(self.styles, rows, strict=True):
            file = path.with_name(f"{style.name}{ENDING}")
            write_style(file, row, given_away(style.model_dump()), network)
        return network
