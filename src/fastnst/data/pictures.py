"""Sources of pictures: photographs read from files, and synthetic ones.

From here to the device a batch is bytes, `(N, S, S, 3)` with which of them to mirror; `to_pixels`
makes of it, on the device, what the rest of the program knows as a batch of images.
"""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from fastnst.drawing import draw_dead_leaves
from fastnst.images import crop_center, flatten, read_image
from fastnst.machine import UserError

MAKING = 1  # change it with how pictures are made: prepared ones of another number are not used
TRIES = 100  # photographs come shuffled: so many bad ones in a row are no chance


class Drawn(NamedTuple):
    """What is drawn of a picture: its number, whether to mirror it, its style's number, and a
    number that no other draw of the run has, for what else is random about it."""

    number: int
    mirrored: bool = False
    style: int = 0
    draw: int = 0


class Batch(NamedTuple):
    """Pictures on their way to the device.

    Attributes:
        pictures: uint8 `(N, S, S, 3)`, RGB.
        mirrored: bool `(N,)`, which to mirror.
        styles: int64 `(N,)`, numbers of the styles to paint them in.
        draws: int64 `(N,)`, one that no other picture of the run has.
        bad: why pictures, by their numbers, cannot be had.
    """

    pictures: Tensor
    mirrored: Tensor
    styles: Tensor
    draws: Tensor
    bad: dict[int, str]


def to_batch(pictures: Tensor, drawn: Sequence[Drawn], bad: dict[int, str] | None = None) -> Batch:
    """Put pictures together with what was drawn of them."""
    _, mirrored, styles, draws = (torch.tensor(column) for column in zip(*drawn, strict=True))
    return Batch(pictures, mirrored, styles, draws, bad or {})


def to_pixels(pictures: Tensor, mirrored: Tensor) -> Tensor:
    """Batch of bytes -> `(N, 3, S, S)` float32, RGB in [0, 1], in channels_last memory format."""
    pictures = torch.where(mirrored[:, None, None, None], pictures.flip(2), pictures)
    return pictures.permute(0, 3, 1, 2).float() / 255


class Pictures(Dataset[np.ndarray], ABC):
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

    def __getitems__(self, drawn: Sequence[Drawn]) -> Batch:
        """Pictures by their numbers; instead of one that cannot be had, the next one.

        A loader process does this: what it finds to be bad travels with the batch.

        Raises:
            UserError: if too many in a row cannot be had.
        """
        bad: dict[int, str] = {}
        pictures = np.stack([self._from(one.number, bad) for one in drawn])
        return to_batch(torch.from_numpy(pictures), drawn, bad)

    def _from(self, index: int, bad: dict[int, str]) -> np.ndarray:
        tries, number = min(TRIES, len(self)), index
        for number in range(index, index + tries):
            number %= len(self)
            try:
                return self[number]
            except UserError as error:
                bad[number] = str(error)
        raise UserError(
            f"None of {tries} images in a row can be read, the last is {self.names[number]}: mend "
            f"or remove them."
        )


class Photographs(Pictures):
    """Photographs from files.

    Args:
        files: the pictures.
        size: of the square, in pixels.
        resize: make the short side that long and `crop` the middle; `squash` the whole picture into
            the square; or `cut` the middle out at the picture's own size, if it is not smaller.
    """

    def __init__(
        self, files: list[Path], size: int, resize: Literal["crop", "squash", "cut"]
    ) -> None:
        super().__init__(size, [str(file) for file in files])
        self.files, self.resize = files, resize

    def __getitem__(self, index: int) -> np.ndarray:
        draft_side = None if self.resize == "cut" else self.size
        image = flatten(read_image(self.files[index], draft_side=draft_side))
        if self.resize == "cut" and min(image.size) > self.size:
            left, upper = ((side - self.size) // 2 for side in image.size)
            image = image.crop((left, upper, left + self.size, upper + self.size))
        if self.resize != "squash":
            return np.asarray(crop_center(image, self.size))
        return np.asarray(image.resize((self.size, self.size), Image.Resampling.LANCZOS))

    def state(self) -> str:
        """A hash of the files' names, lengths and times of change, in their order."""
        digest = hashlib.sha256()
        for file in self.files:
            # without the folder: the same data set may be named by several paths
            digest.update(f"{file.name}/{_condition(file)}/".encode(errors="surrogatepass"))
        return digest.hexdigest()


class DeadLeaves(Pictures):
    """Synthetic pictures, see `fastnst.drawing`.

    Args:
        images: how many different ones.
        size: of the square, in pixels.
        seed: number of the data set.
        grain: whether there is noise on them.
    """

    def __init__(self, images: int, size: int, seed: int, grain: bool) -> None:
        super().__init__(size, [f"dead leaves {seed}/{index}" for index in range(images)])
        self.seed, self.grain = seed, grain

    def __getitem__(self, index: int) -> np.ndarray:
        return draw_dead_leaves(self.size, self.seed, index, self.grain)

    def state(self) -> str:
        """Always the same: nothing outside the settings decides about these pictures."""
        return "drawn"


def _condition(file: Path) -> str:
    try:
        found = file.stat()
    except OSError:
        return "gone"
    if not os.access(file, os.R_OK):  # who allows it changes neither the length nor the time
        return "closed"
    return f"{found.st_size}/{found.st_mtime_ns}"
