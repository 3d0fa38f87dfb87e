"""The fast training step against the same recipe written plainly, see scripts/plain_recipe.py."""

import copy

import plain_recipe
import pytest
import torch

from fastnst.config.groups import AdamSettings
from fastnst.learning.optimizers import build_optimizer
from fastnst.losses.network import LossNetwork
from fastnst.losses.perceptual import PerceptualLoss
from fastnst.machine.compilation import Compiled
from fastnst.machine.hardware import computes_bf16
from fastnst.networks import build_network

pytestmark = pytest.mark.slow

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
EITHER_WAY = pytest.mark.parametrize("pair", ["eager", "compiled"], indirect=True)
CPU, BF16 = torch.device("cpu"), {"device_type": "cpu", "dtype": torch.bfloat16}


def weights(network):
    return [parameter.detach().clone() for parameter in network.parameters()]


class Pair:
    """The same transformation network and the same loss, ours and plain."""

    def __init__(self, features, style, width=8, blocks=2):
        torch.manual_seed(0)
        plain_features = copy.deepcopy(features)
        self.loss = PerceptualLoss(
            LossNetwork(features, *IMAGENET),
            [style],
            "relative",
            "gram",
            {"relu2_2": 1.0},
            dict.fromkeys(plain_recipe.STYLE_LAYERS, 1.0),
            *(1, 10, 1),
        )
        self.network = build_network({"name": "resnet", "width": width, "blocks": blocks})
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in IMAGENET)
        self.plain_loss = plain_recipe.PlainLoss(plain_features, mean, std, style)
        self.plain_network = plain_recipe.PlainNetwork(width, blocks)
        self.plain_network.take(weights(self.network))

    def terms(self, photographs):
        return self.loss(self.network(photographs), photographs)


@pytest.fixture
def pair(request, small_features, batch, monkeypatch):
    compiled = getattr(request, "param", "eager") == "compiled"
    if compiled:
        # every layer is code of its own to compile, and further ones are no others
        layers = {name: plain_recipe.STYLE_LAYERS[name] for name in ("relu1_2", "relu2_2")}
        monkeypatch.setattr(plain_recipe, "STYLE_LAYERS", layers)
    pair = Pair(small_features(), batch(1, 48, seed=9), blocks=1 if compiled else 2)
    if compiled:
        pair.terms = Compiled(pair.terms)
    return pair


@EITHER_WAY
@pytest.mark.usefixtures("scalar_kernels")
def test_a_step_in_float32_is_the_plain_one(pair, batch):
    # with noise: in flat areas equal values meet in max pooling, and rounding would decide which of
    # them gets the gradient
    noise = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    photographs = batch(2, 64).lerp(noise, 0.5).to(memory_format=torch.channels_last)
    total = pair.terms(photographs)["total"]
    plain_total = pair.plain_loss(pair.plain_network(photographs), photographs)
    torch.testing.assert_close(total, plain_total, rtol=1e-4, atol=0)
    ours = torch.autograd.grad(total, list(pair.network.parameters()))
    plain = torch.autograd.grad(plain_total, list(pair.plain_network.parameters()))
    largest = max(grad.abs().max() for grad in plain)
    for grad, plain_grad in zip(ours, plain, strict=True):
        torch.testing.assert_close(grad, plain_grad, rtol=1e-3, atol=1e-4 * largest.item())


@EITHER_WAY
@pytest.mark.usefixtures("scalar_kernels")
def test_a_step_in_bfloat16_has_the_plain_losses(pair, batch):
    photographs = batch(4, 64)
    # gradients are code of its own to compile, and are seen in test_training_compiled_or_not
    with torch.no_grad(), torch.autocast(**BF16):
        terms = pair.terms(photographs.to(memory_format=torch.channels_last))
    exact = pair.loss(pair.network(photographs), photographs)
    for name in ("total", "content", "style", "tv"):
        torch.testing.assert_close(terms[name], exact[name], rtol=1e-2, atol=0, msg=name)
    plain = pair.plain_loss(pair.plain_network(photographs), photographs)
    torch.testing.assert_close(terms["total"], plain, rtol=1e-2, atol=0)


@pytest.mark.skipif(not computes_bf16(CPU), reason="bfloat16 is emulated here, slowly")
def test_real_features_in_bfloat16_give_the_plain_losses(vgg19, shared, batch):
    from fastnst.images.pixels import crop_center, to_tensor
    from fastnst.images.read import read_image

    photograph = crop_center(read_image(sorted((shared / "content").glob("*.jpg"))[0]), 128)
    style = crop_center(read_image(shared / "styles" / "starry_night.jpg"), 128)
    layers = dict.fromkeys(plain_recipe.STYLE_LAYERS, 1.0)
    loss = PerceptualLoss(
        vgg19, [to_tensor(style)[None]], "relative", "gram", {"relu2_2": 1.0}, layers, 1, 10, 1
    )
    torch.manual_seed(0)
    network = build_network({"name": "resnet", "width": 16, "blocks": 2})
    photographs = to_tensor(photograph)[None]
    with torch.no_grad():
        exact = loss(network(photographs), photographs)
        with torch.autocast(**BF16):
            fast = loss(network(photographs), photographs)
    for name in ("total", "content", "style"):
        torch.testing.assert_close(fast[name], exact[name], rtol=1e-2, atol=0, msg=name)


def train(step, network, photographs, steps=200):
    # a learning rate that falls to zero: the last steps of a constant one are noisy
    settings = AdamSettings(name="adam", lr=3e-3, clip=None, schedule="cosine")
    built = build_optimizer(network.parameters(), settings, steps)
    for number in range(steps):
        built["optimizer"].zero_grad()
        step(photographs[number % len(photographs)]).backward()
        built["optimizer"].step()
        built["lr_scheduler"]["scheduler"].step()


def test_200_steps_of_either_kind_learn_as_much(small_features, batch):
    pair = Pair(small_features(), batch(1, 48, seed=9), width=8, blocks=1)
    photographs, held_out = [batch(2, 32, seed=seed) for seed in range(10)], batch(4, 32, seed=99)

    def fast_step(images):
        with torch.autocast(**BF16):
            return pair.terms(images.to(memory_format=torch.channels_last))["total"]

    def plain_step(images):
        return pair.plain_loss(pair.plain_network(images), images)

    def measure(network):
        with torch.no_grad():
            return pair.plain_loss(network(held_out), held_out).item()

    before = measure(pair.network)
    train(fast_step, pair.network, photographs)
    train(plain_step, pair.plain_network, photographs)
    fast, plain = measure(pair.network), measure(pair.plain_network)
    assert plain < 0.7 * before
    assert fast == pytest.approx(plain, rel=0.15)
