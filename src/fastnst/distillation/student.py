"""The compact loss network while it learns from its teacher, and its first weights."""

from collections.abc import Collection, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fastnst.losses import (
    EXPOSED,
    MEAN,
    STD,
    LossNetwork,
    MaxPool2d,
    compact_features,
    compact_layer_indices,
)

ROWS = 2**17  # positions, at most, that a convolution is fitted to
PASSES = 8  # over them, to leave out of the fit what the ReLU cuts off anyway
RIDGE = 1e-6  # of the mean energy: keeps the solution small where the data leave it open


class Student(nn.Module):
    """The compact features, and for each exposed layer a linear embedding in the teacher's
    channels (Wang et al. 2020, "Collaborative distillation for ultra-resolution universal style
    transfer").

    Called as a loss network is, it gives what it takes the teacher's activations for.

    Args:
        channels: of the teacher, by layer.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channels: dict[str, int]) -> None:
        super().__init__()
        layers = (MaxPool2d() if isinstance(m, nn.MaxPool2d) else m for m in compact_features())
        self.features = nn.Sequential(*layers)
        found = compact_layer_indices(self.features)
        self.layers = {layer: found[layer] for layer in EXPOSED}
        self.embeddings = nn.ModuleDict(
            {
                layer: nn.Conv2d(width, channels[layer], 1, bias=False)
                for layer, width in EXPOSED.items()
            }
        )
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def forward(self, images: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """`(N, 3, H, W)`, RGB in [0, 1] -> by layer `(N, C, H', W')`, C being the teacher's."""
        embedded: dict[str, Tensor] = {}
        hidden = self.normalized(images)
        for index in range(max(self.layers[layer] for layer in layers) + 1):
            hidden = self.features[index](hidden)
            for layer in layers:
                if self.layers[layer] == index:
                    embedded[layer] = self.embeddings[layer](hidden)
        return embedded

    def normalized(self, images: Tensor) -> Tensor:
        """What the first convolution sees of `(N, 3, H, W)`."""
        return (images - self.mean) / self.std

    def loss_network_state(self) -> dict[str, Tensor]:
        """The weights of the compact loss network, as float16.

        Its heads are the R of each embedding E = QR: as Q keeps lengths, distances of activations
        R f are those of E f, and so are those of their Gram matrices, R G R^T and E G E^T, at the
        cost of the student's own channels.
        """
        state = {f"features.{name}": value for name, value in self.features.state_dict().items()}
        for layer, embedding in self.embeddings.items():
            weight = embedding.get_parameter("weight").detach()
            triangle = torch.linalg.qr(weight[:, :, 0, 0].cpu().double()).R
            state[f"heads.{layer}.weight"] = triangle[:, :, None, None]
        return {name: value.detach().cpu().half().contiguous() for name, value in state.items()}


@torch.no_grad()
def fit_to_teacher(
    student: Student, teacher: LossNetwork, units: dict[str, float], batches: Sequence[Tensor]
) -> None:
    """Give a student its first weights, layer by layer, by least squares.

    Each of its convolutions learns, from what the layers before it really give, what the teacher's
    of the same name computes in those channels that, together, say most about all of its
    activations. The embeddings learn the teacher's activations from the student's. Half a minute of
    this is far ahead of many minutes of gradient descent from random weights.

    Args:
        student: to be fitted, on the CPU.
        teacher: on the same device.
        units: what the teacher's activations of each exposed layer are divided by.
        batches: `(N, 3, H, W)` each, RGB in [0, 1].
    """
    generator = torch.Generator().manual_seed(0)
    rows = ROWS // len(batches)
    for name, index in compact_layer_indices(student.features).items():
        convolution = student.features[index - 1]
        assert isinstance(convolution, nn.Conv2d)
        assert convolution.bias is not None
        aims = [_before_relu(teacher, name, batch) for batch in batches]
        chosen, size = _most_telling([aim.relu() for aim in aims], convolution.out_channels)
        given: list[Tensor] = []
        wanted: list[Tensor] = []
        for batch, aim in zip(batches, aims, strict=True):
            patches = _patches(_first(student.features, index - 1, student.normalized(batch)))
            some = torch.randperm(len(patches), generator=generator)[:rows]
            given.append(patches[some])
            wanted.append(_rows(aim[:, chosen])[some])
        solution = _fit_before_relu(torch.cat(given), torch.cat(wanted)) / size
        convolution.weight.copy_(solution[:-1].T.unflatten(1, (-1, 3, 3)))
        convolution.bias.copy_(solution[-1])
    fit_embeddings(student, teacher, units, batches)


@torch.no_grad()
def fit_embeddings(
    student: Student, teacher: LossNetwork, units: dict[str, float], batches: Sequence[Tensor]
) -> None:
    """Give a student the best embeddings for the features that it has; see `fit_to_teacher`."""
    places = compact_layer_indices(student.features)
    for name, unit in units.items():
        features = (
            _first(student.features, places[name] + 1, student.normalized(b)) for b in batches
        )
        aims = (_before_relu(teacher, name, batch).relu() / unit for batch in batches)
        solution = _least_squares(
            torch.cat([*map(_rows, features)]), torch.cat([*map(_rows, aims)])
        )
        student.embeddings[name].get_parameter("weight").copy_(solution.T[:, :, None, None])


def _before_relu(network: LossNetwork, layer: str, images: Tensor) -> Tensor:
    """What a VGG's ReLU is given."""
    images = (images - network.mean) / network.std
    return _first(network.features, network.layers[layer], images)


def _first(layers: nn.Sequential, count: int, images: Tensor) -> Tensor:
    """What the first of the layers make of it."""
    for layer in layers[:count]:
        images = layer(images)
    return images


def _rows(features: Tensor) -> Tensor:
    """`(N, C, H, W)` -> a row for each position."""
    return features.permute(0, 2, 3, 1).flatten(0, 2)


def _patches(features: Tensor) -> Tensor:
    """A row for each position: what a 3x3 convolution sees there, and 1 for its bias."""
    rows = F.unfold(features, 3, padding=1).transpose(1, 2).flatten(0, 1)
    return F.pad(rows, (0, 1), value=1.0)


def _most_telling(activations: Sequence[Tensor], count: int) -> tuple[Tensor, float]:
    """Choose the channels that span most of the others' energy, one after the other: a Cholesky
    decomposition of their second moments with pivots.

    Returns:
        Their numbers, and the root mean square of what is chosen.
    """
    squares: Any = sum(rows.T @ rows for rows in map(_rows, activations))
    left: Tensor = squares.double()
    positions = sum(_rows(batch).shape[0] for batch in activations)
    energy = left.diagonal().clone()
    chosen: list[int] = []
    for _ in range(count):
        channel = int(left.diagonal().argmax())
        chosen.append(channel)
        column = left[:, channel] / left[channel, channel].clamp(min=1e-30).sqrt()
        left = left - torch.outer(column, column)
        left[channel, channel] = -torch.inf  # not again
    mean = energy[chosen].sum() / (positions * count)
    return torch.tensor(chosen), max(mean.sqrt().item(), 1e-12)


def _fit_before_relu(given: Tensor, wanted: Tensor) -> Tensor:
    """The matrix that takes inputs to outputs which are near the wanted ones after the ReLU.

    Where the wanted value is negative every negative one is as good. So what is aimed at there is,
    from the second pass on, what the pass before gave, if that is negative, and else 0.

    Args:
        given: `(P, A)`.
        wanted: `(P, B)`, before the ReLU.

    Returns:
        `(A, B)`.
    """
    factor = _factor(given)
    solution = _solve(factor, given, wanted)
    for _ in range(PASSES):
        aim = torch.where(wanted > 0, wanted, (given @ solution).clamp(max=0))
        solution = _solve(factor, given, aim)
    return solution


def _least_squares(given: Tensor, wanted: Tensor) -> Tensor:
    """The matrix `(A, B)` that takes inputs `(P, A)` to outputs near `(P, B)`."""
    return _solve(_factor(given), given, wanted)


def _factor(given: Tensor) -> Tensor:
    squares: Any = sum(part.double().T @ part.double() for part in given.split(2**14))
    ridge = RIDGE * squares.diagonal().mean() * torch.eye(len(squares)).double()
    return torch.linalg.cholesky(squares + ridge)


def _solve(factor: Tensor, given: Tensor, wanted: Tensor) -> Tensor:
    return torch.cholesky_solve((given.T @ wanted).double(), factor).float()
