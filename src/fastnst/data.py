"""Training and held-out photographs as a LightningDataModule."""

import logging
import random
from pathlib import Path
from typing import Literal

import pytorch_lightning as pl
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from fastnst.dead_leaves import draw_dead_leaves
from fastnst.errors import UserError
from fastnst.images import crop_center, flatten, read_image, to_tensor
from fastnst.photo_files import coco_files, folder_files
from fastnst.sampler import EndlessShuffle
from fastnst.settings import CocoData, DeadLeavesData, FolderData

log = logging.getLogger(__name__)

BUNDLED = Path(__file__).parent / "photographs"  # public domain and CC0, see the README there
TRIES = 10  # a few damaged files are stepped over; more in a row is a damaged data set


class Photographs(Dataset[Tensor]):
    """Photographs from files, at one size.

    Args:
        files: the pictures.
        size: of the square, in pixels.
        resize: `crop` the middle, or `squash` the whole picture into the square.
    """

    def __init__(self, files: list[Path], size: int, resize: Literal["crop", "squash"]) -> None:
        self.files, self.size, self.resize = files, size, resize

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, pair: tuple[int, bool]) -> Tensor:
        """`(3, size, size)`, RGB in [0, 1]; the next file that can be read if one cannot."""
        index, mirrored = pair
        for attempt in range(TRIES):
            try:
                image = self._read(self.files[(index + attempt) % len(self)])
            except UserError as error:
                log.warning("%s Taking the next one.", error)
            else:
                return _mirror(to_tensor(image), mirrored)
        last = self.files[(index + TRIES - 1) % len(self)]
        raise UserError(f"{TRIES} images in a row cannot be read, the last was {last}.")

    def _read(self, file: Path) -> Image.Image:
        image = flatten(read_image(file, draft_side=self.size))
        if self.resize == "crop":
            return crop_center(image, self.size)
        return image.resize((self.size, self.size), Image.Resampling.LANCZOS)


class DeadLeaves(Dataset[Tensor]):
    """Synthetic pictures, drawn when asked for; see `fastnst.dead_leaves`."""

    def __init__(self, images: int, size: int, seed: int) -> None:
        self.images, self.size, self.seed = images, size, seed

    def __len__(self) -> int:
        return self.images

    def __getitem__(self, pair: tuple[int, bool]) -> Tensor:
        """`(3, size, size)`, RGB in [0, 1]."""
        index, mirrored = pair
        image = Image.fromarray(draw_dead_leaves(self.size, self.seed, index))
        return _mirror(to_tensor(image), mirrored)


def _mirror(pixels: Tensor, mirrored: bool) -> Tensor:
    return pixels.flip(-1) if mirrored else pixels


class PhotographData(pl.LightningDataModule):
    """Endless shuffled training batches and a fixed held-out set.

    Photographs held out are the same whatever the seed. Where there is no data set (dead leaves)
    they are the photographs that come with the package.

    Args:
        settings: the `data` group.
        seed: of the shuffling.

    Raises:
        UserError: if there are no photographs where the settings say.
    """

    def __init__(self, settings: CocoData | FolderData | DeadLeavesData, seed: int) -> None:
        super().__init__()
        self.settings, self.seed = settings, seed
        size = settings.image_size
        if isinstance(settings, DeadLeavesData):
            self.train_set: Dataset[Tensor] = DeadLeaves(settings.images, size, seed)
            held_out = folder_files(BUNDLED)[: settings.val_images]
            self.val_set = Photographs(held_out, size, "crop")
        else:
            train, held_out = _split(_files(settings), settings.val_images)
            self.train_set = Photographs(train[: settings.limit], size, settings.resize)
            self.val_set = Photographs(held_out, size, settings.resize)

    def train_dataloader(self) -> DataLoader[Tensor]:
        trainer = self.trainer
        per_step = trainer.accumulate_grad_batches
        shuffle = EndlessShuffle(
            len(self.train_set),
            self.settings.batch_size,
            first=trainer.global_step * per_step,
            last=trainer.max_steps * per_step,
            seed=self.seed,
            hflip=self.settings.hflip,
            rank=trainer.global_rank,
            processes=trainer.world_size,
        )
        return self._loader(self.train_set, batch_sampler=shuffle, workers=self.settings.workers)

    def val_dataloader(self) -> DataLoader[Tensor]:
        every = [(index, False) for index in range(len(self.val_set))]
        # few pictures and seldom: starting workers would take longer than reading them
        return self._loader(
            self.val_set, sampler=every, batch_size=self.settings.batch_size, workers=0
        )

    def sheet_photographs(self, count: int) -> Tensor:
        """The first held-out photographs, `(n, 3, size, size)` with n at most `count`."""
        count = min(count, len(self.val_set))
        return torch.stack([self.val_set[index, False] for index in range(count)])

    def _loader(self, dataset: Dataset[Tensor], workers: int, **how: object) -> DataLoader[Tensor]:
        return DataLoader(
            dataset,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=torch.cuda.is_available(),
            **how,
        )


def _files(settings: CocoData | FolderData) -> list[Path]:
    if isinstance(settings, FolderData):
        return folder_files(settings.root)
    return coco_files(settings.root, settings.annotations, settings.categories, settings.licenses)


def _split(files: list[Path], val_images: int) -> tuple[list[Path], list[Path]]:
    """Hold out some files, the same ones each time; at most half of a small set."""
    if len(files) < 2:
        raise UserError(f"{files[0]} is the only image: training needs at least two.")
    files = random.Random(0).sample(files, len(files))
    count = min(val_images, len(files) // 2)
    return files[count:], files[:count]
