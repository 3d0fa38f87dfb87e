"""What the distillation learns from."""

import pytest
import torch
from PIL import Image

from fastnst.distillation.varied_pictures import (
    Painted,
    choose,
    crops,
    crops_of_any_size,
    read_paintings,
    vary,
)
from fastnst.machine.errors import UserError


def test_paintings_come_at_several_sizes_of_the_crop(picture, tmp_path):
    picture("paintings/wide.png", size=(120, 60))
    picture("paintings/old/tall.jpg", size=(60, 90))
    read = read_paintings(str(tmp_path / "paintings"), 32)
    assert [min(painting.shape[1:]) for painting in read] == [32, 48, 80] * 2
    assert all(0 <= painting.min() < painting.max() <= 1 for painting in read)
    assert {round(painting.shape[2] / painting.shape[1], 1) for painting in read} == {0.7, 2.0}


@pytest.mark.parametrize("name", ["gone", "empty"])
def test_a_folder_without_paintings_is_named(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=rf"paintings=.*{name}: there are no pictures"):
        read_paintings(str(tmp_path / name), 32)


def test_a_damaged_painting_is_named(tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "good.png")
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"bad\.jpg"):
        read_paintings(str(tmp_path), 32)


def test_crops_are_parts_of_their_pictures():
    torch.manual_seed(0)
    places = torch.arange(12 * 20).view(1, 12, 20).expand(3, -1, -1).float()
    seen = set()
    for cut in crops([places] * 300, 8):
        corner = int(cut[0, 0, 0])
        top, left = divmod(corner, 20)
        assert torch.equal(cut, places[:, top : top + 8, left : left + 8])
        seen.add((top, left))
    assert {top for top, _ in seen} == {*range(5)}
    assert {left for _, left in seen} == {*range(13)}


def test_a_picture_of_the_size_of_the_crop_is_taken_whole():
    picture = torch.rand(3, 8, 8)
    assert torch.equal(crops([picture], 8)[0], picture)


def test_crops_of_any_size_show_from_the_crop_to_the_whole_of_the_shorter_side():
    torch.manual_seed(0)
    ramp = torch.arange(40.0).expand(3, 20, -1) / 64
    cut = crops_of_any_size([ramp] * 300, 5)
    assert cut.shape == (300, 3, 5, 5)
    # of a ramp, from the middle of the first pixel to that of the last
    steps = (cut[:, 0, 2, -2] - cut[:, 0, 2, 1]) * 64 / 2
    assert steps.min().item() == pytest.approx(1, abs=0.05)
    assert steps.max().item() == pytest.approx(20 / 5, abs=0.2)
    assert 1.8 < steps.median() < 2.2  # as many halvings above as below


def test_variations_stay_within_the_range_and_leave_some_pictures_alone():
    torch.manual_seed(0)
    images = torch.rand(200, 3, 8, 8)
    varied = vary(images)
    assert varied.shape == images.shape
    assert 0 <= varied.min() < varied.max() <= 1
    same = (varied == images).flatten(1).all(1)
    # 0.7 x 0.875 x 0.7, as a sixth of the orders of channels is the old one
    assert 0.3 < same.float().mean() < 0.55


def test_painted_pictures_are_kept_up_to_a_number():
    torch.manual_seed(0)
    painted = Painted(most=4)
    for number in range(10):
        painted.add(torch.full((2, 3, 4, 4), float(number)))
        assert len(painted.pictures) == min(4, 2 * (number + 1))
    assert max(int(picture.max()) for picture in painted.pictures) == 9


def test_choosing_reaches_all():
    torch.manual_seed(0)
    pictures = [torch.full((1,), float(number)) for number in range(4)]
    assert {int(picture) for picture in choose(pictures, 50)} == {0, 1, 2, 3}
    assert len(choose(pictures, 50)) == 50
