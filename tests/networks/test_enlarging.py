import pytest
import torch

from fastnst.images import enlarge
from fastnst.networks import SR, Johnson2016SR, build_enlarger

BOTH = (SR, Johnson2016SR)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_pictures_become_so_many_times_larger(kind, scale, batch):
    network = kind(scale=scale).eval()
    assert network(batch(2, 16)[..., :17]).shape == (2, 3, 16 * scale, 17 * scale - scale)


@pytest.mark.parametrize("kind", BOTH)
def test_the_reach_is_how_far_a_pixel_is_seen(kind):
    """Tiles that overlap by less would show seams."""
    torch.manual_seed(0)
    network = kind(scale=2).eval()
    torch.nn.init.normal_(network.to_rgb.weight)  # one of them begins with none
    side = 2 * network.reach + 9
    picture = torch.rand(1, 3, side, side, requires_grad=True)
    middle = side // 2
    network.enlarge(picture)[..., 2 * middle : 2 * middle + 2, 2 * middle].sum().backward()
    seen = picture.grad.abs().sum((0, 1)).nonzero()
    far = (seen - middle).abs().max().item()
    assert network.reach - 2 <= far <= network.reach


def test_it_begins_near_bicubic_interpolation(batch):
    torch.manual_seed(0)
    pictures = batch(2, 32)
    begun = SR(scale=4).eval()(pictures)
    # PyTorch's is a little sharper than that of benchmarks, and they are equal in even places
    assert (begun - enlarge(pictures, 4)).abs().mean() < 0.003


def test_an_even_surface_stays_even():
    """Whatever was learnt: with a sub-pixel convolution there were dots."""
    torch.manual_seed(0)
    network = SR(scale=4).eval()
    torch.nn.init.normal_(network.to_rgb.weight)  # it begins with none
    even = network.enlarge(torch.full((1, 3, 48, 48), 0.4))[..., 88:104, 88:104]
    assert even.std((2, 3)).max() < 1e-4


def test_what_leaves_the_range_is_clipped_but_learns():
    network = SR(scale=2, width=4, blocks=0)
    torch.nn.init.constant_(network.to_rgb.bias, 3.0)
    picture = torch.rand(1, 3, 16, 16)
    assert network.eval()(picture).max() == 1
    assert network.train()(picture).max() > 1


def test_the_paper_has_as_many_parameters():
    """9x9 conv, four blocks of two 3x3, two of stride 1/2, 9x9 conv; each but the last normalised:
    added up from its Table 2."""
    convolutions = (81 * 3 + 1) * 64 + 10 * (9 * 64 + 1) * 64 + (81 * 64 + 1) * 3
    normalised = 11 * 2 * 64
    network = Johnson2016SR(scale=4)
    assert sum(it.numel() for it in network.parameters()) == convolutions + normalised


@pytest.mark.parametrize("scale", [3, 0, 16, True, "4", 4.0])
def test_other_scales_are_refused(scale):
    for name in ("sr", "johnson2016_sr"):
        with pytest.raises(ValueError, match="scale"):
            build_enlarger({"name": name, "scale": scale})


def test_a_picture_may_be_too_small():
    with pytest.raises(ValueError, match="16x16"):
        SR(scale=2)(torch.rand(1, 3, 15, 40))
