import pytest
import torch
from torch import nn

from fastnst.config.groups import AdamSettings, SGDSettings
from fastnst.learning.optimizers import build_optimizer, set_learning_rate


def build(steps=10, **changes):
    values = {"name": "adam", "lr": 0.01, "clip": None, "schedule": "constant", **changes}
    if values["name"] == "sgd":
        settings = SGDSettings(**{"momentum": 0.9, **values})
    else:
        settings = AdamSettings(**values)
    parameter = nn.Parameter(torch.ones(3))
    return parameter, build_optimizer([parameter], settings, steps)


def rates(built, steps):
    optimizer = built["optimizer"]
    values = []
    for _ in range(steps):
        optimizer.step()
        if "lr_scheduler" in built:
            built["lr_scheduler"]["scheduler"].step()
        values.append(optimizer.param_groups[0]["lr"])
    return values


def test_adam():
    parameter, built = build(lr=0.02)
    optimizer = built["optimizer"]
    assert type(optimizer) is torch.optim.Adam
    assert optimizer.param_groups[0]["lr"] == 0.02
    assert optimizer.param_groups[0]["params"] == [parameter]


@pytest.mark.parametrize(("momentum", "expected"), [(0.0, 0.0), (0.8, 0.8)])
def test_sgd(momentum, expected):
    _, built = build(name="sgd", lr=0.5, momentum=momentum)
    optimizer = built["optimizer"]
    assert type(optimizer) is torch.optim.SGD
    assert optimizer.param_groups[0]["lr"] == 0.5
    assert optimizer.param_groups[0]["momentum"] == expected


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_a_step_goes_downhill(name):
    parameter, built = build(name=name)
    parameter.square().sum().backward()
    built["optimizer"].step()
    assert (parameter < 1).all()


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_a_constant_rate_stays(name):
    _, built = build(name=name)
    assert rates(built, 10) == [0.01] * 10


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_a_cosine_falls_to_zero_at_the_last_step(name):
    _, built = build(name=name, schedule="cosine", steps=10)
    assert built["lr_scheduler"]["interval"] == "step"
    values = rates(built, 10)
    assert values == sorted(values, reverse=True)
    assert values[4] == pytest.approx(0.005)
    assert values[8] > 1e-5
    assert values[9] == pytest.approx(0, abs=1e-9)


def test_a_cosine_with_more_steps_goes_on_falling_to_the_new_end():
    _, first = build(schedule="cosine", steps=4)
    rates(first, 4)
    _, longer = build(schedule="cosine", steps=8)
    longer["optimizer"].load_state_dict(first["optimizer"].state_dict())
    longer["lr_scheduler"]["scheduler"].load_state_dict(
        first["lr_scheduler"]["scheduler"].state_dict()
    )
    values = rates(longer, 4)
    assert values == sorted(values, reverse=True)
    assert values[0] < 0.005
    assert values[-1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_a_resumed_optimizer_takes_the_rate_that_is_set_now(schedule):
    _, before = build(schedule=schedule)
    rates(before, 4)
    _, after = build(schedule=schedule)
    after["optimizer"].load_state_dict(before["optimizer"].state_dict())
    schedules = []
    if schedule == "cosine":
        schedules = [after["lr_scheduler"]["scheduler"]]
        schedules[0].load_state_dict(before["lr_scheduler"]["scheduler"].state_dict())
    set_learning_rate(after["optimizer"], schedules, 0.01)
    expected = rates(before, 6)
    set_learning_rate(after["optimizer"], schedules, 0.001)
    assert after["optimizer"].param_groups[0]["lr"] < 0.002
    assert rates(after, 6) == pytest.approx([rate / 10 for rate in expected])
