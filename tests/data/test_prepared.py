"""Pictures prepared once: the same batches, made again when needed and only then."""

import json
import logging
import os
import pickle
import shutil

import numpy as np
import pytest
import torch
from small.data import (
    attach,
    batches,
    coco_data,
    dead_leaves_data,
    expected,
    given,
    index,
    rows,
    touch,
)

from fastnst.data import resident
from fastnst.data.prepared import INDEX, PICTURES, PreparedPictures
from fastnst.data.resident import ResidentBatches


@pytest.mark.parametrize("cache", ["disk", "device"])
@pytest.mark.parametrize("source", ["folder", "dead_leaves"])
def test_batches_are_the_same_bit_for_bit(source, cache, made, tmp_path):
    where = {"prepared": str(tmp_path / "prepared"), "seed": 3}
    make = made if source == "folder" else dead_leaves_data
    alone, other = make(cache="none", **where), make(cache=cache, **where)
    plain, prepared = batches(alone, max_steps=9), batches(other, max_steps=9)
    assert len(plain) == len(prepared) == 9
    assert torch.equal(torch.stack(plain), torch.stack(prepared))
    assert prepared[0].is_contiguous(memory_format=torch.channels_last)
    for one, two in zip(
        given(alone, alone.val_dataloader()), given(other, other.val_dataloader()), strict=True
    ):
        assert torch.equal(one, two)


@pytest.mark.parametrize("cache", ["disk", "device"])
def test_prepared_pictures_resume_and_are_shared_out(cache, made):
    whole = batches(made(cache=cache))
    assert torch.equal(
        torch.stack(batches(made(cache=cache), global_step=4)), torch.stack(whole[4:])
    )
    assert torch.equal(batches(made(cache=cache), world_size=2, global_rank=1)[1], whole[3])


def test_every_photograph_is_decoded_once(made, decoded):
    data = made()
    first = batches(data)
    assert sorted(decoded) == sorted(file.name for file in data.train_set.files)
    del decoded[:]
    again = made(batch_size=1, hflip=False, workers=1, cache="device")
    assert len(batches(again)) == len(first)
    assert decoded == []


def test_the_index_says_what_the_pictures_are(made, photos):
    data = made(limit=5)
    np.testing.assert_array_equal(rows(data), expected(data))
    note = index(data)
    assert note["names"] == [str(file) for file in data.train_set.files]
    assert note["settings"]["root"] == str(photos)
    assert (note["settings"]["limit"], note["bad"]) == (5, [])
    folder = data.prepare().folder
    assert sorted(path.name for path in folder.iterdir()) == [INDEX, "lock", PICTURES]


def test_the_size_and_the_place_are_said_before(made, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    rows(made(image_size=256))
    (line,) = caplog.messages
    assert line.startswith("Preparing 6 pictures of 256x256, 1.2 MB, in ")
    assert str(tmp_path / "prepared" / "folder_256_") in line
    assert "none with these settings" in line
    rows(made(image_size=256))
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    "changes", [{"image_size": 48}, {"resize": "squash"}, {"limit": 4}, {"val_images": 2}]
)
def test_other_settings_have_another_folder(made, changes, caplog):
    before = made().prepare()
    data = made(**changes)
    assert data.prepare().folder != before.folder
    np.testing.assert_array_equal(rows(data), expected(data))
    caplog.set_level(logging.INFO)
    assert made().prepare().folder == before.folder
    assert not caplog.messages


def test_a_data_set_has_one_folder_by_whatever_path(made, photos, monkeypatch, caplog):
    folder = made().prepare().folder
    (photos.parent / "link").symlink_to(photos)
    monkeypatch.chdir(photos.parent)
    caplog.set_level(logging.INFO)
    for root in ("photos", "link", "photos/sub/.."):
        assert made(root=root).prepare().folder == folder
    assert not caplog.messages


def test_coco_choices_have_folders_of_their_own(tmp_path, picture):
    images = [{"id": i, "file_name": picture(f"coco/{i}.png", seed=i).name, "license": i % 2}
              for i in range(8)]  # fmt: skip
    note = {"images": images, "annotations": [], "categories": []}
    (tmp_path / "coco" / "annotations.json").write_text(json.dumps(note))
    where = {"root": tmp_path / "coco", "prepared": str(tmp_path / "p"), "cache": "disk"}
    every, chosen = coco_data(**where), coco_data(licenses=[1], **where)
    assert len(every.prepare()) == 5
    assert len(chosen.prepare()) == 2
    np.testing.assert_array_equal(rows(every), expected(every))


def test_dead_leaves_of_other_seeds_and_numbers_have_folders_of_their_own(tmp_path):
    where = {"prepared": str(tmp_path), "cache": "disk"}
    folders = {
        dead_leaves_data(seed=seed, images=images, **where).prepare().folder
        for seed in (0, 1)
        for images in (5, 6)
    }
    assert len(folders) == 4
    assert dead_leaves_data(val_images=1, **where).prepare().folder in folders


def add(photos):
    shutil.copy(photos / "2.jpg", photos / "new.jpg")


def remove(photos):
    for name in ("0.jpg", "2.jpg", "4.jpg", "6.jpg"):
        (photos / name).unlink()


def change(photos):
    for file in photos.rglob("*.jpg"):
        shutil.copy(photos / "2.jpg", photos / "new")
        (photos / "new").replace(file)


@pytest.mark.parametrize("alter", [add, remove, change, touch])
def test_changed_files_are_prepared_anew(alter, made, photos, decoded, caplog):
    folder = made().prepare().folder
    alter(photos)
    caplog.set_level(logging.INFO)
    del decoded[:]
    data = made()
    assert data.prepare().folder == folder
    assert len(decoded) == len(data.train_set)
    np.testing.assert_array_equal(rows(data), expected(data))
    (line,) = caplog.messages
    assert "files were added, removed or changed" in line


def test_a_training_under_way_keeps_the_pictures_it_has(made, photos):
    running = made()
    attach(running)
    change(photos)
    assert not np.array_equal(rows(made()), running.prepared.rows)
    assert len(np.unique(running.prepared.rows, axis=0)) == 6
    assert len(np.unique(rows(made()), axis=0)) == 1


@pytest.mark.parametrize("harm", ["shorten", "delete"])
def test_a_damaged_file_is_made_anew(made, harm, caplog):
    data = made()
    path = data.prepare().folder / PICTURES
    if harm == "delete":
        path.unlink()
    else:
        os.truncate(path, 5000)
    caplog.set_level(logging.INFO)
    np.testing.assert_array_equal(rows(data), expected(data))
    assert "not what was written" in caplog.text


def test_loader_processes_are_not_sent_the_pictures(made):
    prepared = made(image_size=256).prepare()
    sent = pickle.dumps(prepared)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent).rows, prepared.rows)


def test_no_loader_runs_for_pictures_in_memory(made, monkeypatch):
    data = made(cache="device")
    attach(data)
    monkeypatch.setattr("fastnst.data.module.DataLoader", None)
    loader = data.train_dataloader()
    assert isinstance(loader, ResidentBatches)
    assert len(loader) == len(given(data, loader)) == 6


def test_a_resumed_run_counts_its_batches_from_the_start(made):
    data = made(cache="device")
    attach(data, global_step=4)
    assert len(data.train_dataloader()) == 6  # as EndlessShuffle says


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_workers_are_for_accelerators(made):
    first = []
    for device, workers in (("cpu", 0), ("cuda", 2)):
        data = made(workers=2)
        attach(data, device=device)
        loader = data.train_dataloader()
        assert loader.num_workers == workers
        first.append(next(iter(loader)))
    for one, two in zip(*(batch[:2] for batch in first), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("fits", [True, False])
def test_what_is_too_large_for_the_memory_is_read_from_disk(made, monkeypatch, caplog, fits):
    monkeypatch.setattr(resident, "_memory", lambda _: (2 * 6 * 32 * 32 * 3 - (not fits), 0.5))
    data = made(cache="device")
    attach(data)
    loader = data.train_dataloader()
    assert isinstance(loader, ResidentBatches) == fits
    assert torch.equal(torch.stack(given(data, loader)), torch.stack(batches(made(cache="none"))))
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == (not fits)
    assert all("0.0 MB) are more than 50 % of the memory free on cpu" in line for line in warnings)


def test_the_memory_of_this_machine_is_known():
    free, share = resident._memory(torch.device("cpu"))
    assert 10**8 < free < 10**14
    assert share == 0.5


@pytest.mark.gpu
@pytest.mark.parametrize("cache", ["disk", "device"])
def test_batches_on_cuda_are_those_of_the_processor(made, cache):
    data = made(cache=cache)
    attach(data, device="cuda")
    loader = data.train_dataloader()
    if cache == "device":
        assert isinstance(loader, ResidentBatches)
        assert all(part.is_cuda for part in next(iter(loader))[:2])
    painted = torch.stack(given(data, loader))
    assert painted.is_cuda
    plain = torch.stack(batches(made(cache="none")))
    # 1/255 is not rounded alike everywhere
    torch.testing.assert_close(painted.cpu(), plain, rtol=0, atol=1e-7)


def test_real_photographs(shared, tmp_path):
    where = {"root": shared / "coco", "limit": 20, "image_size": 64, "batch_size": 4}
    plain = batches(coco_data(**where))
    for cache in ("disk", "device"):
        data = coco_data(cache=cache, prepared=str(tmp_path), **where)
        assert torch.equal(torch.stack(batches(data)), torch.stack(plain))
    assert len(PreparedPictures(data.prepared.folder)) == 20
