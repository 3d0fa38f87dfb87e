"""Videos whose time stamps do not begin at zero, or do not go on."""

from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import av
import pytest

from fastnst.video.times import Clock


def remux(source, target, stamp):
    """Write a clip anew with other times.

    Args:
        stamp: gives what is added to those of a packet, in its units.
    """
    with av.open(str(source)) as before, av.open(str(target), "w") as after:
        copies = {s.index: after.add_stream_from_template(s, opaque=True) for s in before.streams}
        for packet in before.demux():
            if not packet.size:
                continue
            off = stamp(packet)
            packet.pts += off
            packet.dts = None if packet.dts is None else packet.dts + off
            packet.stream = copies[packet.stream.index]
            after.mux(packet)
    return target


def gaps(times):
    return [after - before for before, after in pairwise(times)]


def test_a_broadcast_begins_at_zero(clip, paint, tmp_path):
    later = remux(
        clip("clip.ts", audio="aac"), tmp_path / "on_air.ts", lambda it: int(36_000 / it.time_base)
    )
    with av.open(str(later)) as container:
        assert container.start_time > 35_000e6  # microseconds
    report, after = paint(later)
    assert report == (12, 0, None, None)
    assert after.times[0] < 0.1
    assert after.packets["audio"][0][0] < 0.1


def test_recordings_that_are_put_together_go_on(clip, paint, tmp_path):
    parts = [clip(f"{name}.ts", audio="aac").read_bytes() for name in "ab"]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(parts))
    report, after = paint(both)
    assert report.frames == len(after.frames) == 24
    assert max(gaps(after.times)) < 0.3
    assert min(gaps(after.times)) > 0.04
    audio = [time for time, _ in after.packets["audio"]]
    assert audio == sorted(audio)
    assert abs(audio[-1] - after.times[-1]) < 0.3


def test_one_wrong_stamp_is_no_new_beginning():
    container = SimpleNamespace(format=SimpleNamespace(name="mpegts"), start_time=None)
    video, audio = (
        SimpleNamespace(index=i, time_base=Fraction(1, 100), type="audio") for i in range(2)
    )
    clock = Clock(container, None, None)
    assert [clock.goes_on(video, pts, 4) for pts in (0, 500, 0, 508, 512)] == [
        *(0, 500, 504, 508, 512)
    ]
    # then it begins anew, for both
    assert [clock.goes_on(audio, pts, 2) for pts in (0, 510)] == [0, 510]
    assert [clock.goes_on(video, pts, 4) for pts in (100, 104)] == [516, 520]
    assert [clock.goes_on(audio, pts, 2) for pts in (101, 103)] == [517, 519]
    # as are subtitles, which say nothing of it
    words = SimpleNamespace(index=2, time_base=Fraction(1, 100), type="subtitle")
    assert [clock.goes_on(words, pts, 0) for pts in (110, 110, 130)] == [526, 526, 546]


@pytest.mark.parametrize("target", ["out.mp4", "out.mkv"])
def test_sound_whose_stamps_do_not_go_on_costs_no_video(target, clip, paint, tmp_path):
    source = clip("clip.mkv", audio="aac")
    twice = remux(
        source,
        tmp_path / "twice.mkv",
        lambda it: -(it.pts % 100) if it.stream.type == "audio" else 0,
    )
    report, after = paint(twice, target)
    assert report.frames == len(after.frames) == 12
    assert len(after.packets["audio"]) > 40
    times = [time for time, _ in after.packets["audio"]]
    assert times == sorted(times)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.ts"])
def test_a_part_begins_where_it_is_to_begin(name, clip, paint):
    _, after = paint(clip(name, count=30), start=1.0)
    assert len(after.frames) == 18
    assert after.times[0] < 0.1


def test_subtitles_that_begin_at_once_do(clip, paint, tmp_path):
    source = clip("clip.mkv", subtitles=True)
    last = Fraction(7, 10)
    both = remux(
        source,
        tmp_path / "both.mkv",
        lambda it: (
            int((last - it.pts * it.time_base) / it.time_base)
            if it.stream.type == "subtitle"
            else 0
        ),
    )
    _, after = paint(both, "out.mkv")
    assert [time for time, _ in after.packets["subtitle"]] == [0.7, 0.7]
