import numpy as np
import pytest
import torch
from PIL import Image
from small.data import attach, batches, dead_leaves_data, folder_data, given

from fastnst.data.pictures import Drawn, Photographs, to_pixels
from fastnst.drawing.dead_leaves import draw_dead_leaves
from fastnst.images.pixels import crop_center, flatten, to_tensor
from fastnst.images.read import read_image
from fastnst.machine.errors import UserError


@pytest.fixture
def folder(tmp_path, picture):
    for i in range(10):
        picture(f"photos/{'sub/' if i % 2 else ''}{i}.jpg", size=(60, 40), seed=i)
    return tmp_path / "photos"


def test_a_folder_gives_training_batches(folder):
    loaded = batches(folder_data(folder))
    assert len(loaded) == 6
    for batch in loaded:
        assert batch.shape == (2, 3, 32, 32)
        assert batch.dtype == torch.float32
        assert batch.is_contiguous(memory_format=torch.channels_last)
        assert 0 <= batch.min() < batch.max() <= 1


def test_a_resumed_run_goes_on_with_the_next_batch(folder):
    data = folder_data(folder)
    whole = batches(data, accumulate_grad_batches=2)
    assert len(whole) == 12
    tail = batches(data, accumulate_grad_batches=2, global_step=4)
    assert torch.equal(torch.stack(tail), torch.stack(whole[8:]))


def test_two_processes_share_the_batches(folder):
    data = folder_data(folder)
    alone = batches(data)
    first, second = (batches(data, world_size=2, global_rank=rank) for rank in (0, 1))
    assert torch.equal(first[1], alone[2])
    assert torch.equal(second[1], alone[3])


def test_the_held_out_photographs_are_no_training_photographs(folder):
    data = folder_data(folder)
    train, held_out = set(data.train_set.files), set(data.val_set.files)
    assert len(held_out) == 3
    assert not train & held_out
    assert train | held_out == set(folder.rglob("*.jpg"))


def test_the_held_out_photographs_are_the_same_for_every_seed(folder):
    one, two = (folder_data(folder, seed=seed, limit=limit) for seed, limit in ((0, None), (7, 2)))
    assert one.val_set.files == two.val_set.files
    attach(one)
    attach(two)
    (first, rest) = given(one, one.val_dataloader())
    assert torch.equal(torch.cat([first, rest]), torch.cat(given(two, two.val_dataloader())))
    assert torch.equal(first, one.sheet_photographs(2))
    assert torch.equal(rest[0], to_tensor(crop_center(read_image(one.val_set.files[2], 32), 32)))
    assert len(one.sheet_photographs(99)) == 3


def test_the_seed_shuffles_the_training_photographs(folder):
    first = torch.stack(batches(folder_data(folder)))
    assert torch.equal(first, torch.stack(batches(folder_data(folder))))
    assert not torch.equal(first, torch.stack(batches(folder_data(folder, seed=1))))


def test_at_most_half_of_a_small_set_is_held_out(folder):
    data = folder_data(folder, val_images=8)
    assert (len(data.train_set), len(data.val_set)) == (5, 5)


def test_the_limit_is_of_training_photographs(folder):
    data = folder_data(folder, limit=4)
    assert (len(data.train_set), len(data.val_set)) == (4, 3)


def test_crop_and_squash(picture):
    path = picture("wide.png", size=(96, 32))
    image = read_image(path)
    crop, squash = (Photographs([path], 32, resize)[0] for resize in ("crop", "squash"))
    np.testing.assert_array_equal(crop, image.crop((32, 0, 64, 32)))
    np.testing.assert_array_equal(squash, image.resize((32, 32), Image.Resampling.LANCZOS))


def test_bytes_become_pixels_mirrored_where_asked(picture):
    path = picture()
    pictures, mirrored, *_, bad = Photographs([path], 32, "crop").__getitems__(
        [Drawn(0), Drawn(0, True)]
    )
    assert (pictures.dtype, pictures.shape) == (torch.uint8, (2, 32, 32, 3))
    assert mirrored.tolist() == [False, True]
    assert bad == {}
    plain, mirror = to_pixels(pictures, mirrored)
    assert torch.equal(plain, to_tensor(crop_center(read_image(path), 32)))
    assert torch.equal(mirror, plain.flip(-1))
    assert not torch.equal(mirror, plain)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_every_mode_gives_three_channels(picture, mode):
    path = picture(mode=mode)
    pixels = Photographs([path], 32, "crop")[0]
    assert pixels.shape == (32, 32, 3)
    np.testing.assert_array_equal(pixels, crop_center(flatten(read_image(path)), 32))


@pytest.mark.parametrize("name", ["gone", "empty"])
def test_a_folder_without_photographs_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=rf"{name}: check data\.root"):
        folder_data(tmp_path / name)


def test_a_single_photograph_is_refused(picture, tmp_path):
    picture("only.png")
    with pytest.raises(UserError, match=r"only\.png is the only image"):
        folder_data(tmp_path)


def test_dead_leaves_are_drawn():
    data = dead_leaves_data(seed=3)
    np.testing.assert_array_equal(data.train_set[4], draw_dead_leaves(32, 3, 4))
    assert len(data.train_set) == 5
    assert batches(data)[0].shape == (2, 3, 32, 32)


def test_dead_leaves_hold_out_the_bundled_photographs():
    data, other = dead_leaves_data(), dead_leaves_data(seed=9, val_images=8)
    assert len(data.val_set) == 3
    assert len(other.val_set) == 4
    photographs = data.sheet_photographs(3)
    assert torch.equal(photographs, other.sheet_photographs(3))
    assert photographs.flatten(1).std(1).min() > 0.1
