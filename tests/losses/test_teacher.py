"""The loss that a teacher gives."""

import pytest
import torch

from fastnst.losses import TeacherLoss
from fastnst.networks import build_network, paint_styles, style_of


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build_network({"name": "resnet", "width": 4, "blocks": 1})


@pytest.mark.parametrize("measure", ["relative", "johnson2016"])
def test_each_picture_is_compared_with_its_own_style(network, batch, measure):
    photographs, numbers = batch(3, 32), torch.tensor([1, 0, 1])
    rows = torch.stack([style_of(network), 1.5 * style_of(network)])
    loss = TeacherLoss(network, rows, measure, 3.0)
    with torch.no_grad():
        painted = paint_styles(network, photographs, rows[numbers])
    assert loss(painted, photographs, numbers)["teacher"].abs().max() < 1e-6
    terms = loss(painted.roll(1, 0), photographs.roll(1, 0), numbers)
    wrong = terms["teacher"] > 1e-4
    assert wrong.tolist() == [False, True, True]  # of the first two the styles were exchanged
    torch.testing.assert_close(terms["weighted_teacher"], 3 * terms["teacher"])


def test_a_teacher_of_one_style_is_frozen_and_no_part_of_its_owner(network, batch):
    loss = TeacherLoss(network, None, "relative", 1.0)
    assert not loss.state_dict()
    assert not [*loss.parameters()]
    photographs = batch(1, 32)
    painted = torch.full_like(photographs, 0.5).requires_grad_()
    loss(painted, photographs, torch.zeros(1, dtype=torch.int64))["teacher"].sum().backward()
    assert painted.grad is not None
    assert all(values.grad is None for values in network.parameters())
