import pytest
import torch
from torch import nn

from fastnst.evaluation.measures import equivalent_iterations, measure, optimize_from, paint
from fastnst.losses.perceptual import PerceptualLoss
from fastnst.optimization.pixels import optimize

CPU = torch.device("cpu")
LAYERS = {"relu1_2": 1.0, "relu2_2": 1.0}


@pytest.fixture
def loss(small_vgg, batch) -> PerceptualLoss:
    return PerceptualLoss(
        small_vgg, [batch(1, 32, seed=9)], "relative", "gram", {"relu2_2": 1.0}, LAYERS, 1, 10, 1
    )


class Painted(nn.Module):
    """Knows its answers."""

    def __init__(self, *pictures: torch.Tensor) -> None:
        super().__init__()
        self.pictures = list(pictures)

    def forward(self, photograph: torch.Tensor) -> torch.Tensor:
        self.pictures.append(self.pictures.pop(0))
        return self.pictures[-1]


@pytest.mark.parametrize(
    ("total", "expected"), [(9, 0), (8, 0), (7.9, 1), (5, 1), (4, 3), (2, 3), (1.9, None)]
)
def test_equivalent_iterations_are_those_to_the_first_loss_as_low(total, expected):
    assert equivalent_iterations([8, 5, 4.5, 2], total) == expected


@pytest.mark.slow
def test_what_optimisation_paints_after_some_iterations_is_worth_as_many(loss, batch):
    photograph = batch(1, 32)
    pictures = [step.picture for step in optimize(loss, photograph, photograph, 8)]
    counted = []
    found = optimize_from(loss, photograph, 8, lambda: counted.append(1))
    assert len(counted) == 8
    assert len(found.totals) == 9
    assert torch.equal(found.picture, pictures[8])
    assert found.seconds > 0
    for number in (0, 1, 3, 8):
        painted, seconds = paint(Painted(pictures[number]), photograph, CPU)
        assert seconds >= 0
        (total,) = measure(loss, painted, photograph)["total"]
        # a hair more than there, for rounding
        assert equivalent_iterations(found.totals, total * 1.00001) == number
        assert equivalent_iterations(found.totals, total * 0.9999) in (number + 1, None)


def test_each_photograph_is_measured_by_itself(loss, batch):
    photographs, painted = batch(3, 32), batch(3, 32, seed=4)
    terms = measure(loss, painted, photographs)
    assert terms.keys() >= {"total", "content", "style", "tv"}
    for number in range(3):
        alone = loss(painted[number : number + 1], photographs[number : number + 1])
        assert terms["total"][number] == pytest.approx(alone["total"].item(), rel=1e-5)
    assert len(set(terms["total"])) == 3


def test_pictures_come_in_the_order_of_the_photographs(batch):
    photographs = batch(7, 32)
    painted, _ = paint(Painted(*photographs.flip(3).split(1)), photographs, CPU)
    assert torch.equal(painted, photographs.flip(3))
