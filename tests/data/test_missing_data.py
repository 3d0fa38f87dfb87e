"""Photographs that a COCO annotation file lists and that are not there."""

import json

import numpy as np
import pytest
from small.data import attach, batches, coco_data

from fastnst.machine.errors import UserError


@pytest.fixture
def coco(tmp_path, picture):
    """Writes annotations of 24 photographs, and of more that are not there."""
    for i in range(24):
        picture(f"photos/{i:02}.jpg", size=(60, 40), seed=i)
    folder = tmp_path / "photos"

    def write(*missing):
        names = [file.name for file in sorted(folder.iterdir())] + [*missing]
        images = [{"id": i, "file_name": name} for i, name in enumerate(names)]
        note = {"images": images, "annotations": [], "categories": []}
        (tmp_path / "annotations.json").write_text(json.dumps(note))
        return {"root": folder, "annotations": str(tmp_path / "annotations.json")}

    return write


def test_missing_files_of_the_annotations_are_counted_and_named(coco, caplog):
    names = ["gone.jpg", "x" * 300 + ".jpg", "no\ud800text.jpg", "nothing\0.jpg"]
    data = coco_data(**coco(*names), max_bad=0.2, val_images=4)
    assert len(data.train_set) == 20
    lines = caplog.messages
    assert len(lines) == 4
    assert any("gone.jpg, which is not there" in line for line in lines)
    attach(data)
    data.teardown("fit")
    assert caplog.messages[4:] == [
        "4 of 24 training pictures could not be read: they are named above."
    ]


def test_most_of_coco_missing_is_refused_unless_allowed(coco, caplog):
    where = coco(*(f"missing_{i}.jpg" for i in range(76)))
    with pytest.raises(UserError, match=r"^76 of 96 .*missing_.*data\.max_bad"):
        coco_data(**where, val_images=4)
    assert len(coco_data(**where, val_images=4, max_bad=1).train_set) == 20
    caplog.clear()
    # so many there are
    assert len(coco_data(**where, val_images=4, limit=20, max_bad=0).train_set) == 20
    assert not caplog.messages
    with pytest.raises(UserError, match=r"^1 of 21 "):
        coco_data(**where, val_images=4, limit=21, max_bad=0)


def test_missing_files_do_not_change_what_is_held_out(coco):
    complete = coco_data(**coco(), val_images=4)
    part = coco_data(**coco("missing.jpg"), val_images=4)
    assert part.val_set.files == complete.val_set.files
    assert part.train_set.files == complete.train_set.files
    assert np.array_equal(part.train_set[0], complete.train_set[0])


def test_missing_and_damaged_files_are_counted_together(coco):
    data = coco_data(**coco("missing.jpg"), val_images=8, max_bad=0.1, hflip=False)
    data.train_set.files[0].write_bytes(b"")
    with pytest.raises(UserError, match=r"^2 of 17 "):
        batches(data, max_steps=16)
