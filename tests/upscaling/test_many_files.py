"""Many files enlarged: what waits in memory, and what the documentation shows."""

import re

import pytest
import torch
from PIL import Image
from small.upscaling import write_small_enlarger

from fastnst import Upscaler
from fastnst.stylizing import Files, Job, paint_files
from fastnst.stylizing import files as painting
from fastnst.upscaling import upscaler as room


@pytest.fixture
def upscaler(tmp_path):
    return Upscaler(write_small_enlarger(tmp_path / "model.safetensors"), "cpu")


@pytest.fixture
def jobs(tmp_path, picture):
    sources = [picture(f"in/{number}.png", (20, 16), seed=number) for number in range(8)]
    return [Job(source, tmp_path / "out" / source.name) for source in sources]


def test_few_results_wait_to_be_written(upscaler, jobs, monkeypatch):
    monkeypatch.setattr(painting, "THREADS", 4)
    monkeypatch.setattr(painting, "WAITING_PIXELS", 2 * 80 * 64)  # two results, or 32 pictures
    monkeypatch.setattr(room, "TILED_FROM", 0)  # so that they do not go together
    waiting, most, paint = 0, 0, upscaler.paint

    def watched(pictures, to_come):
        nonlocal waiting, most
        waiting += len(pictures)
        most = max(most, waiting)
        return paint(pictures, to_come)

    monkeypatch.setattr(upscaler, "paint", watched)
    for job, error in paint_files(upscaler, jobs, Files()):
        assert error is None
        with Image.open(job.target) as large:
            assert large.size == (80, 64)
        waiting -= 1
    assert (waiting, most) == (0, 3)


def test_a_picture_that_memory_cannot_hold_does_not_end_the_others(
    upscaler, jobs, picture, monkeypatch
):
    forward = upscaler.network.forward

    def limited(images):
        if len(images) > 1 or images.shape[-1] == 24:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(images)

    picture("in/2.png", (24, 16))
    monkeypatch.setattr(upscaler.network, "forward", limited)
    errors = [error for _, error in paint_files(upscaler, jobs[:4], Files())]
    assert [error is None for error in errors] == [True, True, False, True]
    assert "24x16 pixels are too many for this machine; give a smaller --tile" in str(errors[2])


def test_the_documented_python_works(root, tmp_path, picture, monkeypatch):
    write_small_enlarger(tmp_path / "model.safetensors")
    picture("photo.jpg", size=(30, 20))
    monkeypatch.chdir(tmp_path)
    text = (root / "docs" / "paint" / "upscale.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(example, {})
    with Image.open("large.png") as large:
        assert large.size == (120, 80)
