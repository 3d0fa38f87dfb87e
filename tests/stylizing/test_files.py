"""Many files at once, and when the network is compiled for them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small.stylizing import SIDE

from fastnst.machine.errors import UserError
from fastnst.models import write_model
from fastnst.networks import build_network
from fastnst.stylizing import files as painting
from fastnst.stylizing import painter as painters
from fastnst.stylizing import stylizer
from fastnst.stylizing.files import Files, Job, paint_files
from fastnst.stylizing.stylizer import Stylizer

ARCHITECTURE = {"name": "resnet", "width": 4, "blocks": 1}


@pytest.fixture
def painter(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "model.safetensors"
    write_model(path, build_network(ARCHITECTURE), ARCHITECTURE, {"name": "dots"})
    return Stylizer(path, "cpu")


@pytest.fixture
def jobs(tmp_path, picture):
    """Makes files of the sizes asked for; None is no picture."""

    def make(*sizes: tuple[int, int] | None) -> list[Job]:
        made = []
        for number, size in enumerate(sizes):
            source = tmp_path / "in" / f"{number}.png"
            if size is None:
                source.write_text("no picture")
            else:
                picture(f"in/{number}.png", size, seed=number)
            made.append(Job(source, tmp_path / "out" / source.name))
        return made

    return make


def seen_by(painter, monkeypatch):
    """Batches that go through the network: number, size, how many more of that size to come."""
    batches, paint = [], painter.paint

    def watched(pictures, to_come):
        batches.append((len(pictures), pictures[0].size, to_come))
        return paint(pictures, to_come)

    monkeypatch.setattr(painter, "paint", watched)
    return batches


def test_neighbours_of_one_size_go_together(painter, jobs, monkeypatch):
    batches = seen_by(painter, monkeypatch)
    monkeypatch.setattr(stylizer, "BATCH_PIXELS", 3 * 20 * 16)
    wide, tall = (20, 16), (16, 20)
    files = jobs(wide, wide, tall, tall, tall, tall, wide, None, wide, (40, 40))
    results = list(paint_files(painter, files, Files()))
    assert batches == [
        (2, wide, 0), (3, tall, 1), (1, tall, 0), (1, wide, 0), (1, wide, 0), (1, (40, 40), 0)
    ]  # fmt: skip
    assert [job for job, _ in results] == files
    assert [job for job, error in results if error] == [files[7]]


def test_a_batch_is_full_at_the_size_to_work_at(painter, jobs, monkeypatch):
    batches = seen_by(painter, monkeypatch)
    monkeypatch.setattr(stylizer, "BATCH_PIXELS", 2 * 20 * 16)
    files = jobs(*[(80, 64)] * 5)
    painter.size = 16
    assert not any(error for _, error in paint_files(painter, files, Files()))
    assert batches == [(2, (20, 16), 3), (2, (20, 16), 1), (1, (20, 16), 0)]


def test_together_or_alone_is_the_same(painter, jobs):
    files = jobs((24, 32), (24, 32), (24, 32))
    assert not any(error for _, error in paint_files(painter, files, Files()))
    for job in files:
        with Image.open(job.source) as source, Image.open(job.target) as target:
            alone = np.asarray(painter(source)).astype(int)
            assert np.abs(np.asarray(target) - alone).max() <= 1
            assert np.asarray(target).std() > 1


@pytest.mark.usefixtures("in_float32")
def test_when_memory_is_full_pictures_are_painted_one_by_one(painter, jobs, monkeypatch):
    network = painter.painters[0].network
    whole = network.forward

    def limited(images):
        if len(images) > 1 or images.shape[-1] == 48 + 2 * 12:  # with its margin
            raise torch.OutOfMemoryError("Tried to allocate 99 GiB")
        return whole(images)

    monkeypatch.setattr(network, "forward", limited)
    files = jobs((20, 20), (20, 20), (48, 16))
    errors = [error for _, error in paint_files(painter, files, Files())]
    assert errors[:2] == [None, None]
    assert "48x16" in str(errors[2])
    assert "--size" in str(errors[2])
    assert [job.target.exists() for job in files] == [True, True, False]


def test_what_cannot_be_written_does_not_stop_the_others(painter, jobs, tmp_path):
    first, second = jobs((20, 20), (20, 20))
    (tmp_path / "a file").touch()
    blocked = Job(first.source, tmp_path / "a file" / "0.png")
    (_, error), (_, none) = paint_files(painter, [blocked, second], Files())
    assert isinstance(error, UserError)
    assert "a file" in str(error)
    assert none is None
    assert second.target.exists()


def test_memory_that_does_not_suffice_to_read_is_one_sentence(painter, jobs, monkeypatch):
    def full(_: Path, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(painting, "read_image", full)
    ((job, error),) = paint_files(painter, jobs((20, 20)), Files())
    assert str(job.source) in str(error)


def test_the_network_is_compiled_for_many_pictures_of_one_size(painter, photograph, monkeypatch):
    shapes = []

    class Recorder:
        """Instead of a compiled network."""

        def __init__(self, network):
            self.network = network

        def __call__(self, images):
            shapes.append(tuple(images.shape))
            return self.network(images)

    monkeypatch.setattr(painters, "Compiled", Recorder)
    monkeypatch.setitem(painters.PAYS_AFTER, "cpu", 10 * 52 * 52)  # with their margin
    small, large = photograph(20, 20), photograph(40, 40)
    painter.paint([large], to_come=2)  # too few
    painter.paint([small], to_come=9)
    assert shapes == []
    painter.paint([small], to_come=10)
    painter.paint([small], to_come=1)  # it is there now
    painter.paint([large])
    painter.paint([small, small])  # batches of another number would have to be compiled anew
    painter.paint([small])
    painter.paint([small, small], to_come=10)
    assert shapes == [(1, 3, 52, 52)] * 3 + [(2, 3, 52, 52)]


@pytest.mark.slow
@pytest.mark.usefixtures("scalar_kernels")
def test_a_compiled_network_paints_the_same(painter, photograph, monkeypatch):
    monkeypatch.setitem(painters.PAYS_AFTER, "cpu", 1)
    pictures = [photograph(32, 24, seed) for seed in range(2)]
    plain = [np.asarray(image).astype(int) for image in painter.paint(pictures)]
    compiled = painter.paint(pictures, to_come=2)
    assert [shape for _, shape in painter.painters[0]._compiled] == [(2, 3, 64, 72)]
    for image, expected in zip(compiled, plain, strict=True):
        assert np.abs(np.asarray(image) - expected).mean() < 1


def test_frames_are_smoothed_in_order_from_what_was_read(tmp_path, painter, jobs):
    """Painting goes by batches and threads, and paints pictures of many tiles over."""
    tiled = Stylizer(tmp_path / "model.safetensors", "cpu", tile=SIDE)
    seen = []

    def smooth(frame, painted):
        seen.append(frame)
        return np.full_like(painted, 10 * len(seen))

    files = jobs((20, 24), (20, 24), None, (2 * SIDE, SIDE))
    errors = [error is not None for _, error in paint_files(tiled, files, Files(), smooth)]
    assert errors == [False, False, True, False]
    there = [job for job in files if job.target.is_file()]
    for number, (frame, job) in enumerate(zip(seen, there, strict=True), 1):
        assert np.array_equal(frame, np.asarray(Image.open(job.source).convert("RGB")))
        assert np.unique(np.asarray(Image.open(job.target))).tolist() == [10 * number]
