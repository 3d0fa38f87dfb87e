"""One network at work: in few bits where the hardware computes them, compiled where that pays."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from fastnst.machine import Compiled, computes_bf16
from fastnst.models import OnnxNetwork
from fastnst.networks import (
    QuarterNetwork,
    Sample,
    TransformationNetwork,
    measure,
    share_statistics,
    want,
    with_areas,
)
from fastnst.stylizing.precision import in_few_bits

# Pixels of one size still to paint after which compiling the network for that size has won back
# the time it takes: on two cores of an Intel Xeon with AMX up to a minute against 0.13 seconds for
# each million pixels. For a GPU not measured yet.
PAYS_AFTER = {"cpu": 2**29, "cuda": 2**30}


class Painter:
    """Paints whole pictures, or the tiles of one.

    Args:
        network: a transformation network in `eval()` mode.
        device: where it runs.
        styles: `(R, K)`, numbers of styles to paint in at once, see `with_areas`; None for one.

    Attributes:
        style_count: how many styles there are in a picture; None for one.
        exported: whether it is one that can neither be compiled nor paint tiles: the statistics of
            its normalisations are out of reach.
    """

    def __init__(
        self, network: TransformationNetwork, device: torch.device, styles: Tensor | None = None
    ) -> None:
        self.style_count = None if styles is None else len(styles)
        if styles is not None:
            network = with_areas(network, styles)
        self.exported = isinstance(network, OnnxNetwork)
        self.network = network
        self.move(device)

    def move(self, device: torch.device) -> None:
        """Run on another device from now on."""
        self.network, self.device = self.network.to(device), device
        self._painting = in_few_bits(self.network, device, self.style_count)
        self._for_tiles: nn.Module | None = None
        self._features: list[Tensor] = []
        self._compiled: dict[tuple[Callable[[Tensor], Tensor], torch.Size], Compiled] = {}

    def __getstate__(self) -> dict[str, Any]:
        """For another process: its processor may be another one."""
        return {
            name: getattr(self, name) for name in ("network", "device", "style_count", "exported")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.move(self.device)

    def want(self, shares: Tensor) -> None:
        """Say how much of each style is wanted where, `(1, R, H, W)`, in what is painted next."""
        want(self._painting, shares)
        if self._for_tiles is not None:
            want(self._for_tiles, shares)

    def whole(self, pictures: Tensor, to_come: int = 0) -> Tensor:
        """Paint whole pictures.

        Args:
            pictures: `(N, 3, H, W)`, RGB in [0, 1].
            to_come: how many more of this size there will be; for enough of them the network is
                compiled first.

        Returns:
            `(N, 3, H, W)`, RGB in [0, 1], float32.
        """
        return self._run(self._painting, pictures, to_come)

    def look_at(self, samples: Sequence[Sample], keep: bool) -> None:
        """Take the statistics for the tiles of a picture from samples of it.

        Args:
            samples: of the picture.
            keep: that they are its tiles, and what was computed of them is to be kept for `tile`.
        """
        if self._for_tiles is None:
            self._for_tiles = share_statistics(self._painting)
        self.forget()
        with self._precision():
            features = measure(self._for_tiles, samples)
        if keep:
            self._features = features

    def tile(self, index: int, tile: Tensor, to_come: int = 0) -> Tensor:
        """Paint a tile of the picture last looked at; as `whole`.

        Args:
            index: of the tile among the samples, if these were the tiles.
            tile: `(1, 3, H, W)`, RGB in [0, 1].
            to_come: how many more tiles there will be.
        """
        assert self._for_tiles is not None  # `look_at` has made it
        if not self._features:
            return self._run(self._for_tiles, tile, to_come)
        assert isinstance(self._for_tiles, QuarterNetwork)  # of others `measure` gives no features
        height, width = tile.shape[-2:]
        features = self._features[index].to(tile.dtype)
        return self._run(self._for_tiles.finish, features, 4 * to_come)[..., :height, :width]

    def forget(self) -> None:
        """Free what `look_at` kept."""
        self._features = []

    def _run(self, function: Callable[[Tensor], Tensor], values: Tensor, to_come: int) -> Tensor:
        key = function, values.shape
        work = to_come * values.shape[2] * values.shape[3]
        pays = work >= PAYS_AFTER.get(self.device.type, float("inf"))
        if pays and not self.exported and self.style_count is None:
            self._compiled.setdefault(key, Compiled(function))
        with self._precision():
            return self._compiled.get(key, function)(values).float()

    def _precision(self) -> torch.autocast:
        bf16 = computes_bf16(self.device)
        return torch.autocast(self.device.type, torch.bfloat16, enabled=bf16)
