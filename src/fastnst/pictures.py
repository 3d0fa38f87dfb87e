"""Sources of pictures: photographs read from files, and synthetic ones.

From here to the device a batch is bytes, `(N, S, S, 3)` with which of them to mirror; `to_pixels`
makes of it, on the device, what the rest of the program knows as a batch of images.
"""

import hashlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from fastnst.dead_leaves import draw_dead_leaves
from fastnst.errors import UserError
from fastnst.images import crop_center, flatten, read_image

log = logging.getLogger(__name__)

MAKING = 1  # change it with how pictures are made: prepared ones of another number are not used
TRIES = 10  # a few damaged files are stepped over; more in a row is a damaged data set

Batch = tuple[Tensor, Tensor]  # uint8 (N, S, S, 3), RGB, and bool (N,): which to mirror


def to_pixels(pictures: Tensor, mirrored: Tensor) -> Tensor:
    """Batch of bytes -> `(N, 3, S, S)` float32, RGB in [0, 1], in channels_last memory format."""
    pictures = torch.where(mirrored[:, None, None, None], pictures.flip(2), pictures)
    return pictures.permute(0, 3, 1, 2).float() / 255


class Pictures(Dataset[Batch], ABC):
    """Pictures of one size, made when asked for.

    Args:
        size: side of the square, in pixels.
        names: what messages call each picture.
    """

    def __init__(self, size: int, names: Sequence[str]) -> None:
        self.size, self.names = size, names

    def __len__(self) -> int:
        return len(self.names)

    @abstractmethod
    def __getitem__(self, index: int) -> np.ndarray:
        """uint8 `(size, size, 3)`, RGB.

        Raises:
            UserError: if this picture cannot be had.
        """

    @abstractmethod
    def state(self) -> str:
        """Of what the pictures are made from: another one says that they have changed."""

    def __getitems__(self, pairs: Sequence[tuple[int, bool]]) -> Batch:
        """Pictures by (index, mirrored); instead of one that cannot be had, the next one.

        Raises:
            UserError: if too many in a row cannot be had.
        """
        pictures = np.stack([self._from(index) for index, _ in pairs])
        return torch.from_numpy(pictures), torch.tensor([mirrored for _, mirrored in pairs])

    def _from(self, index: int) -> np.ndarray:
        for attempt in range(TRIES):
            try:
                return self[(index + attempt) % len(self)]
            except UserError as error:
                log.warning("%s Taking the next one.", error)
        last = self.names[(index + TRIES - 1) % len(self)]
        raise UserError(f"{TRIES} images in a row cannot be read, the last was {last}.")


class Photographs(Pictures):
    """Photographs from files.

    Args:
        files: the pictures.
        size: of the square, in pixels.
        resize: `crop` the middle, or `squash` the whole picture into the square.
    """

    def __init__(self, files: list[Path], size: int, resize: Literal["crop", "squash"]) -> None:
        super().__init__(size, [str(file) for file in files])
        self.files, self.resize = files, resize

    def __getitem__(self, index: int) -> np.ndarray:
        image = flatten(read_image(self.files[index], draft_side=self.size))
        if self.resize == "crop":
            return np.asarray(crop_center(image, self.size))
        return np.asarray(image.resize((self.size, self.size), Image.Resampling.LANCZOS))

    def state(self) -> str:
        """A hash of the files' names, lengths and times of change, in their order."""
        digest = hashlib.sha256()
        for file in self.files:
            found = file.stat()
            # without the folder: the same data set may be named by several paths
            digest.update(f"{file.name}/{found.st_size}/{found.st_mtime_ns}/".encode())
        return digest.hexdigest()


class DeadLeaves(Pictures):
    """Synthetic pictures, see `fastnst.dead_leaves`.

    Args:
        images: how many different ones.
        size: of the square, in pixels.
        seed: number of the data set.
    """

    def __init__(self, images: int, size: int, seed: int) -> None:
        super().__init__(size, [f"dead leaves {seed}/{index}" for index in range(images)])
        self.seed = seed

    def __getitem__(self, index: int) -> np.ndarray:
        return draw_dead_leaves(self.size, self.seed, index)

    def state(self) -> str:
        """Always the same: nothing outside the settings decides about these pictures."""
        return "drawn"
