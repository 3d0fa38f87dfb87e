"""Photographs chosen by a COCO annotation file, made up and real."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small.data import coco_data

from fastnst.data.photo_files import coco_files
from fastnst.data.pictures import Photographs
from fastnst.machine.errors import UserError

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


def present(*where, **which):
    """The photographs that are there; none is missing."""
    there, missing = coco_files(*where, **which)
    assert missing == []
    return there


def ids(files):
    return [int(Path(file).stem) for file in files]


def test_coco_lists_every_photograph(coco, capsys):
    assert present(coco) == sorted(coco.glob("*.jpg"))
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
    assert ids(present(coco, categories=categories, licenses=licenses)) == expected


@pytest.mark.parametrize(
    ("categories", "licenses"), [(["kite"], None), (None, [8]), (["dog"], [3]), ([], None)]
)
def test_no_coco_photograph_left_is_refused(coco, categories, licenses):
    with pytest.raises(UserError, match=r"data\.categories=.*data\.licenses="):
        coco_files(coco, categories=categories, licenses=licenses)


def test_an_unknown_category_is_refused_with_the_known_ones(coco):
    with pytest.raises(UserError, match=r"no bird; there are cat, dog, kite"):
        coco_files(coco, categories=["cat", "bird"])


def test_coco_photographs_that_are_not_there_are_told_from_the_others(coco):
    (coco / f"{2:012}.jpg").unlink()
    there, missing = coco_files(coco)
    assert (ids(there), ids(missing)) == ([0, 1, 3, 4, 5, 6, 7], [2])


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
     '{"images": [{"id": 1, "file_name": 7}]}',
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
    assert present(folder if below else tmp_path / "coco") == sorted(folder.iterdir())
    assert present(tmp_path / "coco", file) == sorted(folder.iterdir())


def test_a_folder_of_other_annotations_is_no_folder_of_photographs(coco):
    (coco / "annotations").mkdir()
    assert len(present(coco)) == len(present(coco, coco / "annotations.json")) > 0


def test_coco_data(coco):
    data = coco_data(coco, categories=["cat", "dog"], limit=2)
    assert (len(data.train_set), len(data.val_set)) == (2, 3)
    assert {*ids(data.train_set.files), *ids(data.val_set.files)} < set(range(6))
    assert data.train_set[0].shape == (32, 32, 3)


@pytest.mark.slow
def test_all_real_photographs_load(shared):
    files = present(shared / "coco")
    assert len(files) == 469
    photographs = Photographs(files, 32, "crop")
    for index in range(len(files)):  # each damaged one would raise
        assert photographs[index].shape == (32, 32, 3)


@pytest.mark.parametrize("name", ["000000000086", "000000007888"])
def test_real_grayscale_photographs_get_three_channels(shared, name):
    path = shared / "coco" / f"{name}.jpg"
    with Image.open(path) as image:
        assert image.mode == "L"
    red, green, blue = np.moveaxis(Photographs([path], 64, "crop")[0], -1, 0)
    np.testing.assert_array_equal(red, green)
    np.testing.assert_array_equal(red, blue)
    assert red.std() > 12


def test_real_photographs_are_chosen(shared):
    every = {image["file_name"]: image for image in
             json.loads((shared / "coco" / "annotations.json").read_text())["images"]}  # fmt: skip
    free = present(shared / "coco", licenses=[4, 5, 7])
    assert 50 < len(free) < 200
    assert {every[file.name]["license"] for file in free} == {4, 5, 7}
    assert 10 < len(present(shared / "coco", categories=["dog", "cat"])) < 469
