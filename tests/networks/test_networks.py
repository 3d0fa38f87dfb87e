import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from fastnst.networks import (
    InstanceNorm2d,
    Johnson2016,
    Light,
    ResNet,
    UpsampleConv2d,
    build_network,
)
from fastnst.networks.light import UpsampleToRGB
from fastnst.networks.padding import pad_to_multiple, reflect_pad

NARROW = {"width": 4, "blocks": 1}


def small(name):
    torch.manual_seed(0)
    made = {"resnet": ResNet, "light": Light}
    return made[name](**NARROW) if name in made else Johnson2016()


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_default_network_has_the_size_of_the_papers():
    assert count(ResNet()) == 1_679_235


def test_the_light_network_is_light():
    assert count(Light()) == 318_723


def test_upsampling_to_rgb_is_what_it_says():
    torch.manual_seed(0)
    layer = UpsampleToRGB(4)
    features = torch.rand(2, 4, 5, 7, requires_grad=True)
    larger = F.interpolate(features, scale_factor=2, mode="nearest")
    padded = F.pad(larger, (2, 2, 2, 2), "replicate")
    expected = F.conv2d(padded, layer.weight, layer.bias)
    painted = layer(features)
    torch.testing.assert_close(painted, expected)
    given = [features, *layer.parameters()]
    for own, plain in zip(*(torch.autograd.grad(output.square().sum(), given)
                            for output in (painted, expected)), strict=True):  # fmt: skip
        torch.testing.assert_close(own, plain, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["resnet", "light", "johnson2016"])
@pytest.mark.parametrize(
    "size", [(16, 16), (16, 67), (17, 16), (19, 23), (33, 18), (34, 34), (45, 20), (64, 47)]
)
def test_the_output_has_the_size_of_the_input(name, size):
    network = small(name).eval()
    with torch.no_grad():
        output = network(torch.rand(2, 3, *size))
    assert output.shape == (2, 3, *size)
    assert output.min() >= 0
    assert output.max() <= 1


@pytest.mark.parametrize("name", ["resnet", "light", "johnson2016"])
@pytest.mark.parametrize("size", [(15, 64), (64, 15), (1, 1)])
def test_small_images_are_refused(name, size):
    with pytest.raises(ValueError, match="16x16"):
        small(name)(torch.rand(1, 3, *size))


@pytest.mark.parametrize("name", ["resnet", "light", "johnson2016"])
def test_the_output_stays_in_range(name):
    network = small(name).eval()
    *_, bias = network.to_rgb.parameters()
    bias.data += torch.tensor([100.0, 0.0, -100.0])
    with torch.no_grad():
        red, _, blue = network(torch.rand(1, 3, 32, 32))[0]
    assert 0.99 < red.min() <= red.max() <= 1
    assert 0 <= blue.min() <= blue.max() < 0.01


@pytest.mark.parametrize("name", ["resnet", "light", "johnson2016"])
def test_every_parameter_gets_a_finite_gradient(name):
    network = small(name)
    network(torch.rand(2, 3, 24, 24)).square().mean().backward()
    for path, parameter in network.named_parameters():
        assert parameter.grad is not None, path
        assert parameter.grad.isfinite().all(), path
    assert next(network.parameters()).grad.abs().sum() > 0


def kinds(network):
    return {type(module) for module in network.modules()}


def test_instance_norm_keeps_no_running_statistics():
    network = ResNet(**NARROW)
    assert InstanceNorm2d in kinds(network)
    assert nn.BatchNorm2d not in kinds(network)
    assert not [name for name in network.state_dict() if "running" in name]
    images = torch.rand(1, 3, 16, 16)
    alone, beside = network(images)[0], network(torch.cat([images, 0.1 * images]))[0]
    torch.testing.assert_close(alone, beside, atol=1e-4, rtol=1e-4)


def test_batch_norm():
    network = ResNet(**NARROW, norm="batch")
    assert nn.BatchNorm2d in kinds(network)
    assert InstanceNorm2d not in kinds(network)
    assert [name for name in network.state_dict() if "running_mean" in name]


@pytest.mark.parametrize(("upsample", "transposed"), [("nearest", False), ("transposed", True)])
def test_upsampling(upsample, transposed):
    network = ResNet(**NARROW, upsample=upsample)
    assert (nn.ConvTranspose2d in kinds(network)) == transposed
    assert (UpsampleConv2d in kinds(network)) != transposed
    assert network(torch.rand(1, 3, 21, 18)).shape == (1, 3, 21, 18)


def test_width_and_blocks():
    assert ResNet(width=8).downsample[0][1].out_channels == 8
    assert ResNet(width=8).residual[0].body[0][1].in_channels == 32
    assert len(ResNet(width=4, blocks=2).residual) == 2
    # a block is two 3x3 convolutions with biases and two affine normalisations
    block = 2 * (16 * 16 * 9 + 16) + 2 * 2 * 16
    assert count(ResNet(width=4, blocks=3)) - count(ResNet(width=4, blocks=2)) == block


def test_networks_are_built_from_their_description():
    network = build_network({"name": "resnet", **NARROW, "norm": "batch", "upsample": "nearest"})
    assert count(network) == count(ResNet(**NARROW, norm="batch"))
    description = {"name": "johnson2016"}
    assert isinstance(build_network(description), Johnson2016)
    assert description == {"name": "johnson2016"}


def test_johnson2016_takes_its_padding_away_exactly():
    network = Johnson2016().eval()
    seen = {}
    network.downsample.register_forward_hook(lambda _, ins, out: seen.update(i=ins[0], d=out))
    network.residual.register_forward_hook(lambda _, __, out: seen.update(r=out))
    images = torch.rand(1, 3, 32, 20)
    with torch.no_grad():
        network(images)
    assert seen["i"].shape == (1, 3, 32 + 80, 20 + 80)
    assert torch.equal(seen["i"][..., 40:-40, 40:-40], images)
    assert seen["d"].shape == (1, 128, 28, 25)
    assert seen["r"].shape == (1, 128, 32 // 4, 20 // 4)


def test_johnson2016_crops_its_shortcuts_in_the_middle():
    network = Johnson2016().eval()
    for block in network.residual:
        for parameter in block.body[-1].parameters():
            parameter.data.zero_()
    features = torch.rand(1, 128, 26, 30)
    with torch.no_grad():
        assert torch.equal(network.residual(features), features[..., 10:-10, 10:-10])


@pytest.mark.parametrize("amounts", [(0, 0, 0, 0), (1, 2, 3, 4), (6, 6, 4, 4), (0, 3, 0, 0)])
def test_reflect_pad_is_torchs_for_small_amounts(amounts):
    images = torch.rand(2, 3, 5, 7)
    assert torch.equal(reflect_pad(images, *amounts), F.pad(images, amounts, mode="reflect"))


@pytest.mark.parametrize("amounts", [(7, 0, 0, 5), (40, 40, 40, 40), (13, 2, 1, 30)])
@pytest.mark.parametrize("size", [(5, 7), (2, 16)])
def test_reflect_pad_reflects_as_often_as_it_takes(amounts, size):
    images = torch.rand(1, 2, *size)
    left, right, top, bottom = amounts
    expected = np.pad(images.numpy(), ((0, 0), (0, 0), (top, bottom), (left, right)), "reflect")
    np.testing.assert_array_equal(reflect_pad(images, *amounts).numpy(), expected)


@pytest.mark.parametrize("size", [(16, 16), (17, 18), (19, 20)])
def test_pad_to_multiple(size):
    images = torch.rand(1, 3, *size)
    padded = pad_to_multiple(images, 4)
    assert padded.shape == (1, 3, *(-(-side // 4) * 4 for side in size))
    assert torch.equal(padded[..., : size[0], : size[1]], images)
