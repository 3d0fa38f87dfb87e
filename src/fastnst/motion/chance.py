"""Random numbers that depend on nothing but what they are for.

A generator has a state, which would have to be kept with the run, and asked on the processor, for
which a GPU would wait. Here a number is a hash of the seed, of what is drawn and of its place among
all that is drawn for it: the same on every device, in any order, after any resumption.
"""

import torch
from torch import Tensor

BITS = 2**32 - 1


def uniform(seeds: Tensor, count: int) -> Tensor:
    """Numbers in [0, 1): int64 `(N,)` -> float32 `(N, count)`."""
    places = torch.arange(count, device=seeds.device)
    bits = _mixed(_mixed(seeds)[:, None] + places * 0x9E3779B1)
    return (bits >> 8).float() / 2**24  # as many bits as a float32 has


def normal(seeds: Tensor, count: int) -> Tensor:
    """Numbers of mean 0 and deviation 1 (Box, Muller 1958): int64 `(N,)` -> `(N, count)`."""
    length, angle = uniform(seeds, 2 * count).chunk(2, 1)
    return (-2 * (1 - length).log()).sqrt() * (2 * torch.pi * angle).cos()


def further(seeds: Tensor, what: int) -> Tensor:
    """Other seeds, for something else that is drawn for the same."""
    return _mixed(_mixed(seeds) + what)


def _mixed(numbers: Tensor) -> Tensor:
    """Each bit of 32 depends on all (Chris Wellons 2018, the hash lowbias32)."""
    numbers = numbers & BITS
    numbers = (numbers ^ (numbers >> 16)) * 0x7FEB352D & BITS
    numbers = (numbers ^ (numbers >> 15)) * 0x846CA68B & BITS
    return numbers ^ (numbers >> 16)
