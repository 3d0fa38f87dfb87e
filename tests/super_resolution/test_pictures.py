"""Training pictures for super-resolution: cut at their own size, or drawn without grain."""

import numpy as np
import torch
from PIL import Image
from small.data import attach, dead_leaves_data, folder_data

from fastnst.drawing import draw_dead_leaves
from fastnst.images import shrink
from fastnst.super_resolution.pictures import EnlargingData


def batches(data):
    attach(data)
    bare = (data.on_before_batch_transfer(batch, 0) for batch in data.train_dataloader())
    return [data.on_after_batch_transfer(batch, 0) for batch in bare]


def test_the_small_picture_is_made_of_the_truth():
    for truth, small in batches(EnlargingData(dead_leaves_data().settings, 0, 4, 1.0)):
        assert truth.shape == (2, 3, 32, 32)
        assert torch.equal(small, shrink(truth, 4, 1.0))


def test_drawn_pictures_have_no_grain():
    data = EnlargingData(dead_leaves_data().settings, 0, 4, 0.0)
    assert np.array_equal(data.train_set[2], draw_dead_leaves(32, 0, 2, grain=False))
    assert not np.array_equal(data.train_set[2], draw_dead_leaves(32, 0, 2))


def test_photographs_are_cut_at_their_own_size(photos):
    data = EnlargingData(folder_data(photos).settings, 0, 4, 0.0)
    with Image.open(data.train_set.files[0]) as image:
        left, upper = ((side - 32) // 2 for side in image.size)
        expected = np.asarray(image.convert("RGB").crop((left, upper, left + 32, upper + 32)))
    assert np.array_equal(data.train_set[0], expected)
