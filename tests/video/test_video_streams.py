"""Videos: the streams that are copied, names, and what players need to know."""

import os
import struct
from pathlib import Path

import av
import pytest
from PIL import Image
from small.clips import Negative, moving

from fastnst.video.decoding import Decoder
from fastnst.video.formats import is_video
from fastnst.video.paint import PACKETS, _batches, paint_video
from fastnst.video.reader import Frame


def make_gif(path: Path) -> Path:
    frames = [Image.fromarray(frame) for frame in moving(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[100, 100, 300], loop=0)
    return path


@pytest.mark.parametrize(
    ("audio", "target", "kept"),
    [
        ("libopus", "out.mov", False),  # refused in the header
        ("flac", "out.mov", False),
        ("pcm_s16le", "out.mp4", False),  # refused at the end of the file
        ("pcm_s16le", "out.mov", True),
        ("libopus", "out.mp4", True),
    ],
)
def test_audio_that_the_container_refuses_late_is_left_out(
    audio, target, kept, clip, paint, capsys
):
    report, after = paint(clip("clip.mkv", audio=audio), target)
    assert report.frames == len(after.frames) == 12
    assert after.stream("types") == (["video", "audio"] if kept else ["video"])
    assert ("left out" in capsys.readouterr().err) is not kept


def test_an_empty_sample_is_not_the_end(clip):
    source, frames = clip(), []
    with av.open(str(source)) as container:
        (stream,) = container.streams.video
        decode = Decoder(stream, source, pytest.fail)
        for packet in container.demux(stream):
            empty = av.Packet()
            empty.dts = packet.dts
            frames += [*decode(empty), *decode(packet)] if packet.size else decode(packet)
    assert (len(frames), decode.broken) == (12, 0)


def test_packets_do_not_gather_while_there_are_few_frames(tmp_path):
    class Reader(list):
        path = tmp_path / "a picture with an hour of speech.mp4"

    frame = Frame(Image.new("RGB", (64, 48)), 0, 1)
    reader = Reader([*range(10), frame, *range(10, 3000)])
    batches = list(_batches(Negative(), reader))
    assert batches[0].frames  # they begin the file
    assert max(len(batch.packets) for batch in batches) <= PACKETS
    assert [packet for batch in batches for packet in batch.packets] == list(range(3000))


def test_statistics_of_the_source_are_dropped(clip, paint, tmp_path):
    tags = dict.fromkeys(["BPS", "BPS-eng", "NUMBER_OF_FRAMES-eng", "_STATISTICS_TAGS"], "1")
    paint(clip("clip.mkv", metadata={"DURATION-eng": "1", "TITLE": "a title", **tags}), "out.mkv")
    with av.open(str(tmp_path / "out" / "out.mkv")) as after:
        for metadata in (after.metadata, after.streams.video[0].metadata):
            names = {name.lower() for name in metadata}
            assert "title" in names
            assert names <= {"title", "encoder", "duration"}  # FFmpeg's own


@pytest.mark.parametrize(("name", "tag"), [("a.mp4", "hvc1"), ("a.MOV", "hvc1"), ("a.mkv", None)])
def test_h265_is_tagged_as_apple_wants_it(name, tag, clip, paint, tmp_path):
    paint(clip(), name, codec="h265")
    with av.open(str(tmp_path / "out" / name)) as after:
        assert tag in (None, after.streams.video[0].codec_context.codec_tag)
        assert after.streams.video[0].codec_context.name == "hevc"


def test_from_0_seconds_is_all(clip, paint, tmp_path):
    _, after = paint(clip(metadata={"title": "a title"}), start=0.0)
    assert after.stream("chapters") == ["a chapter"]
    paint(make_gif(tmp_path / "clip.gif"), "out.gif", start=0.0)
    with Image.open(tmp_path / "out" / "out.gif") as painted:
        painted.seek(2)
        assert painted.info["duration"] == 300


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_relative_names_with_a_colon(clip, tmp_path, monkeypatch):
    clip("12:30.mp4", audio="aac")
    make_gif(tmp_path / "12:30.gif")
    monkeypatch.chdir(tmp_path)
    for name in ("12:30.mp4", "12:30.gif"):
        target = Path(f"0:{name}")
        assert paint_video(Negative(), Path(name), target).frames in (3, 12)
        assert target.exists()


def test_a_damaged_gif_is_no_error_when_it_is_looked_at(tmp_path):
    whole = make_gif(tmp_path / "whole.gif").read_bytes()
    cut = tmp_path / "cut.gif"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        assert is_video(cut) in (False, True)
    assert is_video(tmp_path / "whole.gif")


@pytest.mark.parametrize("side", [11000, 65000])  # Pillow warns of the first, refuses the second
def test_a_huge_gif_is_no_error_when_it_is_looked_at(side, tmp_path):
    path, size = tmp_path / "huge.gif", struct.pack("<HH", side, side)
    data = b"GIF89a" + size + b"\x80\0\0" + bytes(6) + b",\0\0\0\0" + size + b"\0\2\2D\1\0;"
    path.write_bytes(data)
    assert not is_video(path)
    path.write_bytes(data[:-1] + data[19:])
    assert is_video(path)


def test_how_many_are_to_come_is_known_without_a_progress_bar(clip, tmp_path):
    painter = Negative()
    paint_video(painter, clip(), tmp_path / "out.mp4", progress=False)
    assert painter.calls == [(3, 9), (3, 6), (3, 3), (3, 0)]
