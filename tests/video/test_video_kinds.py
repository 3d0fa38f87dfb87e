"""Videos of other kinds: transparent, interlaced, late, with streams that nobody copies."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from small.clips import Negative, distance, make_clip, moving, paint_clip, read_clip, write_clip

from fastnst.video.formats import READ_SUFFIXES, is_video, is_video_in_folder
from fastnst.video.paint import paint_video
from fastnst.video.reader import Frame, VideoReader

CONTAINERS = {
    "clip.avi": {"codec": "mpeg4"},
    "clip.m4v": {},
    "clip.ts": {},
    "clip.m2ts": {},
    "clip.mpg": {"codec": "mpeg1video"},
    "clip.wmv": {"codec": "wmv2"},
    "clip.flv": {},
    "clip.3gp": {},
    "clip.mxf": {"codec": "mpeg2video"},
}
HALF = np.zeros((48, 64, 4), np.uint8)  # the left half is transparent
HALF[:, 32:] = (200, 80, 40, 255)


def frames_of(path: Path, notices: list | None = None) -> list[Frame]:
    told = [] if notices is None else notices
    reader = VideoReader(path, notice=told.append)
    try:
        return [one for one in reader if isinstance(one, Frame)]
    finally:
        reader.close()


def encode(path: Path, codec: str, pixels: list[np.ndarray], pix_fmt: str, **options: str) -> Path:
    kind = "rgba" if pixels[0].shape[2] == 4 else "rgb24"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = pixels[0].shape[:2]
        stream.pix_fmt, stream.options = pix_fmt, options
        for number, values in enumerate(pixels):
            frame = av.VideoFrame.from_ndarray(values, format=kind).reformat(format=pix_fmt)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", CONTAINERS)
def test_other_containers_are_read(name, tmp_path, capsys):
    how = CONTAINERS[name]
    rate = Fraction(25) if name.endswith(("mpg", "mxf")) else Fraction(12)
    # MPEG-1 and 2 know a few rates only, which the clip's clock has to be in as well
    if name.endswith(("mpg", "mxf")):
        source = encode(tmp_path / name, how["codec"], list(moving(12)), "yuv420p", b="2000k")
    else:
        source = write_clip(tmp_path / name, moving(12), rate=rate, **how)
    assert is_video(source)
    assert is_video_in_folder(source)
    report, after = paint_clip(tmp_path, source)
    assert report == (12, 0, None, None)
    assert len(after.frames) == 12
    gaps = np.diff(after.times)
    assert np.allclose(gaps, 1 / float(rate), atol=0.002)
    assert "12/12" in capsys.readouterr().err
    assert distance(after.frames[5], 255 - np.asarray(frames_of(source)[5].picture)) < 8


def test_every_extension_that_is_written_is_read(tmp_path):
    assert {".mp4", ".mov", ".mkv", ".webm"} <= READ_SUFFIXES
    assert not is_video(tmp_path / "photo.jpg")


@pytest.mark.parametrize(("content", "video"), [(b"const a = 1", False), (b"", False),
    (b"\x47" + bytes(187), True), (bytes(4) + b"\x47" + bytes(187), True)])  # fmt: skip
def test_source_code_in_a_folder_is_no_video(content, video, tmp_path):
    path = tmp_path / "index.ts"
    path.write_bytes(content)
    assert is_video_in_folder(path) is video
    assert is_video(path)  # where somebody names it


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "options"),
    [
        ("clear.webm", "libvpx-vp9", "yuva420p", {"auto-alt-ref": "0"}),
        ("clear8.webm", "libvpx", "yuva420p", {"auto-alt-ref": "0"}),
        ("clear.mkv", "ffv1", "yuva420p", {}),
        ("prores.mov", "prores_ks", "yuva444p10le", {"profile": "4444"}),
        ("png.mov", "png", "rgba", {}),
        ("qtrle.mov", "qtrle", "argb", {}),
    ],
)
def test_what_is_transparent_is_white(name, codec, pix_fmt, options, tmp_path):
    source = encode(tmp_path / name, codec, [HALF] * 3, pix_fmt, **options)
    for target in ("out.webm", "out.mkv"):
        report, after = paint_clip(tmp_path, source, target)
        assert report.frames == 3
        for frame in after.frames:
            assert distance(frame[8:40, 4:24], np.zeros(3)) < 6  # white, inverted
            assert distance(frame[8:40, 40:60], np.array([55, 175, 215])) < 8
        with av.open(str(tmp_path / "out" / target)) as container:
            tags = {key.lower() for key in container.streams.video[0].metadata}
            assert "alpha_mode" not in tags


def test_without_the_decoder_the_loss_is_told(tmp_path, monkeypatch):
    source = encode(tmp_path / "a.webm", "libvpx-vp9", [HALF] * 2, "yuva420p")
    monkeypatch.setattr("fastnst.video.decoding.KNOW_ALPHA", {"vp9": "libnone"})
    notices = []
    assert len(frames_of(source, notices)) == 2
    assert "transparency is left out" in notices[0]


def combed(count: int) -> list[np.ndarray]:
    """A square that moves from field to field."""
    frames = []
    for number in range(count):
        frame = np.zeros((96, 128, 3), np.uint8)
        for field in (0, 1):
            left = 10 + 4 * (2 * number + field)
            frame[field::2, left : left + 20] = 255
        frames.append(frame)
    return frames


def comb(frame: Frame) -> float:
    grey = np.asarray(frame.picture).astype(int)[..., 0]
    return float(np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean())


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("top.mp4", "libx264", {"x264-params": "tff=1", "crf": "5"}),
        ("bottom.ts", "libx264", {"x264-params": "bff=1", "crf": "5"}),
        ("dvd.mpg", "mpeg2video", {"flags": "+ildct+ilme", "b": "4000k"}),
    ],
)
def test_interlaced_frames_are_whole_again_one_for_one(name, codec, options, tmp_path):
    source = encode(tmp_path / name, codec, combed(10), "yuv420p", **options)
    notices = []
    frames = frames_of(source, notices)
    assert len(frames) == 10
    assert set(np.diff([frame.pts for frame in frames])) == {frames[1].pts - frames[0].pts}
    assert len({frame.duration for frame in frames}) == 1
    assert max(comb(frame) for frame in frames) < 2
    assert ["interlaced" in notice for notice in notices] == [True]


def test_progressive_frames_stay_as_they_are(tmp_path):
    notices = []
    source = encode(tmp_path / "a.mp4", "libx264", combed(10), "yuv420p", crf="5")
    assert min(comb(frame) for frame in frames_of(source, notices)) > 10
    assert not notices


def test_a_part_of_an_interlaced_video(tmp_path):
    options = {"x264-params": "tff=1", "crf": "5"}
    source = encode(tmp_path / "a.mp4", "libx264", combed(10), "yuv420p", **options)
    report, after = paint_clip(tmp_path, source, start=0.16, end=0.32)
    assert report.frames == 4
    assert np.allclose(after.times, [0, 0.04, 0.08, 0.12], atol=0.001)


@pytest.mark.parametrize("name", ["late.mkv", "late.webm", "late.mp4", "late.mov"])
@pytest.mark.parametrize("audio", [None, "libopus"])
def test_a_late_first_frame_is_no_damage(name, audio, tmp_path, capsys):
    if name == "late.mov" and audio:
        pytest.skip("it cannot hold that")
    times = [5 + number / 12 for number in range(12)]
    codec = {"codec": "libvpx-vp9"} if name == "late.webm" else {}
    source = make_clip(tmp_path, name, times=times, audio=audio, **codec)
    report, after = paint_clip(tmp_path, source, "out.mkv")
    assert report == (12, 0, None, None)
    assert np.allclose(after.times, times, atol=0.002)
    assert "12/12" in capsys.readouterr().err


def test_sound_that_goes_on_is_no_damage(tmp_path, capsys):
    times = [number / 24 for number in range(6)]  # a quarter of a second, and a second of a tone
    source = make_clip(tmp_path, "short.mkv", 6, rate=Fraction(24), times=times, audio="flac")
    report, _ = paint_clip(tmp_path, source)
    assert report == (6, 0, None, None)
    assert "6/6" in capsys.readouterr().err


def test_a_late_video_that_is_cut_off_is_noticed(tmp_path):
    times = [5 + number / 12 for number in range(60)]
    source = make_clip(tmp_path, "late.mkv", 60, times=times)
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])
    assert paint_clip(tmp_path, source)[0].expected == 60


def test_what_is_neither_painted_nor_copied_is_named(tmp_path, capsys):
    source = tmp_path / "clip.mkv"
    clip = make_clip(tmp_path, "plain.mp4")
    with av.open(str(source), "w") as container, av.open(str(clip)) as before:
        video = container.add_stream_from_template(before.streams.video[0])
        again = container.add_stream_from_template(before.streams.video[0])
        container.add_attachment("letters.ttf", "font/ttf", b"letters")
        for packet in before.demux(video=0):
            if packet.size:
                packet.stream = video
                container.mux(packet)
        before.seek(0)
        for packet in before.demux(video=0):
            if packet.size:
                packet.stream = again
                container.mux(packet)
    assert paint_clip(tmp_path, source, "out.mkv")[0].frames == 12
    said = capsys.readouterr().err
    assert "left out" in said
    assert "another video (h264)" in said
    assert "attachment (letters.ttf)" in said


def test_a_cover_picture_is_named(tmp_path, capsys):
    cover = tmp_path / "cover.png"
    Image.new("RGB", (16, 16), "red").save(cover)
    source = tmp_path / "clip.mkv"
    with (
        av.open(str(source), "w") as container,
        av.open(str(make_clip(tmp_path, "plain.mp4"))) as before,
    ):
        video = container.add_stream_from_template(before.streams.video[0])
        container.add_attachment("cover.png", "image/png", cover.read_bytes())
        for packet in before.demux(video=0):
            if packet.size:
                packet.stream = video
                container.mux(packet)
    assert paint_video(Negative(), source, tmp_path / "out.mkv").frames == 12
    assert "left out of the result: cover picture (cover.png)" in capsys.readouterr().err
    assert len(read_clip(tmp_path / "out.mkv").frames) == 12
