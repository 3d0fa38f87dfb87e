"""Pictures prepared once: the same batches, made again when needed and only then."""

import json
import logging
import os
import pickle
import shutil
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_data import attach, batches, coco_data, dead_leaves_data, folder_data, given

from fastnst import pictures as sources
from fastnst import preparation, resident
from fastnst.errors import UserError
from fastnst.files import locked
from fastnst.pictures import DeadLeaves, Photographs
from fastnst.prepared import INDEX, PICTURES, PreparedPictures
from fastnst.resident import ResidentBatches


@pytest.fixture
def photos(tmp_path, picture):
    for i in range(9):
        picture(f"photos/{'sub/' if i % 2 else ''}{i}.jpg", size=(60, 40), seed=i)
    return tmp_path / "photos"


@pytest.fixture
def made(photos, tmp_path):
    """Makes the data of `photos`, six of them for training, read from disk if nothing is said."""

    def make(**changes):
        usual = {"cache": "disk", "prepared": str(tmp_path / "prepared")}
        return folder_data(**{"root": photos} | usual | changes)

    return make


@pytest.fixture
def decoded(monkeypatch):
    """Names of the files that are decoded from now on."""
    names = []

    def read(path, **how):
        names.append(path.name)
        return read_image(path, **how)

    read_image = sources.read_image
    monkeypatch.setattr(sources, "read_image", read)
    return names


def rows(data):
    return np.array(data.prepare().rows)


def expected(data):
    """What the rows should be, one picture after the other."""
    return np.stack([data.train_set[index] for index in range(len(data.train_set))])


def index(data):
    return json.loads((data.prepare().folder / INDEX).read_text())


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


def touch(photos):
    for file in photos.rglob("*.jpg"):
        os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))


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


@pytest.fixture
def interrupted(made, monkeypatch):
    """Prepares, up to a Ctrl-C at the fifth picture."""

    read = Photographs.__getitem__

    def up_to_four(self, number):
        if number == 4:
            raise KeyboardInterrupt
        return read(self, number)

    def interrupt():
        with monkeypatch.context() as patch:
            patch.setattr(Photographs, "__getitem__", up_to_four)
            with pytest.raises(KeyboardInterrupt):
                made().prepare()

    return interrupt


@pytest.mark.parametrize("bad", [None, 1])
def test_an_interrupted_preparation_goes_on(bad, made, interrupted, decoded, caplog):
    names = [file.name for file in made().train_set.files]
    if bad is not None:
        made().train_set.files[bad].write_bytes(b"")
    interrupted()
    assert not list(made().train_set.files[0].parents[1].rglob(INDEX))
    caplog.set_level(logging.INFO)
    del decoded[:]
    data = made()
    data.prepare()
    assert sorted(decoded) == sorted(names[4:])
    assert "going on after 4, where it was interrupted" in caplog.text
    good = [number for number in range(6) if number != bad]
    right = np.stack([data.train_set[number] for number in good])
    np.testing.assert_array_equal(rows(data), right)
    assert [name.rpartition("/")[2] for name in index(data)["names"]] == [names[n] for n in good]
    assert len(index(data)["bad"]) == 6 - len(good)


def test_a_killed_preparation_goes_on_from_the_last_note(made, interrupted, tmp_path):
    interrupted()
    (path,) = tmp_path.rglob(PICTURES)
    with path.open("ab") as file:
        file.write(bytes(100_000))  # written after the last note
    np.testing.assert_array_equal(rows(made()), expected(made()))
    assert path.stat().st_size == 128 + 6 * 32 * 32 * 3


def test_a_bad_picture_that_was_not_counted_yet_is_looked_at_again(made, interrupted, tmp_path):
    interrupted()
    (path,) = tmp_path.rglob(preparation.PROGRESS)
    note = json.loads(path.read_text())
    path.write_text(json.dumps(note | {"bad": [[4, "Ctrl-C came in between."]]}))
    np.testing.assert_array_equal(rows(made()), expected(made()))


def test_an_interrupted_preparation_of_other_files_begins_anew(made, photos, interrupted, caplog):
    interrupted()
    touch(photos)
    caplog.set_level(logging.INFO)
    np.testing.assert_array_equal(rows(made()), expected(made()))
    assert "files were added, removed or changed" in caplog.text


def test_progress_is_noted_on_the_way(made, monkeypatch):
    monkeypatch.setattr(preparation, "SAVE_EVERY", 0)
    done = []
    write = preparation._Progress.write

    def noted(self, path):
        done.append(self.done)
        write(self, path)

    monkeypatch.setattr(preparation._Progress, "write", noted)
    made().prepare()
    assert done == [1, 2, 3, 4, 5, 6, 6]


def test_damaged_photographs_are_counted_named_and_left_out(made, caplog):
    names = [file.name for file in made().train_set.files]
    for number in (0, 5):
        made().train_set.files[number].write_bytes(b"")
    data = made()
    attach(data)
    assert len(data.prepared) == 4
    (line,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    for word in ("2 of 6 pictures", names[0], names[5]):
        assert word in line
    assert [sentence.split()[0].rpartition("/")[2] for sentence in index(data)["bad"]] == [
        names[0],
        names[5],
    ]
    assert len(given(data, data.train_dataloader())) == 6


def test_mostly_damaged_photographs_are_refused(made):
    files = made().train_set.files
    for file in files[1:5]:
        file.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(UserError, match=rf"4 of 6 pictures .*{files[1].name}"):
            made().prepare()


def test_a_full_disk_is_refused_before_anything_is_written(made, monkeypatch, decoded, tmp_path):
    each, header = 32 * 32 * 3, 128
    free = SimpleNamespace(free=header + 6 * each - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    with pytest.raises(UserError) as refused:
        made().prepare()
    sentence = str(refused.value)
    assert str(tmp_path / "prepared" / "folder_32_") in sentence
    for way_out in ("data.cache=none", "data.limit", "data.prepared"):
        assert way_out in sentence
    assert decoded == []
    free.free += 1
    assert len(made().prepare()) == 6


def test_what_is_already_written_needs_no_space(made, interrupted, monkeypatch):
    interrupted()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2 * 32 * 32 * 3))
    assert len(made().prepare()) == 6


def test_sizes_are_readable(made, monkeypatch):
    free = SimpleNamespace(free=3 * 10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    data = made()
    monkeypatch.setattr(type(data.train_set), "__len__", lambda _: 82_775)
    data.train_set.size = 256
    with pytest.raises(UserError, match=r"need 16\.3 GB at .* 3\.0 GB are free"):
        data.prepare()


def test_a_second_process_waits_for_the_first(made, caplog, decoded):
    caplog.set_level(logging.INFO)
    data = made()
    folder = data._folder
    folder.mkdir(parents=True)
    second = threading.Thread(target=made().prepare)
    with locked(folder / "lock"):
        second.start()
        deadline = time.monotonic() + 20
        while "Another process is at work" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert decoded == []
        preparation._make(data.train_set, folder, {}, data.train_set.state())
    second.join(20)
    assert not second.is_alive()
    assert len(decoded) == 6  # by the first alone


def test_finished_pictures_are_only_read(made, monkeypatch):
    made().prepare()
    monkeypatch.setattr(preparation, "locked", None)
    monkeypatch.setattr(preparation, "_make", None)
    assert len(made().prepare()) == 6


def test_few_pictures_wait_to_be_written():
    started = []

    class Counted(DeadLeaves):
        def __getitem__(self, number):
            started.append(number)
            return super().__getitem__(number)

    made_in_order = preparation._pictures(Counted(1000, 16, 0), 7)
    first = next(made_in_order)
    np.testing.assert_array_equal(first, DeadLeaves(1000, 16, 0)[7])
    time.sleep(0.5)
    assert len(started) <= preparation.AHEAD * (os.cpu_count() or 1) + 1
    made_in_order.close()


def test_loader_processes_are_not_sent_the_pictures(made):
    prepared = made(image_size=256).prepare()
    sent = pickle.dumps(prepared)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent).rows, prepared.rows)


def test_no_loader_runs_for_pictures_in_memory(made, monkeypatch):
    data = made(cache="device")
    attach(data)
    monkeypatch.setattr("fastnst.data.DataLoader", None)
    loader = data.train_dataloader()
    assert isinstance(loader, ResidentBatches)
    assert len(loader) == len(given(data, loader)) == 6


def test_a_resumed_run_counts_its_batches_from_the_start(made):
    data = made(cache="device")
    attach(data, global_step=4)
    assert len(data.train_dataloader()) == 6  # as EndlessShuffle says


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_workers_are_for_accelerators(made):
    first = []
    for device, workers in (("cpu", 0), ("cuda", 2)):
        data = made(workers=2)
        attach(data, device=device)
        loader = data.train_dataloader()
        assert loader.num_workers == workers
        first.append(next(iter(loader)))
    for one, two in zip(*first, strict=True):
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


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("cache", ["disk", "device"])
def test_batches_on_cuda_are_those_of_the_processor(made, cache):
    data = made(cache=cache)
    attach(data, device="cuda")
    loader = data.train_dataloader()
    if cache == "device":
        assert isinstance(loader, ResidentBatches)
        assert all(part.is_cuda for part in next(iter(loader)))
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
