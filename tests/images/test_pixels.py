"""Sizes, transparency, and the way between Pillow and tensors."""

import numpy as np
import pytest
import torch
from small.same import assert_same

from fastnst.images.pixels import crop_center, flatten, resize_short_side, to_image, to_tensor


def test_flatten_puts_it_on_white(fading):
    flat = flatten(fading)
    assert flat.mode == "RGB"
    pixels, alpha = np.array(fading, float)[..., :3], np.array(fading, float)[..., 3:] / 255
    np.testing.assert_allclose(np.array(flat), pixels * alpha + 255 * (1 - alpha), atol=1)


@pytest.mark.parametrize(("size", "expected"), [((60, 40), (30, 20)), ((40, 60), (20, 30)),
    ((10, 11), (20, 22)), ((1000, 21), (952, 20)), ((33, 33), (20, 20))])  # fmt: skip
def test_resize_short_side(photograph, size, expected):
    assert resize_short_side(photograph(*size), 20).size == expected


@pytest.mark.parametrize("size", [(60, 20), (20, 60), (61, 20), (20, 20), (120, 40), (10, 30)])
def test_crop_center_has_its_size(photograph, size):
    assert crop_center(photograph(*size), 20).size == (20, 20)


def test_crop_center_takes_the_middle(photograph):
    image = photograph(60, 20)
    assert_same(crop_center(image, 20), image.crop((20, 0, 40, 20)))


def test_pixels_survive_the_round_trip(photograph):
    image = photograph(37, 21)
    pixels = to_tensor(image)
    assert pixels.shape == (3, 21, 37)
    assert pixels.dtype == torch.float32
    assert pixels[:, 4, 9].mul(255).round().tolist() == list(image.getpixel((9, 4)))
    assert_same(to_image(pixels), image)


def test_every_value_survives_the_round_trip():
    values = torch.arange(256).view(1, 16, 16).expand(3, -1, -1)
    assert np.array_equal(np.array(to_image(values / 255))[..., 0], values[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_to_image_clamps_and_rounds(dtype):
    values = torch.tensor([-1.0, 0.0, 0.5, 1.0, 3.0], dtype=dtype, requires_grad=True)
    image = to_image(values.expand(3, 2, 5))
    assert np.array(image)[0, :, 0].tolist() == [0, 0, 128, 255, 255]
