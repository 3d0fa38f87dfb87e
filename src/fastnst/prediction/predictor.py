"""The predictor: from what is seen of a painting to the numbers of its style, without training.

Ghiasi, Lee, Kudlur, Dumoulin, Shlens 2017 ("Exploring the structure of a real-time, arbitrary
neural artistic stylization network") predict the scales and shifts of conditional instance
normalisation from the features of an ImageNet network. Here they are predicted from statistics of
the loss network's own, which are what the style loss compares.
"""

from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import Tensor, nn

from fastnst.losses import EXPOSED, LossNetwork
from fastnst.machine import UserError, whole_file
from fastnst.prediction.statistics import DIRECTIONS, kinds_of_statistics, painting_statistics

WEIGHTS = Path(__file__).parent / "predictor.safetensors"
SEEN = 128  # numbers that a painting is summed up in
HIDDEN = 256
BOUND = 4.0  # deviations; what is farther off than any painting that was learnt from says no more


class Predictor(nn.Module):
    """Statistics of paintings in, numbers of styles out.

    What is seen of a painting is fixed, its principal components; what they mean is learnt.

    Args:
        styles: how many numbers a style has, K.
        network: fingerprint of the network that the styles belong to.
    """

    def __init__(self, styles: int, network: str) -> None:
        super().__init__()
        self.network = network
        statistics = sum(kinds_of_statistics())
        for layer, count in DIRECTIONS.items():
            self.register_buffer(f"along_{layer}", torch.zeros(EXPOSED[layer], count))
        self.register_buffer("centre", torch.zeros(statistics))
        self.register_buffer("spread", torch.ones(statistics))
        self.register_buffer("components", torch.zeros(SEEN, statistics))
        # what the network's own styles have
        self.register_buffer("middle", torch.zeros(styles))
        self.register_buffer("reach", torch.ones(styles))
        self.think = nn.Sequential(
            nn.Linear(SEEN, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, SEEN, bias=False)
        )
        self.say = nn.Linear(SEEN, styles)
        nn.init.zeros_(self.say.weight)
        nn.init.zeros_(self.say.bias)

    @property
    def along(self) -> dict[str, Tensor]:
        """The directions by layer, as `painting_statistics` wants them."""
        return {layer: self.get_buffer(f"along_{layer}") for layer in DIRECTIONS}

    def forward(self, statistics: Tensor) -> Tensor:
        """`(N, F)` -> `(N, K)`."""
        spread: Tensor = self.get_buffer("spread")
        usual = ((statistics - self.get_buffer("centre")) / spread).clamp(-BOUND, BOUND)
        seen = F.linear(usual, self.get_buffer("components")).clamp(-BOUND, BOUND)
        summary = seen + self.think(F.layer_norm(seen, seen.shape[1:]))
        return self.get_buffer("middle") + self.get_buffer("reach") * self.say(summary)

    @torch.no_grad()
    def predict(self, loss_network: LossNetwork, painting: Tensor) -> Tensor:
        """The style of a painting.

        Args:
            loss_network: the compact one.
            painting: `(1, 3, H, W)`, RGB in [0, 1].

        Returns:
            `(K,)`.
        """
        return self(painting_statistics(loss_network, painting, self.along)[None])[0]


def write_predictor(path: Path, predictor: Predictor) -> None:
    """Write a predictor in half precision; its file appears whole or not at all."""
    values = predictor.state_dict().items()
    state = {name: value.cpu().half().contiguous() for name, value in values}
    with whole_file(path) as temporary:
        temporary.write_bytes(
            save(state, {"format": "fastnst predictor", "network": predictor.network})
        )


def read_predictor(path: Path = WEIGHTS) -> Predictor:
    """Read a predictor; no code in its file is run.

    Raises:
        UserError: if it is not there or is none.
    """
    if not path.is_file():
        raise UserError(f"There is no predictor {path}: make one with fastnst train-predictor.")
    try:
        with safetensors.safe_open(path, "pt") as file:
            state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (it is no mapping)
            network = file.metadata()["network"]
        with torch.device("meta"):  # without drawing weights, which would change what is drawn next
            predictor = Predictor(len(state["middle"]), network)
        predictor.load_state_dict(state, assign=True)
        if not all(value.isfinite().all() for value in state.values()):
            raise ValueError("not all of its numbers are finite")
    except (KeyError, TypeError, ValueError, RuntimeError, OSError,
            safetensors.SafetensorError) as error:  # fmt: skip
        raise UserError(
            f"{path} is no predictor, or is cut off or damaged: give one that fastnst "
            f"train-predictor wrote."
        ) from error
    return predictor.eval().requires_grad_(False)
