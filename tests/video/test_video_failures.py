"""Videos when something goes wrong, is stopped, or is long."""

import math
import os
import signal
import sys
import time
import weakref
from contextlib import nullcontext, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from unittest.mock import Mock

import av
import pytest
from small.clips import Negative, distance, read_clip
from small.forks import ended, fork_code

from fastnst.machine.errors import UserError
from fastnst.video.formats import CODECS
from fastnst.video.options import VideoOptions
from fastnst.video.paint import paint_video
from fastnst.video.reader import VideoReader
from fastnst.video.writer import VideoWriter


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_ctrl_c_leaves_what_is_painted(clip, paint, tmp_path, capsys):
    source, target = clip(count=40, audio="aac"), tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        paint_video(Negative(interrupt=6), source, target)
    # not the target, which would be taken for finished
    before, after = read_clip(source), read_clip(tmp_path / "out_stopped.mp4")
    assert after.times == before.times[:6]
    assert distance(after.frames[5], 255 - before.frames[5]) < 4
    assert after.packets["audio"] == before.packets["audio"][: len(after.packets["audio"])]
    shown = capsys.readouterr().err
    assert "out_stopped.mp4 holds the first 6 frames" in shown
    assert shown.index("Ctrl-C drops it") < shown.index("holds the first")
    with pytest.raises(KeyboardInterrupt):
        paint_video(Negative(interrupt=0), source, tmp_path / "nothing.mp4")
    assert names(tmp_path) == ["clip.mp4", "out_stopped.mp4"]


SLOWLY = """
import signal, sys, time
from pathlib import Path
from small.clips import Negative
from fastnst.machine import like_ctrl_c, one_sentence_errors
from fastnst.video import paint_video

class Slow(Negative):
    def together(self, size):
        return 1

    def paint(self, pictures, to_come=0):
        time.sleep(0.02)
        print(self.painted, flush=True)
        return super().paint(pictures, to_come)

# whoever runs the tests in the background may have had them ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_IGN if "nohup" in sys.argv else signal.SIG_DFL)
with one_sentence_errors(), like_ctrl_c():
    paint_video(Slow(), Path(sys.argv[1]), Path(sys.argv[2]))
"""


def signalled(signum: int, often: int, cwd: Path, *arguments: object) -> tuple[int, str]:
    """Exit code and stderr of painting slowly, stopped by a signal after a few frames."""
    words = ["", *map(str, arguments)]

    def start(output: Path, errors: Path) -> BaseProcess:
        process = fork_code(f"import sys; sys.argv = {words}{SLOWLY}", cwd, output, errors)
        while not output.exists() or "5" not in output.read_text().split():
            assert process.is_alive(), errors.read_text()
            time.sleep(0.005)
        for _ in range(often):
            with suppress(ProcessLookupError):  # it may have ended after the first
                os.kill(process.pid, signum)
            time.sleep(0.01)
        return process

    done = ended(start)
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.parametrize(
    ("name", "often", "target"),
    [
        ("SIGINT", 1, "out.mp4"),
        ("SIGTERM", 1, "out.mp4"),
        ("SIGHUP", 3, "out.mp4"),  # as a shell sends it too, when the terminal is closed
        ("SIGTERM", 2, "out.webp"),
    ],
)
def test_a_real_signal(name, often, target, clip, tmp_path):
    source, signum = clip(count=500), getattr(signal, name)
    code, errors = signalled(signum, often, tmp_path, source, tmp_path / target)
    # one that comes while the program is already leaving ends it, which to a shell is the same
    assert code == 128 + signum or (often > 1 and code == -signum)
    assert "Traceback" not in errors
    stopped = target.replace(".", "_stopped.")
    assert names(tmp_path) == ["clip.mp4", stopped]
    if target == "out.mp4":
        assert 5 <= len(read_clip(tmp_path / stopped).frames) < 500


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
def test_what_was_started_with_nohup_goes_on(clip, tmp_path):
    source = clip(count=20)
    code, _ = signalled(signal.SIGHUP, 1, tmp_path, source, tmp_path / "out.mp4", "nohup")
    assert code == 0
    assert names(tmp_path) == ["clip.mp4", "out.mp4"]


def test_memory_does_not_grow_with_the_length(clip, paint):
    made, most = [], 0

    class Counting(Negative):
        def fit(self, picture):
            nonlocal most
            fitted = super().fit(picture)
            made.append(weakref.ref(fitted))
            most = max(most, sum(one() is not None for one in made))
            return fitted

        def paint(self, pictures, to_come=0):
            time.sleep(0.01)  # while the reader could run ahead
            return super().paint(pictures, to_come)

    paint(clip(count=150), painter=Counting())
    assert len(made) == 150
    assert most <= 24  # batches of three: read ahead, being painted, waiting to be written


def test_broken_frames_are_left_out_and_counted(clip, paint):
    source = clip(count=30)
    whole, data = read_clip(source), bytearray(source.read_bytes())
    data[1000:1600] = bytes(600)
    source.write_bytes(data)
    report, after = paint(source)
    assert report.broken >= 1
    assert 10 <= report.frames == len(after.frames) < 30
    assert set(after.times) < set(whole.times)


@pytest.mark.parametrize("name", ["clip.mkv", "clip.mp4"])
def test_a_video_that_is_cut_off_is_noticed(name, clip, paint):
    # an MP4 has its index at the end, unless it is moved to the beginning
    source = clip(name, 60, movflags="faststart" if name == "clip.mp4" else "")
    assert paint(source)[0].expected is None
    source.write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])
    report, after = paint(source)
    assert report.expected == 60
    assert 10 < report.frames == len(after.frames) < 50
    assert paint(source, end=1.0)[0].expected is None


def test_an_uneven_video_is_not_taken_for_one_that_is_cut_off(clip, paint):
    assert paint(clip("clip.mkv", 6, times=[0, 0.01, 0.02, 0.9, 1, 2]))[0].expected is None
    assert paint(clip("long.mkv", 1, audio="flac", last=0.1))[0].expected is None


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("none.mp4", {}, ["no video", "none.mp4"]),
        ("text.mp4", {}, ["text.mp4", "not a video"]),
        ("empty.mkv", {}, ["empty.mkv", "not a video"]),
        ("sound.mp4", {}, ["sound.mp4", "no video"]),
        ("clip.mp4", {"start": 2.0}, ["1.00 s long"]),
        ("clip.mp4", {"start": 0.5, "end": 0.5}, ["after the start"]),
        ("clip.mp4", {"start": 0.51, "end": 0.52}, ["no frame"]),
        ("clip.mp4", {"start": -1.0}, ["0 or more"]),
        ("clip.mp4", {"start": math.nan}, ["start", "number of seconds"]),
        ("clip.mp4", {"start": math.inf}, ["start", "number of seconds"]),
        ("clip.mp4", {"end": math.inf}, ["end", "number of seconds"]),
        ("clip.mp4", {"temporal": 1.5}, ["0 to 1"]),
        ("clip.mp4", {"codec": "x"}, ["h264"]),
        ("clip.mp4", {"quality": 52}, ["0 (best) to 51"]),
    ],
)
def test_mistakes_are_one_sentence(name, options, words, clip, tmp_path):
    clip(audio="aac")
    (tmp_path / "text.mp4").write_text("this is no video" * 99)
    (tmp_path / "empty.mkv").touch()
    with (
        av.open(str(tmp_path / "clip.mp4")) as film,
        av.open(str(tmp_path / "sound.mp4"), "w") as sound,
    ):
        copy = sound.add_stream_from_template(film.streams.audio[0])
        for packet in film.demux(audio=0):
            if packet.size:
                packet.stream = copy
                sound.mux(packet)
    with pytest.raises(UserError) as raised:
        paint_video(
            Negative(), tmp_path / name, tmp_path / "out" / "a.mp4", VideoOptions(**options)
        )
    for word in words:
        assert word in str(raised.value)
    assert not list(tmp_path.glob("out/*"))


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.avi", {}, ["a.avi", ".mkv"]),
        ("a.webm", {"codec": "h264"}, ["webm", "choose vp9"]),
        ("a.MOV", {"codec": "vp9"}, ["mov", "choose h264 or h265"]),
        ("a.gif", {"quality": 20}, ["no choice"]),
    ],
)
def test_targets_that_are_not_possible(name, options, words, clip, tmp_path):
    painter = Negative()
    with pytest.raises(UserError) as raised:
        paint_video(painter, clip(), tmp_path / name, VideoOptions(**options))
    for word in words:
        assert word in str(raised.value)
    assert names(tmp_path) == ["clip.mp4"]
    assert not painter.calls


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("folder.mp4", "Is a directory"),
        ("clip.mp4/out.mp4", "File exists"),  # and is no folder
        ("out.mp4", "No space left on device"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has other words")
def test_a_target_that_cannot_be_written(place, reason, clip, tmp_path, monkeypatch):
    source, target = clip(), tmp_path / place
    (tmp_path / "folder.mp4").mkdir()
    if place == "out.mp4":

        def full(*_):
            raise OSError(28, reason, str(tmp_path / ".out.99.mp4"))

        monkeypatch.setattr(VideoWriter, "_encode", full)
    with pytest.raises(UserError) as raised:
        paint_video(Negative(), source, target)
    assert str(raised.value) == f"Cannot write {target}: {reason}."
    assert names(tmp_path) == ["clip.mp4", "folder.mp4"]


def test_a_source_that_cannot_be_read_any_more(clip, tmp_path, monkeypatch):
    source = clip()

    def broken(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(VideoReader, "_picture", broken)
    with pytest.raises(UserError) as raised:
        paint_video(Negative(), source, tmp_path / "out.mp4")
    assert str(raised.value) == f"{source} cannot be read: Input/output error."


def test_an_encoder_that_is_missing(clip, tmp_path, monkeypatch):
    missing = CODECS["h265"]._replace(encoder="libnone")
    monkeypatch.setitem(CODECS, "h265", missing)
    with pytest.raises(UserError, match=r"libnone.*another codec"):
        paint_video(Negative(), clip(), tmp_path / "out.mp4", VideoOptions("h265"))


@pytest.mark.parametrize("begun", [False, True])
def test_the_file_is_closed_whatever_happens(begun, tmp_path):
    writer = VideoWriter(tmp_path / "out.mp4", None, None, None, print)
    writer._container = Mock()
    if begun:
        writer._stream = Mock(encode=Mock(side_effect=OSError("full")))
    with pytest.raises(OSError, match="full") if begun else nullcontext():
        writer.close()
    writer._container.close.assert_called_once_with()
    assert not writer.finished


@pytest.mark.parametrize(("library", "options"), [("av", {}), ("cv2", {"temporal": 0.5})])
def test_without_the_libraries_it_is_one_sentence(library, options, clip, tmp_path, monkeypatch):
    source = clip()
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UserError, match=r"fastnst\[video\]"):
        paint_video(Negative(), source, tmp_path / "out.mp4", VideoOptions(**options))
