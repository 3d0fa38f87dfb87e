"""Prepared pictures in the memory of the device: batches are put together there, by no loader."""

import logging
import os
import sys
from collections.abc import Iterator

import torch
from torch import Tensor

from fastnst.data.pictures import Batch
from fastnst.data.prepared import PreparedPictures
from fastnst.data.sampler import EndlessShuffle
from fastnst.machine import free_memory, readable_size

log = logging.getLogger(__name__)

GPU_SHARE = 0.7  # of its free memory: the training needs some as well
CPU_SHARE = 0.5
CHUNK = 256  # pictures copied at a time


class ResidentBatches:
    """Training batches of pictures that are on the device.

    Args:
        pictures: uint8 `(N, S, S, 3)`.
        shuffle: which pictures each batch is of.
    """

    def __init__(self, pictures: Tensor, shuffle: EndlessShuffle) -> None:
        self.pictures, self.shuffle = pictures, shuffle

    def __len__(self) -> int:
        return len(self.shuffle)

    def __iter__(self) -> Iterator[Batch]:
        for drawn in self.shuffle:
            # a copy that blocks would wait for all that the device has still to do; but others than
            # CUDA devices may read these tensors when they are gone already:
            # https://github.com/pytorch/pytorch/issues/139550
            free = self.pictures.device.type == "cuda"
            index, mirrored, styles, draws = (
                torch.tensor(column).to(self.pictures.device, non_blocking=free)
                for column in zip(*drawn, strict=True)
            )
            yield Batch(self.pictures.index_select(0, index), mirrored, styles, draws, {})


def load(prepared: PreparedPictures, device: torch.device) -> Tensor | None:
    """All prepared pictures, uint8 `(N, S, S, 3)`, on the device; None if they are too large."""
    needed, free, share = prepared.rows.nbytes, *_memory(device)
    if needed > share * free:
        log.warning(
            "The prepared pictures (%s) are more than %d %% of the memory free on %s (%s): they "
            "are read from disk.",
            *(readable_size(needed), 100 * share, device, readable_size(free)),
        )
        return None
    pictures = torch.empty(prepared.rows.shape, dtype=torch.uint8, device=device)
    for start in range(0, len(pictures), CHUNK):
        rows = torch.from_numpy(prepared.rows[start : start + CHUNK].copy())
        pictures[start : start + CHUNK] = rows
    return pictures


def _memory(device: torch.device) -> tuple[int, float]:
    """Free bytes, and the share of them to use at most."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0], GPU_SHARE
    # the processor's, which other accelerators share
    free = free_memory()
    if free is not None:
        return free, CPU_SHARE
    if sys.platform == "darwin":  # does not say how much of it is free
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), CPU_SHARE
    return sys.maxsize, CPU_SHARE
