"""`fastnst upscale`: files and folders in, larger ones out; what is skipped, and mistakes."""

import io
import sys

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base
from small.upscaling import SIDE, upscale, write_small_enlarger

from fastnst import Upscaler
from fastnst.commands.upscale import parse


@pytest.fixture
def model(tmp_path):
    return write_small_enlarger(tmp_path / "model" / "model.safetensors")


def size(path):
    with Image.open(path) as picture:
        return picture.size


def test_a_picture_gets_a_larger_one_beside_it(model, picture, monkeypatch, capsys):
    path = picture("photo.png", size=(40, 30))
    assert upscale(monkeypatch, path, "--scale", 4, "--ckpt", model) == 0
    result = path.with_name("photo_x4.png")
    assert capsys.readouterr().out == f"{path} -> {result}\n"
    with Image.open(result) as large:
        assert large.tobytes() == Upscaler(model)(path).tobytes()


def test_options_reach_the_upscaler(model, picture, tmp_path, monkeypatch):
    path = picture("photo.png", size=(60, 40))
    words = ("--match-colors", "--tile", SIDE, "--device", "cpu", "--ckpt", model)
    assert upscale(monkeypatch, path, *words, "-o", tmp_path / "a.png") == 0
    matched = Upscaler(model, "cpu", match_colors=True, tile=SIDE)(path)
    assert matched.tobytes() != Upscaler(model, "cpu")(path).tobytes()
    with Image.open(tmp_path / "a.png") as large:
        assert large.tobytes() == matched.tobytes()


def test_a_folder_is_gone_through_once(model, picture, tmp_path, monkeypatch, capsys):
    for name in ("in/a.jpg", "in/sub/b.png", "in/c.webp"):
        picture(name, size=(24, 20))
    how = ("--ckpt", model, tmp_path / "in")
    assert upscale(monkeypatch, *how, "-o", tmp_path / "out") == 0
    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")}
    assert found == {"a.jpg", "sub/b.png", "c.webp"}
    assert size(tmp_path / "out" / "a.jpg") == (96, 80)
    for _ in range(2):  # results among them are not enlarged again
        assert upscale(monkeypatch, *how, "--name", "{name}-{style}") == 0
    assert len([*(tmp_path / "in").rglob("*.*")]) == 6
    capsys.readouterr()
    assert upscale(monkeypatch, *how, "--name", "{name}-{style}", "--skip-existing") == 0
    assert capsys.readouterr().out == "3 there already\n"


def test_what_cannot_be_enlarged_is_skipped(model, picture, tmp_path, monkeypatch, capsys):
    picture("in/good.jpg", size=(24, 20))
    picture("in/small.jpg", size=(24, 15))
    (tmp_path / "in" / "bad.png").write_text("hello")
    (tmp_path / "in" / "clip.mp4").write_text("hello")
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "in" / "moves.gif", save_all=True, append_images=frames[1:])
    assert upscale(monkeypatch, "--ckpt", model, tmp_path / "in", "-o", tmp_path / "out") == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.jpg"]
    printed = capsys.readouterr()
    lines = [line for line in printed.err.splitlines() if line.startswith("skipped: ")]
    assert len(lines) == 4
    folder = tmp_path / "in"
    assert f"skipped: {folder / 'clip.mp4'} moves, and upscale takes pictures." in lines
    assert any(f"{folder / 'moves.gif'} moves" in one and "first frame" in one for one in lines)
    assert any(f"{folder / 'small.jpg'}: it has 24x15 pixels" in one for one in lines)
    assert printed.err.endswith("1 enlarged, 4 skipped\n")
    still = tmp_path / "still.png"
    assert upscale(monkeypatch, "--ckpt", model, folder / "moves.gif", "-o", still) == 0
    assert size(still) == (80, 80)


def test_a_result_that_its_format_cannot_hold_is_not_computed(
    model, picture, tmp_path, monkeypatch, capsys
):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(Upscaler, "paint", never)
    wide = picture("wide.png", size=(4100, 16))
    for target, sentence in (
        ("wide.webp", "WEBP holds at most 16383 pixels a side, and the picture is 16400x64"),
        ("wide.mp4", "end the name in one of"),
    ):
        assert upscale(monkeypatch, "--ckpt", model, wide, "-o", tmp_path / target) == 1
        assert sentence in capsys.readouterr().err
        assert not (tmp_path / target).exists()


def test_exif_is_kept_but_for_what_is_of_another_size(model, picture, tmp_path, monkeypatch):
    exif = Image.Exif()
    exif[Base.Artist], exif[Base.Orientation] = "Ada", 6  # a quarter turn
    exif[IFD.Exif] = {Base.ExifImageWidth: 40, Base.ExifImageHeight: 24, Base.ISOSpeedRatings: 100}
    path = picture("photo.jpg", size=(40, 24), exif=exif, dpi=(72, 72))
    words = ("--ckpt", model, path, "--keep-metadata", "--quality", 60)
    assert upscale(monkeypatch, *words, "-o", tmp_path / "a.jpg") == 0
    with Image.open(tmp_path / "a.jpg") as large:
        assert large.size == (96, 160)
        kept = large.getexif()
        assert kept[Base.Artist] == "Ada"
        assert Base.Orientation not in kept
        assert dict(kept.get_ifd(IFD.Exif)) == {Base.ISOSpeedRatings: 100}
        assert large.info["dpi"] == (72, 72)


def test_a_picture_through_a_pipe(model, picture, tmp_path, monkeypatch):
    content = picture("photo.png", size=(24, 20)).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert upscale(monkeypatch, "--ckpt", model, "-", "-o", tmp_path / "a.png") == 0
    assert size(tmp_path / "a.png") == (96, 80)


def test_transparency_is_kept(model, picture, tmp_path, monkeypatch):
    path = picture("logo.png", size=(24, 20), mode="RGBA")
    with Image.open(path) as logo:
        logo.putalpha(Image.new("L", logo.size, 100))
        logo.save(path)
    assert upscale(monkeypatch, "--ckpt", model, path) == 0
    with Image.open(tmp_path / "logo_x4.png") as large:
        assert np.unique(np.asarray(large)[..., 3]).tolist() == [100]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{model}", "{photo}", "--scale", "2"], "enlarges 4 times, not 2"),
        (["{model}", "{photo}", "--tile", "20"], "give at least 36"),
        (["{photo}", "{photo}"], "is not a fastnst checkpoint"),
        (["gone.ckpt", "{photo}"], "There is no checkpoint gone.ckpt"),
        (["{model}", "{photo}", "-o", "{photo}"], "would be written over"),
    ],
)
def test_mistakes(model, picture, monkeypatch, capsys, words, sentence):
    photo = picture("photo.png")
    given = [word.format(model=model, photo=photo) for word in words]
    assert upscale(monkeypatch, "--ckpt", *given) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert sentence in printed.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "required: FILE"),
        (["-"], "comes through a pipe has no place of its own: give -o"),
        (["a.jpg", "--scale", "3"], "invalid choice: 3"),
        (["a.jpg", "--tile", "no"], "no is not a number of at least 1"),
    ],
)
def test_what_argparse_refuses(words, sentence, capsys):
    with pytest.raises(SystemExit) as stopped:
        parse(words)
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err
