"""One network at work: in bfloat16 where the hardware computes it, compiled where that pays."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fastnst.compilation import Compiled
from fastnst.hardware import computes_bf16
from fastnst.networks.shared_statistics import Sample, measure, share_statistics
from fastnst.onnx_network import OnnxNetwork

# Pixels of one size still to paint after which compiling the network for that size has won back
# the time it takes: on two cores of an AMD EPYC about 10 seconds against 0.4 for each million
# pixels. For a GPU not measured yet.
PAYS_AFTER = {"cpu": 2**25, "cuda": 2**30}


class Painter:
    """Paints whole pictures, or the tiles of one.

    Args:
        network: a transformation network in `eval()` mode.
        device: where it runs.

    Attributes:
        exported: whether it is one that can neither be compiled nor paint tiles: the statistics of
            its normalisations are out of reach.
    """

    def __init__(self, network: nn.Module, device: torch.device) -> None:
        self.network, self.device = network.to(device), device
        self.exported = isinstance(network, OnnxNetwork)
        self._for_tiles: nn.Module | None = None
        self._compiled: dict[tuple[nn.Module, torch.Size], Compiled] = {}

    def whole(self, pictures: Tensor, to_come: int = 0) -> Tensor:
        """Paint whole pictures.

        Args:
            pictures: `(N, 3, H, W)`, RGB in [0, 1].
            to_come: how many more of this size there will be; for enough of them the network is
                compiled first.

        Returns:
            `(N, 3, H, W)`, RGB in [0, 1], float32.
        """
        return self._run(self.network, pictures, to_come)

    def look_at(self, samples: Sequence[Sample]) -> None:
        """Take the statistics for the tiles of a picture from samples of it."""
        if self._for_tiles is None:
            self._for_tiles = share_statistics(self.network)
        with self._precision():
            measure(self._for_tiles, samples)

    def tile(self, tiles: Tensor, to_come: int = 0) -> Tensor:
        """Paint tiles of the picture last looked at; as `whole`."""
        return self._run(self._for_tiles, tiles, to_come)

    def _run(self, network: nn.Module, pixels: Tensor, to_come: int) -> Tensor:
        key = network, pixels.shape
        work = to_come * pixels.shape[2] * pixels.shape[3]
        if work >= PAYS_AFTER.get(self.device.type, float("inf")) and not self.exported:
            self._compiled.setdefault(key, Compiled(network))
        with self._precision():
            return self._compiled.get(key, network)(pixels).float()

    def _precision(self) -> torch.autocast:
        bf16 = computes_bf16(self.device)
        return torch.autocast(self.device.type, torch.bfloat16, enabled=bf16)
