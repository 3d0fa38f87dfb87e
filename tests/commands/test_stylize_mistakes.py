"""What a user can get wrong on the stylizing command line."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from small.stylizing import stylize

from fastnst.options import parse_stylize


@pytest.mark.parametrize(
    "arguments",
    [
        ["photo.jpg"],
        ["--ckpt", "model.safetensors"],
        ["--ckpt", "model.safetensors", "photo.jpg", "--strength", "2"],
        ["--ckpt", "model.safetensors", "photo.jpg", "--strength", "nan"],
        ["--ckpt", "model.safetensors", "photo.jpg", "--size", "15"],
        ["--ckpt", "model.safetensors", "photo.jpg", "--quality", "0"],
        ["--ckpt", "model.safetensors", "photo.jpg", "--tile", "large"],
        ["--ckpt", "model.safetensors", "photo.jpg", "--style-scale", "0"],
        ["--ckpt", "model.safetensors", "photo.jpg", "--blend", "a,b"],
        ["--ckpt", "model.safetensors", "photo.jpg", "--name", "painted"],
        ["--ckpt", "model.safetensors", "photo.jpg", "--start", "noon"],
        ["--ckpt", "model.safetensors", "photo.jpg", "--webcam", "0"],
    ],
)
def test_options_are_checked_before_anything_is_read(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stylize(monkeypatch, *arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert "error: " in lines[-1]
    assert "Traceback" not in "".join(lines)


def test_times_are_seconds_or_clock() -> None:
    words = ["--ckpt", "a", "b", "--start", "90.5", "--end", "1:02:03"]
    options = parse_stylize(words)
    assert (options.start, options.end) == (90.5, 3723)
    assert parse_stylize([*words[:3], "--tile", "off"]).tile is None
    assert parse_stylize([*words[:3], "--tile", "640"]).tile == 640


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--ckpt", "model.safetensors", "--tile", "60", "photo.jpg"], ["60", "at least"]),
        (["--ckpt", "model.safetensors"] * 2 + ["photo.jpg"], ["--blend", "--mask"]),
        (["--ckpt", "model.safetensors", "--blend", "1,2", "photo.jpg"], ["1 in all"]),
        (["--ckpt", "model.safetensors", "--mask", "no.png", "photo.jpg"], ["no.png"]),
        (["--ckpt", "nowhere.ckpt", "photo.jpg"], ["nowhere.ckpt"]),
        (["--ckpt", "photo.jpg", "photo.jpg"], ["photo.jpg", "not a fastnst checkpoint"]),
        (["--ckpt", "model.safetensors", "empty"], ["no images", "empty"]),
        (["--ckpt", "model.safetensors", "photo.jpg", "-o", "."], ["written over"]),
        (["--ckpt", "model.safetensors", "photo.jpg", "b/photo.jpg", "-o", "a.png"], ["folder"]),
        (["--ckpt", "model.safetensors", "photo.jpg", "b/photo.jpg", "-o", "a"], ["both become"]),
    ],
)
def test_mistakes_end_in_one_sentence(
    arguments: list[str],
    words: list[str],
    model: Path,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    before = photo.read_bytes()
    assert stylize(monkeypatch, *arguments) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    for word in words:
        assert word in errors
    assert photo.read_bytes() == before


@pytest.mark.parametrize("name", ["missing.jpg", "text.jpg", "small.png"])
def test_a_bad_photograph_is_one_sentence_too(
    name: str,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "text.jpg").write_text("this is no image")
    Image.new("RGB", (15, 15)).save(tmp_path / "small.png")
    assert stylize(monkeypatch, "--ckpt", model, tmp_path / name, "-o", tmp_path / "out.png") == 1
    errors = capsys.readouterr().err
    assert f"{name}" in errors
    assert "0 painted, 1 skipped" in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "out.png").exists()


@pytest.mark.usefixtures("in_float32")
def test_memory_running_out_is_one_sentence(
    model: Path,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 99 GiB")

    monkeypatch.setattr("fastnst.networks.resnet.ResNet.forward", full)
    assert stylize(monkeypatch, "--ckpt", model, photo, "-o", tmp_path / "out.png") == 1
    assert "--size" in capsys.readouterr().err
