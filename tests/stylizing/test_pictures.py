"""Pictures as programs have them."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from fastnst import Stylizer
from fastnst.images import to_tensor
from fastnst.machine import UserError


@pytest.fixture
def paint(model):
    return Stylizer(model, torch.device("cpu"))


def same(one, other):
    return np.array_equal(np.asarray(one), np.asarray(other))


def test_all_forms_of_a_picture_are_painted_alike(paint, picture):
    path = picture("a.png")
    image = Image.open(path)
    expected = paint(path)
    content = path.read_bytes()
    forms = [str(path), image, np.asarray(image), to_tensor(image), to_tensor(image).double()]
    forms += [content, bytearray(content), io.BytesIO(content)]
    for form in forms:
        assert same(paint(form), expected), type(form)
    with path.open("rb") as file:
        assert same(paint(file), expected)
    image.close()


def test_several_pictures_come_back_as_a_list(paint, picture):
    paths = [picture("a.png"), picture("b.png", size=(32, 48), seed=1)]
    expected = [paint(path) for path in paths]
    for several in (paths, tuple(paths)):
        assert all(map(same, paint(several), expected))
    with Image.open(paths[0]) as image:
        batch = to_tensor(image)[None].expand(2, -1, -1, -1)
    painted = paint(batch)
    assert len(painted) == 2
    assert same(painted[1], expected[0])
    assert paint([]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        3,
        {},
        object(),
        b"no picture",
        io.BytesIO(b""),
        io.StringIO("text"),
        torch.zeros(3, 16, 16, dtype=torch.uint8),
        torch.zeros(16, 16),
        torch.zeros(4, 16, 16),
        torch.zeros(16, 16, 3),
        torch.zeros(3, 0, 16),
        torch.full((3, 16, 16), 255.0),
        torch.full((3, 16, 16), torch.nan),
        torch.zeros(2, 1, 16, 16),
        np.zeros((16, 16, 2), np.uint8),
        np.zeros((0, 16, 3), np.uint8),
        [None],
    ],
    ids=lambda wrong: type(wrong).__name__,
)
def test_what_is_no_picture_is_one_sentence(wrong, paint):
    with pytest.raises(UserError, match=r"picture|image"):
        paint(wrong)


@pytest.mark.parametrize("device", ["tpu", "cuda:99", "cpu:x", "", None, "meta", 3.5])
def test_no_such_device_is_one_sentence(device, model):
    with pytest.raises(UserError, match="device"):
        Stylizer(model, device)
