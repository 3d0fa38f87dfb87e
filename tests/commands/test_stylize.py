"""The stylizing command, run as a user runs it, with a small untrained network."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from small.clips import moving, read_clip, write_clip
from small.stylizing import ARCHITECTURE, stylize, write_small_model
from torch.nn.functional import pad

from fastnst.drawing.dead_leaves import draw_dead_leaves
from fastnst.machine import computes_int8
from fastnst.networks import build_network

ROOT = Path(__file__).parents[2]


def load(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
    return picture


@pytest.mark.slow
def test_one_photograph_to_one_file(model: Path, photo: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "stylize.py", "--ckpt", model, photo, "-o", "painted.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "painted.png" in done.stdout
    painted = np.asarray(load(tmp_path / "painted.png"))
    assert painted.shape == (48, 64, 3)
    assert painted.std() > 1


def test_output_is_the_networks(
    model: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = build_network(ARCHITECTURE).eval()
    pixels = torch.from_numpy(np.array(load(photo))).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        painted = network(pad(pixels, (24,) * 4, "reflect"))[0, :, 24:-24, 24:-24]
    expected = (painted * 255).round().permute(1, 2, 0).byte().numpy()
    can = computes_int8(torch.device("cpu"))
    for low in (False, True):
        monkeypatch.setattr("fastnst.stylizing.painter.computes_bf16", lambda _, low=low: low)
        eight = low and can
        monkeypatch.setattr("fastnst.stylizing.precision.computes_int8", lambda _, it=eight: it)
        assert stylize(monkeypatch, "--ckpt", model, photo, "-o", tmp_path / "a.png") == 0
        distance = np.abs(np.asarray(load(tmp_path / "a.png")).astype(int) - expected)
        if low:
            assert distance.mean() < 1
        else:  # a tensor laid out otherwise in memory may round the other way at a half
            assert distance.max() <= 1


def test_beside_the_photograph_without_an_output(
    model: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stylize(monkeypatch, "--ckpt", model, photo, "--device", "cpu") == 0
    assert load(photo.with_name("photo_dots.jpg")).size == (64, 48)


def test_folders_and_bad_files(
    model: Path,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    load(photo).save(folder / "one.png")
    load(photo).convert("L").save(folder / "deep" / "two.jpg")
    (folder / "broken.jpg").write_bytes(photo.read_bytes()[:500])
    Image.new("RGB", (9, 40)).save(folder / "narrow.png")
    out = tmp_path / "out"
    assert stylize(monkeypatch, "--ckpt", model, folder, "-o", out) == 1
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*.*"))
    assert written == ["deep/two.jpg", "one.png"]
    errors = capsys.readouterr().err
    assert "2 painted, 2 skipped" in errors
    assert "9x40" in errors
    assert "broken.jpg" in errors
    assert "Traceback" not in errors


def test_size_is_the_short_side(
    model: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.png"
    assert stylize(monkeypatch, "--ckpt", model, photo, "-o", out, "--size", 24) == 0
    assert load(out).size == (32, 24)


def test_transparency_is_kept_in_png_and_white_in_jpeg(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "clear.png"
    picture = Image.fromarray(draw_dead_leaves(32, 0, 0)).convert("RGBA")
    alpha = Image.linear_gradient("L").resize((32, 32))
    picture.putalpha(alpha)
    picture.save(source)
    kept, white = tmp_path / "kept.png", tmp_path / "white.jpg"
    assert stylize(monkeypatch, "--ckpt", model, source, "-o", kept) == 0
    assert stylize(monkeypatch, "--ckpt", model, source, "-o", white) == 0
    painted = load(kept)
    assert painted.mode == "RGBA"
    assert np.array_equal(np.asarray(painted.getchannel("A")), np.asarray(alpha))
    assert load(white).mode == "RGB"
    assert np.asarray(load(white))[0].mean() > 240  # the first row is all transparent


def test_what_is_there_already_is_left_out(
    model: Path,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, out = photo.parent / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("one.png", "two.png"):
        load(photo).save(folder / name)
    out.mkdir()
    (out / "one.png").write_text("mine")
    arguments = ["--ckpt", model, folder, "-o", out, "--skip-existing"]
    assert stylize(monkeypatch, *arguments) == 0
    assert (out / "one.png").read_text() == "mine"
    assert load(out / "two.png").size == (64, 48)
    assert "1 there already" in capsys.readouterr().out
    assert stylize(monkeypatch, *arguments) == 0
    assert "2 there already" in capsys.readouterr().out


def test_each_way_to_look_reaches_the_picture(
    model: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = tmp_path / "mask.png"
    Image.linear_gradient("L").resize((64, 48)).save(mask)
    second = tmp_path / "second.safetensors"
    write_small_model(second, "lines", seed=1)
    seen = set()
    for options in (
        [],
        ["--strength", "0.5"],
        ["--preserve-color", "lum"],
        ["--preserve-color", "hist"],
        ["--mask", mask],
        ["--ckpt", second, "--blend", "0.3,0.7"],
        ["--ckpt", second, "--mask", mask],
        ["--style-scale", "1.5"],
    ):
        out = tmp_path / "out.png"
        assert stylize(monkeypatch, "--ckpt", model, photo, "-o", out, *options) == 0
        assert load(out).size == (64, 48)
        seen.add(load(out).tobytes())
    assert len(seen) == 8


def test_quality_and_metadata(
    model: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "me"
    exif[ExifTags.Base.Orientation] = 6
    load(photo).save(photo, exif=exif, dpi=(300, 300))
    sizes = []
    for name, options in (
        ("fine.jpg", ["--keep-metadata"]),
        ("coarse.jpg", ["--quality", "20"]),
    ):
        assert stylize(monkeypatch, "--ckpt", model, photo, "-o", tmp_path / name, *options) == 0
        painted = load(tmp_path / name)
        sizes.append((tmp_path / name).stat().st_size)
        assert painted.size == (48, 64)
        assert painted.getexif()[ExifTags.Base.Artist] == "me"
        assert ExifTags.Base.Orientation not in painted.getexif()
    assert sizes[1] < 0.7 * sizes[0]
    assert load(tmp_path / "fine.jpg").info["dpi"] == (300, 300)
    assert load(tmp_path / "coarse.jpg").info.get("dpi") != (300, 300)


def test_a_picture_of_more_pixels_than_allowed(
    model: Path,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wide = tmp_path / "wide.png"
    Image.new("RGB", (1300, 1000)).save(wide)
    arguments = ["--ckpt", model, wide, photo, "-o", tmp_path / "out"]
    assert stylize(monkeypatch, *arguments, "--max-megapixels", "1") == 1
    errors = capsys.readouterr().err
    assert "--max-megapixels" in errors
    assert "1 painted, 1 skipped" in errors


def test_a_video_among_pictures(
    model: Path,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clip, text = tmp_path / "clip.mp4", tmp_path / "text.mp4"
    write_clip(clip, moving(4))
    text.write_text("no video")
    arguments = ["--ckpt", model, clip, text, photo, "-o", tmp_path / "out", "--temporal"]
    assert stylize(monkeypatch, *arguments) == 1
    output = capsys.readouterr()
    assert "(4 frames, flicker" in output.out
    assert "text.mp4" in output.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clip.mp4", "photo.jpg"]


def test_animations_are_painted_as_such(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [Image.fromarray(frame) for frame in moving(3)]
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.webp", "b.png", "c.gif"):
        how = {"append_images": frames[1:], "duration": [100, 200, 300]}
        frames[0].save(folder / name, save_all=True, **how)
    out = tmp_path / "out"
    assert stylize(monkeypatch, "--ckpt", model, folder, "-o", out) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.webp", "b.png", "c.gif"]
    for path in out.iterdir():
        with Image.open(path) as painted:
            assert painted.n_frames == 3
    # a still picture of one that moves is of its first frame
    for target in ("still.jpg", "still.png"):
        arguments = ["--ckpt", model, folder / "a.webp", "-o", tmp_path / target]
        assert stylize(monkeypatch, *arguments) == 0
        assert not getattr(load(tmp_path / target), "is_animated", False)
    arguments = ["--ckpt", model, folder / "a.webp", "-o", tmp_path / "film.mp4"]
    assert stylize(monkeypatch, *arguments) == 0
    assert len(read_clip(tmp_path / "film.mp4").frames) == 3


def test_videos_in_folders_and_in_containers_that_are_only_read(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_clip(folder / "film.AVI", moving(3), codec="mpeg4")
    (folder / "index.ts").write_text("const no_video = 1")
    assert stylize(monkeypatch, "--ckpt", model, folder, "-o", tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["film.mp4"]
    assert stylize(monkeypatch, "--ckpt", model, folder) == 0
    assert len(read_clip(folder / "film_dots.mp4").frames) == 3
