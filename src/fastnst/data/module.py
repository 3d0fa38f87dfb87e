"""Training and held-out photographs as a LightningDataModule."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from fastnst.config import CocoData, DeadLeavesData, FolderData
from fastnst.data.bad_pictures import BadPictures
from fastnst.data.photo_files import BUNDLED, coco_files, folder_files, hold_out
from fastnst.data.pictures import (
    MAKING,
    Batch,
    DeadLeaves,
    Drawn,
    Photographs,
    Pictures,
    to_pixels,
)
from fastnst.data.preparation import prepare
from fastnst.data.prepared import PreparedPictures
from fastnst.data.resident import ResidentBatches, load
from fastnst.data.sampler import EndlessShuffle
from fastnst.drawing import DRAWING
from fastnst.machine import end_workers_at_exit, from_home, ignore_in_worker
from fastnst.motion import Ranges, further, make_frames

log = logging.getLogger(__name__)


class PhotographData(pl.LightningDataModule):
    """Endless shuffled training batches and a fixed held-out set.

    Photographs held out are the same whatever the seed. Where there is no data set (dead leaves)
    they are the photographs that come with the package. Training pictures are made as training
    goes, or beforehand, as `data.cache` says; batches are the same either way, if all can be read.

    Args:
        settings: the `data` group.
        seed: of the shuffling.
        styles: how many styles pictures are painted in.
        tried: how many styles each held-out picture is painted in; None: in all.
        motion: how much happens between two frames that are made of each training picture; None:
            there is but one.

    Raises:
        UserError: if there are no photographs where the settings say, or too many are missing.
    """

    trainer: pl.Trainer  # pyright: ignore[reportIncompatibleVariableOverride]  # None before a Trainer has it

    def __init__(
        self,
        settings: CocoData | FolderData | DeadLeavesData,
        seed: int,
        styles: int = 1,
        tried: int | None = None,
        motion: Ranges | None = None,
    ) -> None:
        super().__init__()
        self.settings, self.seed, self.styles = settings, seed, styles
        self.tried = styles if tried is None else tried
        self.motion = motion
        size = settings.image_size
        if isinstance(settings, DeadLeavesData):
            self.train_set: Pictures = DeadLeaves(settings.images, size, seed, settings.grain)
            held_out = folder_files(BUNDLED)[: settings.val_images]
            self.val_set = Photographs(held_out, size, "crop")
            self.bad = BadPictures("training", settings.images, allowed=0)  # as none is read
        else:
            present, missing = _files(settings)
            train, held_out = hold_out(present, settings.val_images)
            self.train_set = Photographs(train[: settings.limit], size, settings.resize)
            self.val_set = Photographs(held_out, size, settings.resize)
            wanted = [*train, *missing][: settings.limit]  # no missing one if there are enough
            self.bad = BadPictures("training", len(wanted), settings.max_bad)
            gone = wanted[len(train) :]
            self.bad.add(
                {file: f"The annotations name {file}, which is not there." for file in gone}
            )
        self.bad_held_out = BadPictures("held-out", len(self.val_set), allowed=1)
        self.prepared: PreparedPictures | None = None
        self.resident: Tensor | None = None  # the prepared pictures, in the device's memory
        self._resumed = 0, 0  # at which step, and after how many pictures

    def prepare(self) -> PreparedPictures:
        """Make the training pictures beforehand, unless that was done before.

        Raises:
            UserError: if the disk is too small, or too many of the pictures cannot be read.
        """
        return prepare(self.train_set, self._folder, self._what_decides(), self.bad)

    def prepare_data(self) -> None:
        if self.settings.cache != "none" and self.prepared is None:
            self.prepare()  # in one process of the machine: setup() is for all

    def setup(self, stage: str) -> None:
        if self.settings.cache == "none" or self.prepared is not None:
            return
        self.prepared = PreparedPictures(self._folder)
        if self.settings.cache == "device":
            self.resident = load(self.prepared, self.trainer.strategy.root_device)

    def train_dataloader(self) -> "DataLoader[Batch] | ResidentBatches":
        trainer, pictures = self.trainer, self.prepared or self.train_set
        per_step = trainer.accumulate_grad_batches
        shuffle = EndlessShuffle(
            len(pictures),
            self.settings.batch_size,
            first=trainer.global_step * per_step,
            last=trainer.max_steps * per_step,
            seed=self.seed,
            hflip=self.settings.hflip,
            rank=trainer.global_rank,
            processes=trainer.world_size,
            start=self.seen,
            styles=self.styles,
        )
        if self.resident is not None:
            return ResidentBatches(self.resident, shuffle)
        workers = self.settings.workers
        if self.prepared is not None and trainer.strategy.root_device.type == "cpu":
            workers = 0  # reading takes less time than handing over from one process to another
        return self._loader(pictures, workers, batch_sampler=shuffle)

    @property
    def seen(self) -> int:
        """Training pictures that all processes have had so far, repetitions counted."""
        steps = self.trainer.global_step - self._resumed[0]
        batches = steps * self.trainer.accumulate_grad_batches * self.trainer.world_size
        return self._resumed[1] + batches * self.settings.batch_size

    def state_dict(self) -> dict[str, int]:
        """Where in the data the run is; the seed decides about the order and mirroring."""
        pictures = len(self.prepared or self.train_set)
        return {
            "step": self.trainer.global_step,
            "seen": self.seen,
            "epoch": self.seen // pictures,
            "pictures": pictures,
            "seed": self.seed,
        }

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Go on from there, also with batches of another size or another number of processes."""
        self._resumed = state_dict["step"], state_dict["seen"]
        pictures = len(self.prepared or self.train_set)
        if pictures != state_dict["pictures"]:
            log.warning(
                "The run had %d training pictures and has %d now: it goes on, but not as it would "
                "have.",
                *(state_dict["pictures"], pictures),
            )

    def val_dataloader(self) -> DataLoader[Batch]:
        count = len(self.val_set)
        every = [Drawn(i, style=style) for style in range(self.tried) for i in range(count)]
        # few pictures and seldom: starting workers would take longer than reading them
        return self._loader(self.val_set, 0, sampler=every, batch_size=self.settings.batch_size)

    def on_before_batch_transfer(
        self, batch: Batch, dataloader_idx: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The batch without the bad pictures that came with it, which are counted.

        Raises:
            UserError: if there are too many by now.
        """
        (self.bad if self.trainer.training else self.bad_held_out).add(batch.bad)
        return batch.pictures, batch.mirrored, batch.styles, batch.draws

    def on_after_batch_transfer(
        self, batch: tuple[Tensor, Tensor, Tensor, Tensor], dataloader_idx: int
    ) -> tuple[Tensor, ...]:
        """`(N, 3, S, S)` in [0, 1], of the type that the Trainer's precision works with, and the
        numbers of the styles, `(N,)`; in training with motion also the rest of `Frames`."""
        pictures, mirrored, styles, draws = batch
        # Lightning has done this before, when there were only bytes
        convert = self.trainer.precision_plugin.convert_input
        images = to_pixels(pictures, mirrored)
        if self.motion is None or not self.trainer.training:
            return convert(images), styles
        first, second, *rest = make_frames(images, further(draws, self.seed), self.motion)
        return convert(first), styles, convert(second), *rest

    def sheet_photographs(self, count: int) -> Tensor:
        """The first held-out photographs, `(n, 3, size, size)` with n at most `count`."""
        count = min(count, len(self.val_set))
        batch = self.val_set.__getitems__([Drawn(index) for index in range(count)])
        self.bad_held_out.add(batch.bad)
        return to_pixels(batch.pictures, batch.mirrored)

    def teardown(self, stage: str) -> None:
        # with data.cache=none each process knows of those that it came to itself
        if stage == "fit" and self.trainer.is_global_zero:
            self.bad.sum_up()

    def _loader(self, dataset: Dataset[Any], workers: int, **how: Any) -> DataLoader[Batch]:
        if workers:
            end_workers_at_exit()
        return DataLoader(
            dataset,
            num_workers=workers,
            worker_init_fn=ignore_in_worker,
            persistent_workers=workers > 0,
            pin_memory=torch.cuda.is_available(),
            collate_fn=_as_it_is,  # the data sets make whole batches
            **how,
        )

    @property
    def _folder(self) -> Path:
        what = json.dumps([MAKING, self._what_decides()], sort_keys=True)
        name, size = self.settings.name, self.settings.image_size
        digest = hashlib.sha256(what.encode()).hexdigest()[:8]
        return from_home(self.settings.prepared) / f"{name}_{size}_{digest}"

    def _what_decides(self) -> dict[str, Any]:
        """The settings that choose and shape the training pictures, files named in full."""
        elsewhere = {"batch_size", "hflip", "workers", "cache", "prepared", "max_bad"}
        decisive = self.settings.model_dump(exclude=elsewhere)
        if isinstance(self.settings, DeadLeavesData):
            del decisive["val_images"]  # held out are others
            if self.settings.grain:  # as all had it at first
                del decisive["grain"]
            return decisive | {"seed": self.seed, "drawing": DRAWING}
        for key in decisive.keys() & {"root", "annotations"}:
            if decisive[key] is not None:
                decisive[key] = str(from_home(decisive[key]).resolve())
        return decisive


def _as_it_is(batch: Any) -> Any:
    return batch


def _files(settings: CocoData | FolderData) -> tuple[list[Path], list[Path]]:
    """The photographs that are there, and those that should be."""
    if isinstance(settings, FolderData):
        return folder_files(settings.root), []
    return coco_files(settings.root, settings.annotations, settings.categories, settings.licenses)
