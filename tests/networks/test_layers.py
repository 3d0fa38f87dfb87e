"""The fast layers against PyTorch's plain ones: values and gradients."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from fastnst.networks.layers import (
    FewOutputsConv2d,
    InstanceNorm2d,
    ReflectionPad2d,
)
from fastnst.networks.upsample_conv import UpsampleConv2d


def compare(fast, plain, size, **tolerance):
    """Outputs, and the gradients of inputs and parameters, for a random outcome."""
    generator = torch.Generator().manual_seed(1)
    results = []
    for layer in (fast, plain):
        images = torch.randn(size, generator=generator.manual_seed(1)).requires_grad_()
        output = layer(images)
        wanted = torch.randn(output.shape, generator=generator.manual_seed(2))
        # the same parameters in both, so their gradients too come in the same order
        grads = torch.autograd.grad(output, [images, *fast.parameters()], wanted)
        results.append([output, *grads])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, **tolerance)
    # and as it is computed where nothing is recorded for a gradient, in either order in memory
    for order in (torch.contiguous_format, torch.channels_last):
        images = torch.randn(size, generator=generator.manual_seed(1)).to(memory_format=order)
        with torch.no_grad():
            torch.testing.assert_close(fast(images), results[1][0].detach(), **tolerance)


@pytest.mark.parametrize("pixels", [1, 2, 4])
@pytest.mark.parametrize("size", [(2, 3, 9, 6), (1, 1, 5, 5), (1, 4, 6, 31)])
def test_reflection_padding(pixels, size):
    compare(ReflectionPad2d(pixels), nn.ReflectionPad2d(pixels), size)


@pytest.mark.parametrize("size", [(3, 4, 7, 5), (1, 4, 1, 2), (2, 4, 16, 16)])
def test_instance_normalisation(size):
    layer = InstanceNorm2d(4)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)

    def plain(images):
        return F.instance_norm(images, weight=layer.weight, bias=layer.bias)

    compare(layer, plain, size, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64], ids=str)
def test_instance_normalisation_of_a_large_picture_in_any_precision(dtype):
    """As a sample sheet is painted by a network that trainer.precision=bf16-true made."""
    images = (50 + torch.randn(1, 3, 300, 300)).to(dtype)
    layer = InstanceNorm2d(3).to(dtype)
    with torch.no_grad():
        painted = layer(images)
    assert painted.dtype == dtype
    expected = F.instance_norm(images.double())
    torch.testing.assert_close(painted.double(), expected, atol=0.02, rtol=0.01)


def test_instance_normalisation_of_values_far_from_zero():
    layer = InstanceNorm2d(1)
    images = 1000 + torch.rand(1, 1, 8, 8)
    plain = F.instance_norm(images.double()).float()
    torch.testing.assert_close(layer(images), plain, atol=1e-2, rtol=0)
    with torch.inference_mode():
        for order in (torch.contiguous_format, torch.channels_last):
            painted = layer(images.to(memory_format=order))
            torch.testing.assert_close(painted, plain, atol=1e-2, rtol=0)


def test_instance_normalisation_of_many_equal_pixels():
    # where one sum over all pixels would no longer grow
    images = torch.full((1, 1, 1100, 1000), 101.5, dtype=torch.bfloat16)
    images[..., 1000:, :] += 1
    layer = InstanceNorm2d(1)
    with torch.inference_mode():
        painted = layer(images.to(memory_format=torch.channels_last)).float().flatten()
    share = torch.tensor(100 / 1100)
    expected = torch.stack([-share, 1 - share]) / (share * (1 - share)).sqrt()
    torch.testing.assert_close(painted[[0, -1]], expected, atol=0, rtol=1e-2)


def test_instance_normalisation_of_bfloat16_has_float32_statistics():
    layer = InstanceNorm2d(2)
    images = 3 + torch.randn(1, 2, 64, 64)
    for gradients in (True, False):
        with torch.set_grad_enabled(gradients), torch.autocast("cpu", torch.bfloat16):
            output = layer(images.bfloat16())
        assert output.dtype == torch.bfloat16
        assert output.float().mean((2, 3)).abs().max() < 1e-3
        assert (output.float().std((2, 3)) - 1).abs().max() < 1e-3


@pytest.mark.parametrize("size", [(2, 3, 5, 4), (1, 3, 2, 7), (1, 3, 8, 8)])
def test_upsampling_convolution(size):
    layer = UpsampleConv2d(3, 2)

    def plain(images):
        larger = F.interpolate(images, scale_factor=2, mode="nearest")
        return F.conv2d(F.pad(larger, (1, 1, 1, 1), "reflect"), layer.weight, layer.bias)

    compare(layer, plain, size, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("kernel", "outputs"), [(9, 3), (5, 2), (3, 1)])
def test_convolution_to_few_channels(kernel, outputs):
    layer = FewOutputsConv2d(4, outputs, kernel)

    def plain(images):
        return F.conv2d(images, layer.weight, layer.bias)

    compare(layer, plain, (2, 4, 12, 10), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [ReflectionPad2d(1), InstanceNorm2d(4), UpsampleConv2d(4, 4), FewOutputsConv2d(4, 3, 3)],
    ids=lambda layer: type(layer).__name__,
)
def test_channels_last_stays_channels_last(layer):
    images = torch.rand(2, 4, 8, 8).to(memory_format=torch.channels_last).requires_grad_()
    with torch.no_grad():
        assert layer(images).is_contiguous(memory_format=torch.channels_last)
    output = layer(images)
    assert output.is_contiguous(memory_format=torch.channels_last)
    (grad,) = torch.autograd.grad(output, images, torch.rand_like(output))
    assert grad.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.gpu
@pytest.mark.parametrize(
    "layer",
    [ReflectionPad2d(2), InstanceNorm2d(4), UpsampleConv2d(4, 4), FewOutputsConv2d(4, 3, 9)],
    ids=lambda layer: type(layer).__name__,
)
def test_a_gpu_computes_what_a_processor_does(layer):
    found = []
    for device in ("cpu", "cuda"):
        layer = layer.to(device)
        images = torch.rand(2, 4, 16, 12, generator=torch.Generator().manual_seed(0))
        images = images.to(device).requires_grad_()
        output = layer(images)
        with torch.inference_mode():
            painted = layer(images.detach())
        wanted = torch.rand(output.shape, generator=torch.Generator().manual_seed(1)).to(device)
        (grad,) = torch.autograd.grad(output, images, wanted)
        found.append([values.detach().cpu() for values in (output, painted, grad)])
    layer.to("cpu")
    for on_processor, on_gpu in zip(*found, strict=True):
        torch.testing.assert_close(on_gpu, on_processor, atol=1e-4, rtol=1e-3)
