import json
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from fastnst.data import TRIES, PhotographData, Photographs
from fastnst.dead_leaves import draw_dead_leaves
from fastnst.errors import UserError
from fastnst.images import crop_center, flatten, read_image, to_tensor
from fastnst.photo_files import coco_files
from fastnst.settings import CocoData, DeadLeavesData, FolderData

COMMON = {"image_size": 32, "batch_size": 2, "hflip": True, "workers": 0, "val_images": 3}
COCO = {"annotations": None, "categories": None, "licenses": None}


def folder_data(root, seed=0, **changes):
    settings = {"name": "folder", "root": str(root), "resize": "crop", "limit": None, **COMMON}
    return PhotographData(FolderData(**settings | changes), seed)


def coco_data(root, seed=0, **changes):
    settings = {
        "name": "coco",
        "root": str(root),
        "resize": "crop",
        "limit": None,
        **COMMON,
        **COCO,
    }
    return PhotographData(CocoData(**settings | changes), seed)


def dead_leaves_data(seed=0, **changes):
    return PhotographData(
        DeadLeavesData(**{"name": "dead_leaves", "images": 5, **COMMON} | changes), seed
    )


@pytest.fixture
def folder(tmp_path, picture):
    for i in range(10):
        picture(f"photos/{'sub/' if i % 2 else ''}{i}.jpg", size=(60, 40), seed=i)
    return tmp_path / "photos"


def trainer(**changes):
    usual = {
        "accumulate_grad_batches": 1,
        "global_step": 0,
        "max_steps": 6,
        "global_rank": 0,
        "world_size": 1,
    }
    return SimpleNamespace(**usual | changes)


def batches(data, **changes):
    data.trainer = trainer(**changes)
    return [*data.train_dataloader()]


def test_a_folder_gives_training_batches(folder):
    loaded = batches(folder_data(folder))
    assert len(loaded) == 6
    for batch in loaded:
        assert batch.shape == (2, 3, 32, 32)
        assert batch.dtype == torch.float32
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
    (first, rest) = one.val_dataloader()
    assert torch.equal(torch.cat([first, rest]), torch.cat([*two.val_dataloader()]))
    assert torch.equal(first, one.sheet_photographs(2))
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
    crop, squash = (Photographs([path], 32, resize)[0, False] for resize in ("crop", "squash"))
    assert torch.equal(crop, to_tensor(image.crop((32, 0, 64, 32))))
    whole = to_tensor(image.resize((32, 32), Image.Resampling.LANCZOS))
    assert torch.equal(squash, whole)


def test_mirroring(picture):
    photographs = Photographs([picture()], 32, "crop")
    assert torch.equal(photographs[0, True], photographs[0, False].flip(-1))
    assert not torch.equal(photographs[0, True], photographs[0, False])


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_every_mode_gives_three_channels(picture, mode):
    path = picture(mode=mode)
    pixels = Photographs([path], 32, "crop")[0, False]
    assert pixels.shape == (3, 32, 32)
    assert torch.equal(pixels, to_tensor(crop_center(flatten(read_image(path)), 32)))


def test_a_damaged_photograph_is_stepped_over(folder, caplog):
    files = sorted(folder.rglob("*.jpg"))
    files[1].write_bytes(files[1].read_bytes()[:300])
    photographs = Photographs(files[:3], 32, "crop")
    with caplog.at_level(logging.WARNING):
        assert torch.equal(photographs[1, False], photographs[2, False])
    assert files[1].name in caplog.text


def test_the_last_photograph_may_be_damaged(folder):
    files = sorted(folder.rglob("*.jpg"))[:3]
    files[2].write_bytes(b"")
    photographs = Photographs(files, 32, "crop")
    assert torch.equal(photographs[2, False], photographs[0, False])


@pytest.mark.parametrize("count", [3, 15])
def test_damaged_photographs_alone_are_refused(tmp_path, count):
    files = [tmp_path / f"{i:02}.jpg" for i in range(count)]
    for file in files:
        file.touch()
    last = files[(TRIES - 1) % count].name
    with pytest.raises(UserError, match=rf"images in a row cannot be read.*{last}"):
        Photographs(files, 32, "crop")[0, False]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_the_error_of_a_worker_is_one_sentence(tmp_path):
    for i in range(12):
        (tmp_path / f"{i}.jpg").touch()
    data = folder_data(tmp_path, workers=1)
    with pytest.raises(UserError, match="in a row cannot be read") as caught:
        batches(data)
    assert "Traceback" not in str(caught.value)


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
    drawn = torch.from_numpy(draw_dead_leaves(32, 3, 4)).permute(2, 0, 1) / 255
    assert torch.equal(data.train_set[4, False], drawn)
    assert torch.equal(data.train_set[4, True], drawn.flip(-1))
    assert len(data.train_set) == 5
    assert batches(data)[0].shape == (2, 3, 32, 32)


def test_dead_leaves_hold_out_the_bundled_photographs():
    data, other = dead_leaves_data(), dead_leaves_data(seed=9, val_images=8)
    assert len(data.val_set) == 3
    assert len(other.val_set) == 4
    photographs = data.sheet_photographs(3)
    assert torch.equal(photographs, other.sheet_photographs(3))
    assert photographs.flatten(1).std(1).min() > 0.1


CATEGORIES = [{"id": 1, "name": "cat"}, {"id": 18, "name": "dog"}, {"id": 3, "name": "kite"}]


def annotations():
    """Eight photographs: 0..3 with a cat, 3..5 with a dog, 6 and 7 with nothing."""
    shows = [(image, 1) for image in range(4)] + [(image, 18) for image in range(3, 6)]
    return {
        "images": [
            {"id": i, "file_name": f"{i:012}.jpg", "license": 1 + i % 4, "width": 60, "height": 40}
            for i in range(8)
        ],
        "annotations": [
            {"id": number, "image_id": image, "category_id": category, "bbox": [0, 0, 9, 9],
             "area": 81, "iscrowd": 0}
            for number, (image, category) in enumerate(shows, 1)
        ],
        "categories": CATEGORIES,
    }  # fmt: skip


@pytest.fixture
def coco(tmp_path, picture):
    for i in range(8):
        picture(f"coco/{i:012}.jpg", size=(60, 40), seed=i)
    root = tmp_path / "coco"
    (root / "annotations.json").write_text(json.dumps(annotations()))
    return root


def ids(files):
    return [int(Path(file).stem) for file in files]


def test_coco_lists_every_photograph(coco, capsys):
    assert coco_files(coco) == sorted(coco.glob("*.jpg"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("categories", "licenses", "expected"),
    [
        (["cat"], None, [0, 1, 2, 3]),
        (["dog"], None, [3, 4, 5]),
        (["dog", "cat"], None, [0, 1, 2, 3, 4, 5]),
        (None, [1, 4], [0, 3, 4, 7]),
        (["dog"], [1], [4]),
    ],
)
def test_coco_photographs_are_chosen(coco, categories, licenses, expected):
    assert ids(coco_files(coco, categories=categories, licenses=licenses)) == expected


@pytest.mark.parametrize(
    ("categories", "licenses"), [(["kite"], None), (None, [8]), (["dog"], [3]), ([], None)]
)
def test_no_coco_photograph_left_is_refused(coco, categories, licenses):
    with pytest.raises(UserError, match=r"data\.categories=.*data\.licenses="):
        coco_files(coco, categories=categories, licenses=licenses)


def test_an_unknown_category_is_refused_with_the_known_ones(coco):
    with pytest.raises(UserError, match=r"no bird; there are cat, dog, kite"):
        coco_files(coco, categories=["cat", "bird"])


def test_coco_photographs_that_are_not_there_are_left_out(coco):
    (coco / f"{2:012}.jpg").unlink()
    assert ids(coco_files(coco)) == [0, 1, 3, 4, 5, 6, 7]


def test_no_coco_photograph_there_is_refused(coco):
    for file in coco.glob("*.jpg"):
        file.unlink()
    with pytest.raises(UserError, match=r"None of the 8 photographs.*data\.root"):
        coco_files(coco)


def test_missing_coco_annotations_are_named(coco):
    with pytest.raises(UserError, match=r"no COCO annotation file .*gone\.json"):
        coco_files(coco, coco / "gone.json")
    (coco / "annotations.json").unlink()
    with pytest.raises(UserError, match=r"(?s)annotations\.json.*data\.annotations=.*data=folder"):
        coco_files(coco)


@pytest.mark.parametrize(
    "content",
    ["", "hello", "[]", '{"images": [1]}', '{"images": 5}', '{"images": [{"id": 1}]}', "\x00\xff",
     '{"images": [], "annotations": null}'],
)  # fmt: skip
def test_what_is_no_annotation_file_is_refused(coco, content):
    path = coco / "annotations.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError, match="is not a COCO annotation file"):
        coco_files(coco)


@pytest.mark.parametrize("year", [2014, 2017])
@pytest.mark.parametrize("below", [False, True])
def test_unpacked_archives_are_understood(tmp_path, picture, year, below):
    for i in range(8):
        picture(f"coco/train{year}/{i:012}.jpg", seed=i)
    file = tmp_path / "coco" / "annotations" / f"instances_train{year}.json"
    file.parent.mkdir()
    file.write_text(json.dumps(annotations()))
    folder = tmp_path / "coco" / f"train{year}"
    assert coco_files(folder if below else tmp_path / "coco") == sorted(folder.iterdir())
    assert coco_files(tmp_path / "coco", file) == sorted(folder.iterdir())


def test_coco_data(coco):
    data = coco_data(coco, categories=["cat", "dog"], limit=2)
    assert (len(data.train_set), len(data.val_set)) == (2, 3)
    assert {*ids(data.train_set.files), *ids(data.val_set.files)} < set(range(6))
    assert batches(data)[0].shape == (2, 3, 32, 32)


def test_all_real_photographs_load(shared, caplog):
    files = coco_files(shared / "coco")
    assert len(files) == 469
    photographs = Photographs(files, 32, "crop")
    for index in range(len(files)):
        assert photographs[index, False].shape == (3, 32, 32)
    assert not caplog.records


@pytest.mark.parametrize("name", ["000000000086", "000000007888"])
def test_real_grayscale_photographs_get_three_channels(shared, name):
    path = shared / "coco" / f"{name}.jpg"
    with Image.open(path) as image:
        assert image.mode == "L"
    red, green, blue = Photographs([path], 64, "crop")[0, False]
    assert torch.equal(red, green)
    assert torch.equal(red, blue)
    assert red.std() > 0.05


def test_real_photographs_are_chosen(shared):
    every = {image["file_name"]: image for image in
             json.loads((shared / "coco" / "annotations.json").read_text())["images"]}  # fmt: skip
    free = coco_files(shared / "coco", licenses=[4, 5, 7])
    assert 50 < len(free) < 200
    assert {every[file.name]["license"] for file in free} == {4, 5, 7}
    assert 10 < len(coco_files(shared / "coco", categories=["dog", "cat"])) < 469
