"""Residual blocks and upsamplings in 8 bits against the same in float32."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from fastnst.machine import computes_int8
from fastnst.networks import (
    InstanceNorm2d,
    build_network,
    in_eight_bits,
    set_style,
    share_statistics,
    style_of,
    want,
    with_areas,
)
from fastnst.networks.eight_bit import DEVIATIONS, EightBitConv2d, EightBitUpsampleConv2d
from fastnst.networks.upsample_conv import UpsampleConv2d

pytestmark = pytest.mark.skipif(
    not computes_int8(torch.device("cpu")), reason="this processor does not multiply 8 bits"
)


def build(name="resnet", **arguments):
    torch.manual_seed(0)
    network = build_network({"name": name, "width": 8, "blocks": 2, **arguments})
    change(network, 1)
    return network.eval()


def change(network, seed):
    numbers = style_of(network)
    noise = torch.rand(numbers.shape, generator=torch.Generator().manual_seed(seed)) - 0.5
    set_style(network, numbers + noise)


def rounded(values, step, lowest, highest):
    return (values / step).round().clamp(lowest, highest) * step


@pytest.mark.parametrize("positive", [True, False])
def test_a_convolution_is_that_of_rounded_numbers(positive):
    torch.manual_seed(0)
    conv, norms = nn.Conv2d(6, 5, 3), [InstanceNorm2d(6) for _ in range(2)]
    for norm in norms:
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias)
    norms = norms[:1] if positive else norms
    features = 3 * torch.randn(2, 6, 9, 11)  # some beyond what has a step
    features = features.relu() if positive else features
    found = EightBitConv2d(conv.weight, norms, positive)(features)
    mean = sum(norm.bias for norm in norms)
    deviation = sum(norm.weight.square() for norm in norms).sqrt()
    if positive:
        steps = (DEVIATIONS * deviation + mean).max() / 255
        features = rounded(features, steps, 0, 255)
    else:
        steps = (DEVIATIONS * deviation + mean.abs()).max() / 127
        features = rounded(features, steps, -128, 127)
    weight = rounded(conv.weight, conv.weight.abs().amax((1, 2, 3), True) / 127, -127, 127)
    torch.testing.assert_close(found, F.conv2d(features, weight), rtol=1e-4, atol=1e-4)


def test_an_upsampling_is_nearly_the_same():
    torch.manual_seed(0)
    conv, norm = UpsampleConv2d(6, 5), InstanceNorm2d(6)
    features = norm(torch.randn(2, 6, 9, 11)).relu()
    assert conv.bias is not None
    exact = conv(features) - conv.bias[:, None, None]
    found = EightBitUpsampleConv2d(conv, [norm], positive=True)(features)
    assert (found - exact).abs().max() < 0.03 * exact.abs().max()


@pytest.mark.parametrize("name", ["resnet", "light"])
@torch.inference_mode()
def test_pictures_are_nearly_the_same(name, batch):
    network, photographs = build(name), batch(2, 40)
    exact, found = network(photographs), in_eight_bits(network)(photographs)
    assert not torch.equal(found, exact)
    assert (found - exact).abs().mean() < 1 / 255
    assert (found - exact).abs().max() < 16 / 255


@torch.inference_mode()
def test_several_styles_share_a_picture(batch):
    network, photographs = build(), batch(1, 40)
    styles = torch.stack([style_of(network), 2 * style_of(network)])
    regional = with_areas(network, styles)
    eight = in_eight_bits(regional)
    assert sum(isinstance(module, EightBitConv2d) for module in eight.modules()) == 6
    left = (torch.arange(40) < 20).float().expand(40, 40)
    for one in (regional, eight):
        want(one, torch.stack([left, 1 - left])[None])
    difference = (eight(photographs) - regional(photographs)).abs()
    assert 0 < difference.mean() < 1.5 / 255
    set_style(network, styles[1])  # the larger one
    steps = [
        [it._step_of_input().item() for it in one.modules() if isinstance(it, EightBitConv2d)]
        for one in (eight, in_eight_bits(network))
    ]
    assert steps[0] == pytest.approx(steps[1])


@torch.inference_mode()
def test_another_style_is_followed(batch):
    network, photographs = build(), batch(1, 32)
    eight = in_eight_bits(network)
    before = eight(photographs)
    change(network, 2)
    assert not torch.equal(eight(photographs), before)
    assert torch.equal(eight(photographs), in_eight_bits(network)(photographs))


def test_networks_that_normalise_otherwise_stay_as_they_are():
    for network in (
        build_network({"name": "johnson2016"}),
        build_network({"name": "resnet", "norm": "batch"}),
        build_network({"name": "resnet", "norm": "batch", "blocks": 0}),
    ):
        assert in_eight_bits(network) is network


def test_a_copy_for_tiles_rounds_too():
    network = build()
    shared = share_statistics(in_eight_bits(network))
    found = [module for module in shared.modules() if isinstance(module, EightBitConv2d)]
    assert len(found) == 6  # of two blocks and two upsamplings
    change(network, 2)
    anew = in_eight_bits(network)
    others = [module for module in anew.modules() if isinstance(module, EightBitConv2d)]
    for one, other in zip(found, others, strict=True):
        features = torch.rand(1, len(one.numbers[0][0]), 8, 8)
        assert torch.equal(one(features), other(features))
