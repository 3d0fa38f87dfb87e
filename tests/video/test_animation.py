"""Pictures that move: WebP, AVIF and PNG, read and written."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PIL import Image
from small.clips import HEIGHT, WIDTH, Negative, make_clip, moving, read_clip, write_clip
from small.profiles import ADOBE, rgb_profile, to_srgb

from fastnst.images.animated import ANIMATED, Animation, _Frames, read_frames
from fastnst.machine.errors import UserError
from fastnst.video.animation import AnimationWriter
from fastnst.video.formats import is_video
from fastnst.video.options import VideoOptions
from fastnst.video.paint import paint_video

COLORS = [(200, 30, 40), (30, 200, 40), (30, 40, 200), (250, 250, 10)]
DURATIONS = [100, 250, 40, 500]
MOVING = sorted(ANIMATED)
NEW = sorted(ANIMATED - {".gif"})


class Dark(Negative):
    """Inverts colours and, as a `Stylizer` does, keeps transparency."""

    def paint(self, pictures, to_come=0):
        painted = super().paint([one.convert("RGB") for one in pictures], to_come)
        for one, picture in zip(painted, pictures, strict=True):
            if picture.mode == "RGBA":
                one.putalpha(picture.getchannel("A"))
        return painted


def write(path: Path, *, clear: bool = False, plays: int = 0, **how: object) -> Path:
    """An animation of four colours; where it is clear its left part is transparent."""
    frames = []
    for number, color in enumerate(COLORS):
        pixels = np.full((48, 65, 4), (*color, 255), np.uint8)
        pixels[2:6, 30 + 4 * number : 34 + 4 * number, :3] = 128
        pixels[:, :20, 3] = 0 if clear else 255
        frames.append(Image.fromarray(pixels if clear else pixels[..., :3].copy()))
    options = {".webp": {"lossless": True}, ".gif": {"disposal": 2}}.get(path.suffix, {})
    if path.suffix == ".gif" and plays:
        plays -= 1  # there it is how often again
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=DURATIONS,
        loop=plays,
        **options,
        **how,
    )
    return path


def shown(path: Path) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]], list[int]]:
    """Colours on the right and the left, and durations."""
    right, left, durations = [], [], []
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            frame = image.convert("RGBA")
            right.append(frame.getpixel((50, 30)))
            left.append(frame.getpixel((8, 30)))
            durations.append(round(image.info["duration"]))
    return right, left, durations


def inverted(colors: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    return [(*(255 - value for value in color), 255) for color in colors]


@pytest.mark.parametrize("source", MOVING)
@pytest.mark.parametrize("target", [".webp", ".avif", ".gif", ".png"])
def test_animations_become_animations(source, target, tmp_path):
    if target == ".png" != source:
        pytest.skip("a PNG is made of a PNG only")
    if ".avif" in (source, target) and ".avif" not in ANIMATED:
        pytest.skip("no .avif")
    before = write(tmp_path / f"before{source}", plays=3)
    assert is_video(before)
    report = paint_video(Negative(), before, tmp_path / f"after{target}")
    assert report == (4, 0, None, None)
    right, left, durations = shown(tmp_path / f"after{target}")
    np.testing.assert_allclose(right, inverted(COLORS), atol=6)
    np.testing.assert_allclose(left, inverted(COLORS), atol=6)
    assert durations == DURATIONS
    if ".avif" not in (source, target):  # which tells nobody how often
        with Image.open(tmp_path / f"after{target}") as image:
            assert image.info["loop"] == (2 if target == ".gif" else 3)


@pytest.mark.parametrize("source", MOVING)
def test_transparency_is_kept_where_it_can_be(source, tmp_path):
    before = write(tmp_path / f"before{source}", clear=True)
    for target in NEW:
        if target == ".png" != source:
            continue
        paint_video(Dark(), before, tmp_path / f"after{target}")
        right, left, durations = shown(tmp_path / f"after{target}")
        np.testing.assert_allclose(right, inverted(COLORS), atol=6)
        assert [color[3] for color in left] == [0] * 4
        assert durations == DURATIONS
    paint_video(Dark(), before, tmp_path / "after.mp4")
    after = read_clip(tmp_path / "after.mp4")
    assert np.abs(after.frames[0][20:40, 4:16].astype(int)).max() < 6  # white, inverted
    assert np.allclose(after.times, [0, 0.1, 0.35, 0.39])
    assert np.isclose(after.durations[-1], 0.5)


@pytest.mark.parametrize("target", [".webp", ".avif"])
def test_videos_become_animations(target, tmp_path, capsys):
    if target not in ANIMATED:
        pytest.skip(f"no {target}")
    source = make_clip(tmp_path, count=6, audio="aac")
    report = paint_video(Negative(), source, tmp_path / f"a{target}", VideoOptions(temporal=0.5))
    assert report.frames == 6
    frames = list(read_frames(tmp_path / f"a{target}"))
    assert len(frames) == 6
    assert abs(sum(frame.duration for frame in frames) - 500) <= 2
    for frame in frames:
        assert frame.picture.convert("RGBA").getextrema()[3] == (255, 255)
    assert "cannot hold its audio (aac), which is left out" in capsys.readouterr().err


def test_a_part_of_an_animation(tmp_path):
    source = write(tmp_path / "before.webp")
    report = paint_video(
        Negative(), source, tmp_path / "after.webp", VideoOptions(start=0.1, end=0.36)
    )
    assert report.frames == 2
    right, _, durations = shown(tmp_path / "after.webp")
    np.testing.assert_allclose(right, inverted(COLORS[1:3]), atol=6)
    assert durations == [250, 10]
    with pytest.raises(UserError, match="no frame to paint from 9"):
        paint_video(Negative(), source, tmp_path / "none.webp", VideoOptions(start=9.0))


@pytest.mark.parametrize("name", ["a.webp", "a.png"])
def test_the_profile_is_applied_to_each_frame(name, tmp_path):
    source = write(tmp_path / name, icc_profile=rgb_profile(ADOBE, 2.2))
    for frame, color in zip(read_frames(source), COLORS, strict=True):
        expected = to_srgb(np.array([[color]], np.uint8), ADOBE, 2.2)[0, 0]
        got = frame.picture.convert("RGB").getpixel((50, 30))
        np.testing.assert_allclose(got, expected, atol=3)


def test_exif_is_kept(tmp_path):
    exif = Image.Exif()
    exif[0x013B] = "the artist"
    source = write(tmp_path / "a.webp", exif=exif.tobytes())
    paint_video(Negative(), source, tmp_path / "b.webp")
    with Image.open(tmp_path / "b.webp") as image:
        assert image.getexif()[0x013B] == "the artist"
        assert "icc_profile" not in image.info


def test_the_picture_of_a_png_for_those_who_show_no_animation_is_left_out(tmp_path):
    still = Image.new("RGB", (65, 48), "black")
    frames = [Image.new("RGB", (65, 48), color) for color in COLORS[:2]]
    path = tmp_path / "a.png"
    still.save(path, save_all=True, append_images=frames, duration=[70, 80], default_image=True)
    report = paint_video(Negative(), path, tmp_path / "b.png")
    assert report.frames == 2
    right, _, durations = shown(tmp_path / "b.png")
    assert (right, durations) == (inverted(COLORS[:2]), [70, 80])


def test_frames_without_a_duration_are_shown_as_browsers_do(tmp_path):
    frames = [Image.new("RGB", (32, 32), color) for color in COLORS]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=0)
    assert {frame.duration for frame in read_frames(tmp_path / "a.webp")} <= {100}


@pytest.mark.parametrize("name", ["b.webp", "b.gif"])
def test_a_damaged_end_is_counted(name, tmp_path):
    path = write(tmp_path / "a.png")
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"fdAT") + 20])
    report = paint_video(Negative(), path, tmp_path / name)
    assert (report.frames, report.broken) == (3, 1)


def test_an_interrupted_one_is_kept_as_such(tmp_path):
    source = make_clip(tmp_path, count=30)
    with pytest.raises(KeyboardInterrupt):
        paint_video(Negative(interrupt=6), source, tmp_path / "out.webp")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "out_stopped.webp"]
    assert len(list(read_frames(tmp_path / "out_stopped.webp"))) == 6


def test_the_largest_size_is_that_of_pictures(tmp_path):
    source = write(tmp_path / "a.webp")
    with pytest.raises(UserError, match="--max-megapixels"):
        paint_video(Negative(), source, tmp_path / "b.webp", VideoOptions(max_megapixels=1e-4))
    assert not (tmp_path / "b.webp").exists()


@pytest.mark.parametrize("name", ["a.webp", "a.gif"])
def test_pixels_that_are_not_square_become_square(name, tmp_path):
    """These files cannot say that theirs are not."""
    source = write_clip(tmp_path / "dvd.mp4", moving(3), aspect=Fraction(3, 2))
    paint_video(Negative(), source, tmp_path / name)
    with Image.open(tmp_path / name) as picture:
        assert picture.size == (WIDTH * 3 // 2, HEIGHT)


def test_a_second_interrupt_ends_the_writing_too(tmp_path, monkeypatch):
    source, seek = write(tmp_path / "a.webp"), _Frames.seek
    writing, dropped = Event(), Event()

    def seek_slowly(frames, number):
        writing.set()
        dropped.wait(9)
        seek(frames, number)

    def interrupted(pool, *_):
        writing.wait(9)
        raise KeyboardInterrupt

    def drop(writer):
        dropping(writer)
        dropped.set()

    dropping = AnimationWriter.drop
    monkeypatch.setattr(_Frames, "seek", seek_slowly)
    monkeypatch.setattr(AnimationWriter, "drop", drop)
    with monkeypatch.context() as patched:
        patched.setattr(ThreadPoolExecutor, "__exit__", interrupted)
        with pytest.raises(KeyboardInterrupt):
            paint_video(Negative(interrupt=2), source, tmp_path / "out.webp")
    for thread in (one for one in threading.enumerate() if "ThreadPool" in one.name):
        thread.join(1)
    assert dropped.is_set()
    assert [path.name for path in tmp_path.iterdir()] == ["a.webp"]


def test_it_needs_no_library_for_videos(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    source = write(tmp_path / "a.webp")
    assert paint_video(Negative(), source, tmp_path / "b.webp").frames == 4
    with pytest.raises(UserError, match=r"fastnst\[video\]"):
        paint_video(Negative(), source, tmp_path / "b.mp4")


@pytest.mark.parametrize("name", ["b.webp", "b.avif"])
def test_options_of_videos_are_refused(name, tmp_path):
    with pytest.raises(UserError, match=r"no choice of codec|end the name"):
        paint_video(Negative(), write(tmp_path / "a.webp"), tmp_path / name, VideoOptions("h264"))


def test_too_wide_for_the_format(tmp_path):
    animation = Animation(tmp_path / "a.webp", tmp_path / "clip.mp4")
    with pytest.raises(UserError, match=r"clip\.mp4: WEBP holds at most 16383"):
        animation.add(Image.new("RGB", (16384, 1)))
    animation.close()


def test_still_ones_are_no_videos(picture):
    for suffix in NEW:
        assert not is_video(picture(f"still{suffix}"))


@pytest.mark.parametrize("error", [ValueError("cannot write duration"), RuntimeError("no memory")])
def test_what_an_encoder_refuses_is_one_sentence(error, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise error

    source = write(tmp_path / "a.webp")
    monkeypatch.setattr(Image.Image, "save", refuse)
    with pytest.raises(UserError, match=rf"Cannot write .*out\.webp: {error}"):
        paint_video(Negative(), source, tmp_path / "out.webp")
    assert [path.name for path in tmp_path.iterdir()] == ["a.webp"]
