"""Tiles: together exactly what the network makes of the whole picture."""

import numpy as np
import pytest
import torch
from small.upscaling import SIDE, small_enlarger

from fastnst.networks import build_enlarger
from fastnst.upscaling.tiles import cut, enlarged

CPU = torch.device("cpu")


@torch.inference_mode()
def in_tiles(network, picture, side, reach):
    """The result `(3, H, W)`, how often each of its pixels was given, and the number of tiles."""
    grid = cut(picture.size, network.scale, side, reach)
    width, height = (network.scale * length for length in picture.size)
    result, given = torch.full((3, height, width), -1.0), torch.zeros(height, width)
    for (left, upper, right, lower), pixels in enlarged(network, [picture], grid, CPU):
        result[:, upper:lower, left:right] = pixels[0]
        given[upper:lower, left:right] += 1
    return result, given, len(grid.tiles)


@torch.inference_mode()
def whole(network, picture):
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
    return network(pixels)[0]


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_tiles_are_the_whole_picture(photograph, scale):
    network, picture = small_enlarger(scale), photograph(83, 61)
    expected = whole(network, picture)
    result, given, count = in_tiles(network, picture, SIDE, network.reach)
    assert count > 6
    assert bool((given == 1).all())
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-4)
    # and would not be if they overlapped by less than the network sees
    less, _, _ = in_tiles(network, picture, SIDE, -4)
    assert float((less - expected).abs().max()) > 1e-3


def test_tiles_of_the_network_of_the_paper(photograph):
    torch.manual_seed(0)
    network = build_enlarger({"name": "johnson2016_sr", "scale": 2}).eval()
    picture = photograph(96, 40)
    result, _, count = in_tiles(network, picture, 76, network.reach)
    assert count == 2
    torch.testing.assert_close(result, whole(network, picture), rtol=0, atol=1e-4)


def test_small_pictures_are_one_tile(photograph):
    network, picture = small_enlarger(), photograph(20, 17)
    for side in (None, SIDE):
        result, _, count = in_tiles(network, picture, side, network.reach)
        assert count == 1
        torch.testing.assert_close(result, whole(network, picture))
