"""Videos: what is painted, and what has to stay as it was."""

from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from PIL import Image
from small.clips import (
    HEIGHT,
    WIDTH,
    Negative,
    distance,
    moving,
    read_clip,
    write_clip,
)

from fastnst.models import write_model
from fastnst.networks import build_network
from fastnst.stylizing.stylizer import Stylizer
from fastnst.video.formats import is_video
from fastnst.video.options import VideoOptions
from fastnst.video.paint import paint_video

UNEVEN = [0.0, 0.05, 0.2, 0.25, 0.5, 0.51, 0.8, 0.9]


def test_every_frame_is_painted_and_the_rest_stays(clip, paint, capsys):
    source = clip(audio="aac", metadata={"title": "a title"}, aspect=Fraction(4, 3))
    before, painter = read_clip(source), Negative()
    report, after = paint(source, painter=painter)
    assert report == (12, 0, None, None)
    assert painter.calls == [(3, 9), (3, 6), (3, 3), (3, 0)]
    assert after.times == before.times
    assert after.durations == before.durations
    assert len(after.packets["audio"]) > 40
    assert after.packets == before.packets
    assert after.stream("average_rate") == 12
    assert after.stream("sample_aspect_ratio") == Fraction(4, 3)
    assert after.stream("metadata")["title"] == "a title"
    assert after.stream("chapters") == ["a chapter"]
    assert (after.stream("codec"), after.stream("pix_fmt")) == ("h264", "yuv420p")
    for painted, frame in zip(after.frames, before.frames, strict=True):
        assert distance(painted, 255 - frame) < 4
    shown = capsys.readouterr().err
    assert "12/12" in shown
    assert "frame/s" in shown


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.webm"])
def test_uneven_time_stamps_are_kept(name, clip, paint):
    source = clip("clip.mp4", 8, times=UNEVEN, last=0.4)
    report, after = paint(source, name)
    assert report.frames == 8
    assert np.allclose(after.times, UNEVEN, atol=0.0006)
    assert np.isclose(after.durations[-1], 0.4, atol=0.0006)
    assert after.stream("codec") == ("vp9" if name == "out.webm" else "h264")


def test_subtitles_are_copied(clip, paint, capsys):
    source = clip("clip.mkv", audio="aac", subtitles=True)
    before, (_, after) = read_clip(source), paint(source, "out.mkv")
    assert len(before.packets["subtitle"]) == 2
    assert after.packets == before.packets
    assert "left out" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "types", "said"),
    [
        ("out.mp4", ["video", "audio"], ["subtitle"]),
        ("out.webm", ["video"], ["audio (aac)", "subtitle"]),
        ("out.gif", ["video"], ["audio (aac)", "subtitle"]),
    ],
)
def test_streams_that_do_not_fit(name, types, said, clip, paint, capsys):
    source = clip("clip.mkv", audio="aac", subtitles=True)
    report, after = paint(source, name)
    errors = capsys.readouterr().err
    assert report.frames == 12
    assert after.stream("types") == types
    assert errors.count("left out") == len(said)
    for words in said:
        assert words in errors


def test_a_part_of_it(clip, paint):
    source = clip("clip.mkv", audio="aac", subtitles=True)
    before, (report, after) = read_clip(source), paint(source, "out.mkv", start=0.5, end=0.9)
    assert report.frames == 5  # frames 6 to 10: at 0.5 up to 0.833 s
    assert np.allclose(after.times, [number / 12 for number in range(5)], atol=0.001)
    for painted, frame in zip(after.frames, before.frames[6:11], strict=True):
        assert distance(painted, 255 - frame) < 4
    expected = [(time - 0.5, data) for time, data in before.packets["audio"] if 0.5 <= time < 0.9]
    assert [data for _, data in after.packets["audio"]] == [data for _, data in expected]
    assert np.allclose(*[[time for time, _ in x] for x in (after.packets["audio"], expected)])
    ((when, text),) = after.packets["subtitle"]
    assert (round(when, 3), text) == (0.2, b"second words")


def test_the_end_is_no_part_of_it(clip, paint):
    _, after = paint(clip(), end=0.75)
    assert np.allclose(after.times, [number / 12 for number in range(9)])


def test_a_video_that_is_turned_is_painted_upright(clip, paint):
    for angle in (90, 180, -90):
        source = clip(rotation=angle, aspect=Fraction(4, 3))
        stored = read_clip(source)
        assert abs(stored.stream("rotation")) == abs(angle)
        _, after = paint(source)
        assert after.stream("rotation") == 0
        assert distance(after.frames[5], 255 - np.rot90(stored.frames[5], angle // 90)) < 4
        aspect = Fraction(4, 3) if angle == 180 else Fraction(3, 4)
        assert after.stream("sample_aspect_ratio") == aspect


BT2020 = pytest.param(
    (9, 1), marks=pytest.mark.skipif(av.__version__ < "18", reason="PyAV 17 takes it for another")
)


@pytest.mark.parametrize("colours", [(1, 1), (6, 1), (6, 2), (1, 2), BT2020])
def test_colours_are_read_and_written_as_they_are_tagged(colours, clip, tmp_path):
    class Same(Negative):
        def paint(self, pictures, to_come=0):
            self.seen = np.asarray(pictures[0])
            return pictures

    painter, (frame,) = Same(), moving(1)
    source, target = clip(count=1, colours=colours), tmp_path / "out.mp4"
    paint_video(painter, source, target, VideoOptions(quality=1))
    after = read_clip(target)
    assert after.stream("colours") == colours
    for flat in (np.s_[2:6, 2:6], np.s_[14:26, 8:16], np.s_[40:, 40:]):
        assert distance(painter.seen[flat], frame[flat]) < 1.5
        assert distance(after.frames[0][flat], frame[flat]) < 3
        assert abs(painter.seen[flat].mean() - frame[flat].mean()) < 1  # nor darker


def test_ten_bits_become_eight(clip, paint):
    source = clip(codec="libx265", pix_fmt="yuv420p10le")
    before, (_, after) = read_clip(source), paint(source)
    assert after.stream("pix_fmt") == "yuv420p"
    assert distance(after.frames[3], 255 - before.frames[3]) < 6


def test_codec_and_quality(clip, paint, tmp_path):
    source, sizes = clip(), []
    for quality in (10, 45):
        report, after = paint(source, codec="h265", quality=quality)
        assert (after.stream("codec"), report.frames) == ("hevc", 12)
        sizes.append((tmp_path / "out" / "out.mp4").stat().st_size)
    assert sizes[0] > 1.1 * sizes[1]


def test_an_odd_row_and_column_are_cut_off(tmp_path, paint):
    source = write_clip(tmp_path / "odd.mkv", moving(3, 65, 49), pix_fmt="yuv444p")
    (_, even), (_, gif) = paint(source), paint(source, "out.gif")
    assert even.frames[0].shape == (48, 64, 3)
    assert gif.frames[0].shape == (49, 65, 3)
    assert distance(even.frames[0], 255 - next(iter(moving(1)))) < 4


def test_a_gif_keeps_time_and_loop(tmp_path, paint):
    source, durations = tmp_path / "clip.gif", [50, 120, 70, 300, 90]
    frames = [Image.fromarray(frame) for frame in moving(5)]
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=durations, loop=3)
    assert is_video(source)
    report, _ = paint(source, "out.gif")
    assert report.frames == 5
    with Image.open(tmp_path / "out" / "out.gif") as painted:
        assert (painted.n_frames, painted.info["loop"]) == (5, 3)
        for number, duration in enumerate(durations):
            painted.seek(number)
            assert painted.info["duration"] == duration
            assert (
                distance(np.asarray(painted.convert("RGB")), 255 - np.asarray(frames[number])) < 4
            )
    _, film = paint(source)
    assert np.allclose(film.times, [0, 0.05, 0.17, 0.24, 0.54])


def test_what_is_clear_in_a_gif_is_white(tmp_path, paint):
    source = tmp_path / "clip.gif"
    frames = []
    for number in range(3):
        frame = Image.new("RGBA", (WIDTH, HEIGHT))
        frame.paste((200, 0, 0, 255), (10 + number, 10, 30, 30))
        frames.append(frame)
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=100, disposal=2)
    _, after = paint(source)
    assert after.frames[2][40, 50].max() < 8  # the negative of white
    assert distance(after.frames[2][20, 20], np.array([55, 255, 255])) < 8


def test_a_gif_of_a_fast_video_has_no_frame_shorter_than_browsers_show(clip, paint, tmp_path):
    source = clip(count=30, rate=Fraction(120))
    paint(source, "out.gif")
    with Image.open(tmp_path / "out" / "out.gif") as painted:
        assert 10 <= painted.n_frames <= 13
        assert painted.info["duration"] >= 20
        assert painted.info["loop"] == 0


def test_a_still_gif_is_no_video(tmp_path):
    Image.new("RGB", (20, 20)).save(tmp_path / "still.gif")
    (tmp_path / "broken.gif").write_text("no picture")
    assert not is_video(tmp_path / "still.gif")
    assert not is_video(tmp_path / "broken.gif")
    assert not is_video(tmp_path / "photo.jpg")
    assert is_video(tmp_path / "film.MP4")


def test_the_size_of_the_painter_is_that_of_the_video(clip, paint):
    _, after = paint(clip(), painter=Negative(scale=0.5))
    assert after.frames[0].shape == (HEIGHT // 2, WIDTH // 2, 3)


def test_flicker_is_smoothed_and_measured(tmp_path, paint):
    random = np.random.default_rng(0)

    class Flickering(Negative):
        def paint(self, pictures, to_come=0):
            noise = random.normal(0, 20, (len(pictures), HEIGHT, WIDTH, 3))
            values = [np.asarray(one) + extra for one, extra in zip(pictures, noise, strict=True)]
            return [Image.fromarray(one.clip(0, 255).astype(np.uint8)) for one in values]

    still = write_clip(tmp_path / "still.mp4", [np.full((HEIGHT, WIDTH, 3), 128, np.uint8)] * 12)
    plain, (report, smoothed) = paint(still)[0], paint(still, painter=Flickering(), temporal=0.8)
    assert plain.flicker is None
    assert report.flicker.after < 0.4 * report.flicker.before
    assert 15 < report.flicker.before < 30
    change = [
        distance(*pair) for pair in zip(smoothed.frames[1:], smoothed.frames[:-1], strict=True)
    ]
    assert np.mean(change) < 12


def test_a_real_network(clip, paint, tmp_path):
    torch.manual_seed(0)
    architecture = {"name": "resnet", "width": 4, "blocks": 1}
    write_model(
        tmp_path / "model.safetensors", build_network(architecture), architecture, {"name": "dots"}
    )
    stylizer = Stylizer(tmp_path / "model.safetensors", "cpu")
    source = clip()
    report, after = paint(source, painter=stylizer, temporal=0.5, quality=1)
    assert report.frames == 12
    first = Image.fromarray(read_clip(source).frames[0])
    assert distance(after.frames[0], np.asarray(stylizer(first))) < 6
    assert np.std(after.frames[0]) > 1
