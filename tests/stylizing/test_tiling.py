"""Tiles: that they cover a picture, and that what they give is what the whole picture would."""

import itertools

import numpy as np
import pytest
import torch

from fastnst.networks import build_network
from fastnst.networks.shared_statistics import Sample, measure, share_statistics
from fastnst.stylizing.tiling import GRID, plan_tiles, smallest_side

LENGTHS = [16, 100, 101, 333, 1000, 1001, 1002, 1003, 4096]
KINDS = [
    {"name": "resnet", "width": 4, "blocks": 1},
    {"name": "light", "width": 4, "blocks": 1},
    {"name": "resnet", "width": 4, "blocks": 3, "upsample": "transposed"},
    {"name": "resnet", "width": 4, "blocks": 2, "norm": "batch"},
    {"name": "johnson2016"},
]


@pytest.mark.parametrize("side", [None, 100, 103, 256])
@pytest.mark.parametrize(("scale", "margin"), [(1, 0), (1, 12), (0.5, 0), (3.14, 8)])
@pytest.mark.parametrize("reach", [17, 18, 20])
def test_each_pixel_is_given_once_and_seen_with_what_is_around_it(side, scale, margin, reach):
    for working in [(length, 333) for length in LENGTHS] + [(140, length) for length in LENGTHS]:
        size = tuple(round(length * scale) for length in working)
        rows = list(plan_tiles(size, working, side, reach, margin))
        given = np.zeros(size[::-1], np.uint8)
        extents = set()
        for tile in itertools.chain(*rows):
            left, upper, right, lower = tile.kept
            given[upper:lower, left:right] += 1
            extents.add((tile.seen[2] - tile.seen[0], tile.seen[3] - tile.seen[1]))
            for axis in (0, 1):
                start, end = tile.seen[axis], tile.seen[axis + 2]
                first, last = (tile.kept[axis + i] * working[axis] / size[axis] for i in (0, 2))
                rounded = 0.5 * working[axis] / size[axis] if scale != 1 else 0
                assert start % GRID == 0
                assert start == -margin or first - start >= reach - rounded
                assert end == working[axis] + margin or end - last >= reach - rounded
        assert (given == 1).all()
        assert len(extents) == 1
        assert side is None or max(extents.pop()) <= side
        if side is None:
            assert len(rows) == len(rows[0]) == 1


def test_tiles_do_not_overlap_more_than_they_must():
    (row,) = plan_tiles((3000, 200), (3000, 200), 1100, 57)
    assert [tile.seen[2] - tile.seen[0] for tile in row] == [1088] * 3


@pytest.mark.slow
@pytest.mark.parametrize("architecture", KINDS)
def test_the_reach_is_what_a_pixel_depends_on(architecture):
    torch.manual_seed(0)
    network = share_statistics(build_network(architecture).eval())
    pictures = torch.rand(1, 3, 192, 192)
    with torch.no_grad():
        measure(network, [Sample(pictures.clone, (192, 192), (0, 0, 192, 192))])
    for module in network.modules():
        if isinstance(module, torch.nn.ReLU):  # which would hide what is there by chance
            module.forward = lambda features: 1.0 * features
    pictures.requires_grad_()
    seen = 0
    for place in range(96, 96 + GRID):
        (grad,) = torch.autograd.grad(network(pictures)[0, :, place, place].sum(), pictures)
        rows = grad.abs().amax((0, 1, 3)).nonzero()
        seen = max(seen, place - int(rows[0]), int(rows[-1]) - place)
    assert network.reach - 4 <= seen <= network.reach


def cut(picture, side, reach):
    """The tiles of a picture as samples, and where what counts of them belongs."""
    height, width = picture.shape[-2:]
    for seen, kept in itertools.chain(*plan_tiles((width, height), (width, height), side, reach)):
        pixels = picture[..., seen[1] : seen[3], seen[0] : seen[2]]
        counted = tuple(edge - seen[index % 2] for index, edge in enumerate(kept))
        yield Sample(pixels.clone, pixels.shape[:-3:-1], counted), kept


@pytest.mark.slow
@pytest.mark.parametrize("architecture", KINDS)
@torch.inference_mode()
def test_tiles_give_what_the_whole_picture_does(architecture, batch):
    torch.manual_seed(0)
    network = build_network(architecture).eval()
    paper = isinstance(network.to_rgb, torch.nn.Conv2d)  # untrained, with less contrast
    (network.to_rgb if paper else network.to_rgb[1]).weight.data *= 20 if paper else 5
    side = smallest_side(network.reach)
    width, height = 2 * side - 33, side + 6
    picture = batch(1, width)[..., :height, :]
    expected = network(picture)
    assert expected.std() > 0.005
    tiles = list(cut(picture, side, network.reach))
    assert len(tiles) > 3
    shared = share_statistics(network)
    measure(shared, [sample for sample, _ in tiles])
    given = torch.zeros_like(expected)
    for sample, (left, upper, right, lower) in tiles:
        x, y, x_end, y_end = sample.counted
        given[..., upper:lower, left:right] = shared(sample.pixels())[..., y:y_end, x:x_end]
    distance = (given - expected).abs()
    assert distance.mean() < 0.03 * expected.std()  # bfloat16, with untrained weights
    assert distance.max() < 0.3 * expected.std()
    # no larger where tiles meet
    column = tiles[0][1][2]
    assert distance[..., column - 2 : column + 2].mean() < 2 * distance.mean() + 1e-5


@torch.inference_mode()
def test_without_common_statistics_they_do_not(batch):
    torch.manual_seed(0)
    network = build_network(KINDS[0]).eval()
    network.to_rgb[1].weight.data *= 30
    picture = batch(1, 200)
    expected = network(picture)
    for sample, (left, upper, right, lower) in cut(picture, 150, network.reach):
        x, y, x_end, y_end = sample.counted
        alone = network(sample.pixels())[..., y:y_end, x:x_end]
        assert (alone - expected[..., upper:lower, left:right]).abs().mean() > 5 / 255


@torch.inference_mode()
def test_statistics_are_of_what_counts_of_all_samples(batch):
    torch.manual_seed(0)
    network = build_network(KINDS[0]).eval()
    one, two = batch(2, 64).split(1)
    two = two[..., :48]
    shared = share_statistics(network)
    measure(
        shared,
        [Sample(one.clone, (64, 64), (0, 0, 64, 64)), Sample(two.clone, (48, 64), (8, 4, 40, 64))],
    )
    seen = []
    network.downsample[1].register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    network(one)
    network(two)
    counted = torch.cat([seen[0].flatten(2), seen[1][..., 4:64, 8:40].flatten(2)], 2)[..., None]
    normalized = shared.downsample[1](counted)[0, :, :, 0]
    assert counted.mean((0, 2, 3)).abs().max() > 0.01
    assert torch.allclose(normalized.mean(1), torch.zeros(4), atol=0.01)
    assert torch.allclose(normalized.std(1), torch.ones(4), atol=0.01)
