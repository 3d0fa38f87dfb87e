import numpy as np
import pytest
import torch
from PIL import Image

from fastnst.images import enlarge, shrink, to_image, to_tensor
from fastnst.images.enlarge import _blur

BICUBIC = Image.Resampling.BICUBIC


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_both_ways_are_the_bicubic_interpolation_of_benchmarks(photograph, scale):
    """Pillow's has Matlab's kernel; PyTorch's own, without antialias, has another."""
    picture = photograph(64, 48, seed=scale)
    small = shrink(to_tensor(picture)[None], scale)
    theirs = picture.resize((64 // scale, 48 // scale), BICUBIC)
    assert np.abs(np.asarray(to_image(small[0]), int) - np.asarray(theirs, int)).max() <= 1
    large = enlarge(to_tensor(theirs)[None], scale)
    again = theirs.resize((64, 48), BICUBIC)
    assert np.abs(np.asarray(to_image(large[0]), int) - np.asarray(again, int)).max() <= 1


def test_what_is_made_smaller_is_as_a_file_has_it(batch):
    small = shrink(batch(1, 32), 4) * 255
    assert torch.allclose(small, small.round(), atol=1e-4)


def test_the_blur_has_the_width_that_is_said():
    point = torch.zeros(1, 3, 65, 65)
    point[..., 32, 32] = 1
    spread = _blur(point, 1.5)[0, 0].sum(0)
    place = torch.arange(65) - 32
    assert spread.sum().item() == pytest.approx(1, abs=1e-5)
    assert (spread * place**2).sum().item() == pytest.approx(1.5**2, rel=0.01)


def test_edges_do_not_become_dark():
    white = torch.ones(1, 3, 32, 32)
    assert shrink(white, 2, blur=2.0).min() > 0.9999
    assert enlarge(white, 2).min() > 0.9999
