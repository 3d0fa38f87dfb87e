"""Learning a style on, from any numbers."""

import sys
import time

import pytest
import torch
from omegaconf import OmegaConf
from small.stylizing import write_small_model

from fastnst.config.hydra import CONFIGS
from fastnst.losses import LossNetwork
from fastnst.machine import UserError
from fastnst.models import read_network
from fastnst.networks import style_of
from fastnst.prediction import LOSS, finish
from fastnst.prediction.finish import TRY_EVERY

finishing = sys.modules["fastnst.prediction.finish"]  # whose name the function hides


@pytest.fixture
def network(tmp_path):
    return read_network(write_small_model(tmp_path / "model.safetensors")).network


@pytest.fixture
def loss_network(small_features):
    return LossNetwork(small_features(), (0.5,) * 3, (0.25,) * 3)


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    monkeypatch.setattr(finishing, "SIDE", 32)
    monkeypatch.setattr(finishing, "COMPILED_FROM", float("inf"))


@pytest.fixture
def clock(monkeypatch):
    """Each look at it is a second later."""
    now = iter(range(10**6))
    monkeypatch.setattr(finishing.time, "monotonic", lambda: float(next(now)))


def painting():
    torch.manual_seed(1)
    return torch.nn.functional.interpolate(torch.rand(1, 3, 12, 12), (48, 48))


def test_the_loss_is_the_one_of_training():
    config, recipe = (
        OmegaConf.load(CONFIGS / file)
        for file in ("loss/relative.yaml", "experiment/new_style.yaml")
    )
    assert OmegaConf.to_container(config) | OmegaConf.to_container(recipe.loss) == LOSS | {
        "style_weight": f"${{oc.select:style.style_weight,{LOSS['style_weight']}}}",
        "tv_weight": f"${{oc.select:style.tv_weight,{LOSS['tv_weight']}}}",
        # there is no motion
        "temporal_weight": "${oc.select:motion.temporal_weight,0.0}",
        "temporal_feature_weight": "${oc.select:motion.temporal_feature_weight,0.0}",
    }


@pytest.mark.slow
def test_it_gets_better_and_leaves_the_network_alone(network, loss_network, clock):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    numbers, said = style_of(network), []
    found = finish(network, numbers, painting(), loss_network, 120.0 - 1, said.append)
    assert found.shape == numbers.shape
    assert not torch.equal(found, numbers)
    assert said[-1].style < said[0].style
    assert [one.steps for one in said[:2]] == [0, TRY_EVERY]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.slow
def test_ctrl_c_keeps_the_best(network, loss_network, clock):
    def stop(progress):
        if progress.steps == TRY_EVERY:
            raise KeyboardInterrupt

    found = finish(network, style_of(network), painting(), loss_network, 1e5, stop)
    assert not torch.equal(found, style_of(network))


@pytest.mark.slow
def test_ctrl_c_before_the_second_trial_keeps_what_was_learnt(
    network, loss_network, clock, monkeypatch
):
    drawn = []

    def draw(number, device):
        drawn.append(number)
        if len(drawn) > finishing.TRIED + 20:
            raise KeyboardInterrupt
        return real(number, device)

    real = finishing._drawn
    monkeypatch.setattr(finishing, "_drawn", draw)
    found = finish(network, style_of(network), painting(), loss_network, 1e5)
    assert not torch.equal(found, style_of(network))


def test_a_loss_that_is_no_number(network, loss_network):
    with pytest.raises(UserError, match="no finite number"):
        finish(network, style_of(network) * float("nan"), painting(), loss_network, 1.0)


@pytest.mark.slow
@pytest.mark.usefixtures("scalar_kernels")
def test_a_long_time_is_spent_compiled(network, loss_network, monkeypatch, caplog):
    monkeypatch.setattr(finishing, "COMPILED_FROM", 0.0)
    # every layer is code of its own to compile, and those further up are no others
    for layers in ("content_layers", "style_layers"):
        monkeypatch.setitem(LOSS, layers, {"relu1_2": 1.0})
    caplog.set_level("INFO", "fastnst")
    said = []

    def stop(progress):
        said.append(progress)
        if progress.steps:
            raise KeyboardInterrupt

    finish(network, style_of(network), painting(), loss_network, 1e5, stop)
    assert said[-1].style < said[0].style
    assert "Compiling" in caplog.text
    assert "without torch.compile" not in caplog.text


@pytest.mark.gpu
def test_on_a_gpu(network, loss_network):
    numbers = style_of(network).cuda()
    found = finish(network.cuda(), numbers, painting().cuda(), loss_network.cuda(), 2.0)
    assert found.device == numbers.device
    assert not torch.equal(found, numbers)


@pytest.mark.slow
def test_what_does_not_get_better_is_not_taken(network, loss_network, clock, monkeypatch):
    monkeypatch.setattr(finishing, "LEARNING_RATE", 1e30)
    numbers = style_of(network)
    assert torch.equal(finish(network, numbers, painting(), loss_network, 60.0), numbers)


@pytest.mark.slow
def test_the_same_numbers_are_as_good_in_every_trial(network, loss_network, clock, monkeypatch):
    monkeypatch.setattr(finishing, "LEARNING_RATE", 0.0)
    said = []
    finish(network, style_of(network), painting(), loss_network, 60.0, said.append)
    assert len(said) > 2
    assert len({(one.content, one.style) for one in said}) == 1


@pytest.mark.slow
def test_it_takes_the_time_that_it_is_given(network, loss_network):
    began = time.monotonic()
    finish(network, style_of(network), painting(), loss_network, 0.3)
    assert time.monotonic() - began > 0.3
