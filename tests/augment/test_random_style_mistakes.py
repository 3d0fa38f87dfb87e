"""What cannot be painted is said in one sentence, and nothing is left unpainted in silence."""

import pytest
import torch
from PIL import Image
from torchvision import tv_tensors

from fastnst.augment import RandomStyle
from fastnst.machine import UserError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p": 1.5}, "p is 1.5: give a probability"),
        ({"styles": "gauss"}, "styles is gauss: give finished, mixture, gaussian"),
        ({"strength": (0.8, 0.2)}, r"strength is \(0.8, 0.2\): give the lowest and the highest"),
        ({"strength": (0, 2)}, r"strength is \(0, 2\)"),
        ({"network": "starry_night"}, "network=starry_night is no folder"),
    ],
)
def test_arguments_that_are_none_are_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        RandomStyle(**arguments)


PICTURE = torch.full((2, 3, 16, 16), 0.5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (PICTURE[:, :1], r"paints RGB, .* was given \(2, 1, 16, 16\)"),
        (torch.arange(2), r"was given \(2,\): .* make that a tv_tensors.Image"),
        (PICTURE[None], r"was given \(1, 2, 3, 16, 16\)"),
        (PICTURE[..., :15], "at least 16x16 pixels, and was given 15x16"),
        (PICTURE.long(), "was given torch.int64: put v2.ToDtype"),
        ((PICTURE - 0.8) / 0.2, "from -1.5 to -1.5: put it before Normalize"),
        (PICTURE * 255, "from 128 to 128: put it before Normalize"),
        (PICTURE * float("nan"), "from nan to nan"),
        (Image.new("RGB", (16, 16)), r"was given a Pillow image .* put v2.ToImage\(\) before it"),
        (tv_tensors.Video(PICTURE), "give frames as a batch"),
        ("cat.jpg", "was given no picture"),
        (tv_tensors.Mask(PICTURE), "was given no picture"),
        ([tv_tensors.Image(PICTURE), tv_tensors.Image(PICTURE[0])], "batches of 1, 2 pictures"),
    ],
)
def test_what_is_no_picture_is_refused_however_the_dice_fall(folder, given, message):
    augment = RandomStyle(p=0, network=folder)
    with pytest.raises(UserError, match=message):
        augment(given)


def test_what_resizing_overshoots_is_painted_and_so_is_nothing(folder):
    augment = RandomStyle(p=1, network=folder)
    painted = augment(torch.linspace(-0.1, 1.1, 3 * 16 * 16).view(3, 16, 16))
    assert painted.isfinite().all()
    assert augment(PICTURE[:0]).shape == (0, 3, 16, 16)
