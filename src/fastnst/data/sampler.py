"""Which photograph comes when: an endless shuffle that can start anywhere."""

from collections.abc import Iterator

import torch
from torch.utils.data import Sampler

from fastnst.data.pictures import Drawn


class EndlessShuffle(Sampler[list[Drawn]]):
    """Batches of what is drawn of pictures: epoch after epoch, each shuffled anew by the seed.

    All of the data's randomness is drawn here, in the main process, so that it depends neither on
    the number of workers nor on what else draws random numbers; and batch `k` of a seed is always
    the same, so that a resumed run goes on with the batch that comes next. Epochs run on into each
    other: no batch is ever short, and a data set smaller than a batch is repeated in it. Styles
    are shuffled likewise, on their own: of as many pictures in a row as there are styles, each is
    painted in another one.

    Args:
        length: of the data set.
        batch_size: of one process.
        first, last: batches `first` to `last - 1` of the run are given out.
        seed: of the shuffles.
        hflip: whether every other picture, by chance, is mirrored.
        rank, processes: this process of so many; together they see each epoch once.
        start: how many pictures all processes have had before batch `first`; None: as many as are
            in so many batches like these.
        styles: how many there are.
    """

    def __init__(
        self,
        length: int,
        batch_size: int,
        first: int,
        last: int,
        seed: int,
        hflip: bool,
        rank: int = 0,
        processes: int = 1,
        start: int | None = None,
        styles: int = 1,
    ) -> None:
        self.length = length
        self.batch_size = batch_size
        self.first, self.last = first, last
        self.start = first * processes * batch_size if start is None else start
        self.seed, self.hflip = seed, hflip
        self.rank, self.processes = rank, processes
        self.styles = styles

    def __len__(self) -> int:
        """The number of the last batch: Lightning counts a resumed run's batches from zero too."""
        return self.last

    def __iter__(self) -> Iterator[list[Drawn]]:
        epoch = turn = -1
        order: list[int] = []
        mirrored: list[bool] = []
        styles: list[int] = []
        for batch in range(self.first, self.last):
            before = ((batch - self.first) * self.processes + self.rank) * self.batch_size
            drawn: list[Drawn] = []
            for position in range(self.start + before, self.start + before + self.batch_size):
                if position // self.length != epoch:
                    epoch = position // self.length
                    order, mirrored = self._shuffle(epoch)
                if position // self.styles != turn:
                    turn = position // self.styles
                    styles = self._turn(turn)
                place, style = position % self.length, styles[position % self.styles]
                drawn.append(Drawn(order[place], mirrored[place], style, position))
            yield drawn

    def _shuffle(self, epoch: int) -> tuple[list[int], list[bool]]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        order = torch.randperm(self.length, generator=generator).tolist()
        mirrored = torch.rand(self.length, generator=generator) < (0.5 if self.hflip else 0.0)
        return order, mirrored.tolist()

    def _turn(self, turn: int) -> list[int]:
        # other numbers than the pictures' for any seed that is allowed
        generator = torch.Generator().manual_seed(-1 - self.seed * 1_000_003 - turn)
        return torch.randperm(self.styles, generator=generator).tolist()
