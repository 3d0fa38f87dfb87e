"""Conditional instance normalisation against networks of one style each."""

import pytest
import torch

from fastnst.networks import (
    build_network,
    has_styles,
    paint_styles,
    rows_of,
    set_style,
    share_convolutions,
    style_of,
)
from fastnst.networks.layers import InstanceNorm2d

SMALL = {"name": "resnet", "width": 4, "blocks": 1}
LIGHT = {"name": "light", "width": 8, "blocks": 1}


@pytest.fixture(params=[SMALL, LIGHT], ids=["resnet", "light"])
def network(request):
    torch.manual_seed(0)
    return build_network(request.param)


def two_styles(network):
    generator = torch.Generator().manual_seed(1)
    row = style_of(network)
    return row + 0.5 * torch.randn(2, len(row), generator=generator)


def test_a_style_of_the_default_network_is_3200_numbers():
    assert style_of(build_network({"name": "resnet"})).shape == (3200,)


def test_networks_without_instance_normalisation_have_no_styles(network):
    assert has_styles(network)
    assert not has_styles(build_network({"name": "johnson2016"}))


def test_a_style_that_is_set_is_the_networks(network):
    numbers = two_styles(network)[0]
    set_style(network, numbers)
    assert torch.equal(style_of(network), numbers)
    first = next(norm for norm in network.modules() if isinstance(norm, InstanceNorm2d))
    assert torch.equal(first.weight, numbers[: first.num_features])  # scales, then shifts
    assert torch.equal(first.bias, numbers[first.num_features : 2 * first.num_features])


@pytest.mark.parametrize("recorded", [True, False], ids=["training", "painting"])
def test_each_picture_is_painted_in_its_own_style(network, batch, recorded):
    images, rows = batch(2, 32), two_styles(network)
    with torch.set_grad_enabled(recorded):
        together = paint_styles(network, images, rows)
        for image, row, painted in zip(images, rows, together, strict=True):
            set_style(network, row)
            torch.testing.assert_close(painted, network(image[None])[0], rtol=1e-4, atol=1e-5)
    assert (together[0] - together[1]).abs().mean() > 0.01


def test_each_style_has_the_gradient_that_it_has_alone(network, batch):
    images, rows = batch(2, 32), two_styles(network)
    together = rows.clone().requires_grad_()
    paint_styles(network, images, together).square().sum().backward()
    for image, row, gradient in zip(images, rows, together.grad, strict=True):
        set_style(network, row)
        network.zero_grad()
        network(image[None]).square().sum().backward()
        norms = [norm for norm in network.modules() if isinstance(norm, InstanceNorm2d)]
        alone = torch.cat([part.grad for norm in norms for part in (norm.weight, norm.bias)])
        torch.testing.assert_close(gradient, alone, rtol=1e-3, atol=1e-4)


def test_the_numbers_of_pictures_are_those_of_their_styles():
    styles = torch.randn(3, 5).requires_grad_()
    which = torch.tensor([2, 0, 2, 2])
    rows = rows_of(styles, which)
    assert torch.equal(rows, styles[which])
    rows.backward(torch.ones(4, 5))
    assert styles.grad.tolist() == [[1] * 5, [0] * 5, [3] * 5]


@pytest.mark.slow
@pytest.mark.usefixtures("scalar_kernels")
def test_a_compiled_gradient_of_styles_is_added_up_in_one_order():
    """Or a run that goes on would end otherwise than one that was left in peace."""
    generator = torch.Generator().manual_seed(0)
    which = torch.zeros(9, dtype=torch.int64)
    styles = torch.randn(2, 4000, generator=generator).requires_grad_()
    scale = torch.randn(9, 4000, generator=generator).exp()
    threads = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        loss = torch.compile(lambda: (rows_of(styles, which) * scale).sum())
        found = [torch.autograd.grad(loss(), styles)[0] for _ in range(100)]
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(gradient, found[0]) for gradient in found)


def test_what_styles_share_is_all_but_their_own(network):
    before = sum(weights.numel() for weights in network.parameters())
    share_convolutions(network)
    trained = sum(weights.numel() for weights in network.parameters() if weights.requires_grad)
    assert trained == before - len(style_of(network))
