"""The stylizing command, run as a user runs it, with a small untrained network."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from small_clips import moving, write_clip

from fastnst.dead_leaves import draw_dead_leaves
from fastnst.model_file import write_model
from fastnst.networks import build_network
from fastnst.stylize import main
from fastnst.stylize_options import parse

ROOT = Path(__file__).parents[1]
ARCHITECTURE = {
    "name": "resnet",
    "width": 4,
    "blocks": 1,
    "norm": "instance",
    "upsample": "nearest",
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "model.safetensors"
    write_model(path, build_network(ARCHITECTURE), ARCHITECTURE, {"name": "dots"})
    return path


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    Image.fromarray(draw_dead_leaves(64, 0, 0)).resize((64, 48)).save(path)
    return path


def load(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture.load()
    return picture


def stylize(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the command in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["stylize.py", *map(str, arguments)])
    try:
        main()
    except SystemExit as stopped:
        return int(str(stopped.code))
    return 0


def test_one_photograph_to_one_file(model: Path, photograph: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "stylize.py", "--ckpt", model, photograph, "-o", "painted.png"],
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
    model: Path, photograph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = build_network(ARCHITECTURE).eval()
    pixels = torch.from_numpy(np.array(load(photograph))).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        expected = (network(pixels)[0] * 255).round().permute(1, 2, 0).byte().numpy()
    for bf16 in (False, True):
        monkeypatch.setattr("fastnst.painter.computes_bf16", lambda _, bf16=bf16: bf16)
        assert stylize(monkeypatch, "--ckpt", model, photograph, "-o", tmp_path / "a.png") == 0
        distance = np.abs(np.asarray(load(tmp_path / "a.png")).astype(int) - expected)
        if bf16:
            assert distance.mean() < 1
        else:  # a tensor laid out otherwise in memory may round the other way at a half
            assert distance.max() <= 1


def test_beside_the_photograph_without_an_output(
    model: Path, photograph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stylize(monkeypatch, "--ckpt", model, photograph, "--device", "cpu") == 0
    assert load(photograph.with_name("photo_dots.jpg")).size == (64, 48)


def test_folders_and_bad_files(
    model: Path,
    photograph: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    load(photograph).save(folder / "one.png")
    load(photograph).convert("L").save(folder / "deep" / "two.jpg")
    (folder / "broken.jpg").write_bytes(photograph.read_bytes()[:500])
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
    model: Path, photograph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.png"
    assert stylize(monkeypatch, "--ckpt", model, photograph, "-o", out, "--size", 24) == 0
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
    photograph: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, out = photograph.parent / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("one.png", "two.png"):
        load(photograph).save(folder / name)
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
    model: Path, photograph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = tmp_path / "mask.png"
    Image.linear_gradient("L").resize((64, 48)).save(mask)
    second = tmp_path / "second.safetensors"
    torch.manual_seed(1)
    write_model(second, build_network(ARCHITECTURE), ARCHITECTURE, {"name": "lines"})
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
        assert stylize(monkeypatch, "--ckpt", model, photograph, "-o", out, *options) == 0
        assert load(out).size == (64, 48)
        seen.add(load(out).tobytes())
    assert len(seen) == 8


def test_quality_and_metadata(
    model: Path, photograph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "me"
    exif[ExifTags.Base.Orientation] = 6
    load(photograph).save(photograph, exif=exif, dpi=(300, 300))
    sizes = []
    for name, options in (
        ("fine.jpg", ["--keep-metadata"]),
        ("coarse.jpg", ["--quality", "20"]),
    ):
        assert (
            stylize(monkeypatch, "--ckpt", model, photograph, "-o", tmp_path / name, *options) == 0
        )
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
    photograph: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wide = tmp_path / "wide.png"
    Image.new("RGB", (1300, 1000)).save(wide)
    arguments = ["--ckpt", model, wide, photograph, "-o", tmp_path / "out"]
    assert stylize(monkeypatch, *arguments, "--max-megapixels", "1") == 1
    errors = capsys.readouterr().err
    assert "--max-megapixels" in errors
    assert "1 painted, 1 skipped" in errors


def test_a_video_among_pictures(
    model: Path,
    photograph: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clip, text = tmp_path / "clip.mp4", tmp_path / "text.mp4"
    write_clip(clip, moving(4))
    text.write_text("no video")
    arguments = ["--ckpt", model, clip, text, photograph, "-o", tmp_path / "out", "--temporal"]
    assert stylize(monkeypatch, *arguments) == 1
    output = capsys.readouterr()
    assert "(4 frames, flicker" in output.out
    assert "text.mp4" in output.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clip.mp4", "photo.jpg"]


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
    options = parse(words)
    assert (options.start, options.end) == (90.5, 3723)
    assert parse([*words[:3], "--tile", "off"]).tile is None
    assert parse([*words[:3], "--tile", "640"]).tile == 640


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
    photograph: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    before = photograph.read_bytes()
    assert stylize(monkeypatch, *arguments) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    for word in words:
        assert word in errors
    assert photograph.read_bytes() == before


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


def test_memory_running_out_is_one_sentence(
    model: Path,
    photograph: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 99 GiB")

    monkeypatch.setattr("fastnst.networks.resnet.ResNet.forward", full)
    assert stylize(monkeypatch, "--ckpt", model, photograph, "-o", tmp_path / "out.png") == 1
    assert "--size" in capsys.readouterr().err
