"""Paintings that a predictor learns from: those of a folder and drawn ones, each in variants."""

import os
import random
from collections.abc import Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from fastnst.drawing import draw_painting
from fastnst.images import (
    match_colors,
    resize_short_side,
    to_tensor,
)
from fastnst.machine import end_workers_at_exit, ignore_in_worker
from fastnst.styles import paintings_in

SMALLEST_CUT = 0.4  # of the short side
RECOLOURED = 0.6  # share of the variants
LARGEST = 2.0  # times `size`: what files are kept at, so that what is cut out is still sharp


class Paintings(Sequence[Tensor]):
    """Variants of paintings: the first of each is the whole painting as it is.

    Args:
        sources: Pillow images, RGB.
        variants: how many of each.
        size: their short side, in pixels.
        seed: of cuts, turns and colours.
    """

    def __init__(
        self, sources: Sequence[Image.Image], variants: Sequence[int], size: int, seed: int
    ) -> None:
        self.sources, self.size, self.seed = sources, size, seed
        counts = zip(range(len(sources)), variants, strict=True)
        self.every = [(source, number) for source, count in counts for number in range(count)]

    def __len__(self) -> int:
        return len(self.every)

    @cached_property
    def _small(self) -> list[Tensor]:
        """To take colours from."""
        return [to_tensor(source.resize((32, 32))).float()[None] for source in self.sources]

    @overload
    def __getitem__(self, index: int) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> list[Tensor]: ...
    def __getitem__(self, index: int | slice) -> Tensor | list[Tensor]:
        """One of them, `(1, 3, H, W)`, RGB in [0, 1]; always the same."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        source, variant = self.every[index]
        if variant == 0:
            return to_tensor(resize_short_side(self.sources[source], self.size))[None]
        return self._vary(source, random.Random(f"{self.seed} {source} {variant}"))

    def _vary(self, source: int, chance: random.Random) -> Tensor:
        picture = self.sources[source]
        side = round(min(picture.size) * chance.uniform(SMALLEST_CUT, 1))
        left, top = (chance.randint(0, length - side) for length in picture.size)
        cut = picture.crop((left, top, left + side, top + side))
        square = to_tensor(cut.resize((self.size, self.size), Image.Resampling.LANCZOS))[None]
        square = square.rot90(chance.randrange(4), (2, 3))
        if chance.random() < 0.5:
            square = square.flip(3)
        if chance.random() < RECOLOURED:
            if chance.random() < 0.4:
                square = square[:, chance.sample(range(3), 3)]
            else:  # in half precision the covariance of colours has no square root
                with torch.autocast("cpu", enabled=False):
                    square = match_colors(square, chance.choice(self._small))(square)
        return square.contiguous()


class OnDevice(Sequence[Tensor]):
    """Paintings on a device, one after the other.

    Args:
        paintings: that are made when they are asked for.
        device: where to.
        first: `(1, 3, H, W)` each, which come before them.
    """

    def __init__(
        self, paintings: Paintings, device: torch.device, first: Sequence[Tensor] = ()
    ) -> None:
        self.paintings, self.device, self.first = paintings, device, first

    def __len__(self) -> int:
        return len(self.first) + len(self.paintings)

    def __getitem__(self, index: Any) -> Any:
        after = index - len(self.first)
        return (self.first[index] if after < 0 else self.paintings[after]).to(self.device)


class _Drawn(Dataset[np.ndarray]):
    def __init__(self, numbers: range, size: int, seed: int) -> None:
        self.numbers, self.size, self.seed = numbers, size, seed

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> np.ndarray:
        return draw_painting(self.size, self.seed, self.numbers[index])


def drawn_paintings(numbers: range, size: int, seed: int) -> list[Image.Image]:
    """Paintings that the program draws, in as many processes as there are cores."""
    if not numbers:
        return []
    end_workers_at_exit()
    loader = DataLoader(
        _Drawn(numbers, size, seed),
        batch_size=None,
        num_workers=min(os.cpu_count() or 1, len(numbers)),
        worker_init_fn=ignore_in_worker,
        collate_fn=_as_it_is,
    )
    return [Image.fromarray(drawn) for drawn in tqdm(loader, "drawing paintings", leave=False)]


def _as_it_is(drawn: Any) -> Any:
    return drawn


def read_kept(folder: str, size: int) -> list[Image.Image]:
    """Every painting of a folder, RGB, in the order of their names; large ones made smaller.

    Raises:
        UserError: if there is none, or one cannot be read.
    """
    most = round(LARGEST * size)
    return [
        it if min(it.size) <= most else resize_short_side(it, most) for it in paintings_in(folder)
    ]


def held_out_last(count: int, held_out: int, seed: int) -> tuple[list[int], list[int]]:
    """Numbers to learn from, and numbers to try; at most half of them."""
    order = random.Random(seed).sample(range(count), count)
    kept = count - min(held_out, count // 2)
    return order[:kept], order[kept:]
