import random

import numpy as np
import pytest
import torch

from fastnst.learning.random_states import random_states, restore


def draw() -> list[float]:
    return [random.random(), np.random.rand(), torch.rand(()).item(), random.gauss(0, 1)]  # noqa: NPY002


@pytest.mark.parametrize("spare", [False, True])
def test_all_generators_go_on_where_they_were(spare, tmp_path):
    if spare:  # these keep a second number for the next time
        random.gauss(0, 1)
        np.random.standard_normal()  # noqa: NPY002
    torch.save(random_states(), tmp_path / "states")
    expected = draw()
    assert draw() != expected
    restore(torch.load(tmp_path / "states", weights_only=True))
    assert draw() == expected


def test_what_was_drawn_before_does_not_matter():
    random.seed(0)
    states = random_states()
    np.random.seed(5)  # noqa: NPY002
    torch.manual_seed(5)
    restore(states)
    first = draw()
    restore(states)
    assert draw() == first
