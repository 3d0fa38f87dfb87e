"""Where results go, and what is left out."""

import sys
from pathlib import Path

import pytest
from small.stylizing import stylize, write_small_model

from fastnst.images import SUFFIXES, UNMARKED, origin, read_origin
from fastnst.jobs.plan import name_pattern, plan
from fastnst.machine.errors import UserError


def targets(tmp_path, *arguments):
    return [str(job.target.relative_to(tmp_path)) for job in plan(*arguments)]


@pytest.fixture
def files(tmp_path, picture):
    return [picture("in/one.jpg"), picture("in/deep/two.png"), picture("in/deep/.hidden/no.png")]


def test_beside_the_source(tmp_path, files):
    assert targets(tmp_path, files[:1], None, None, "waves") == ["in/one_waves.jpg"]
    assert targets(tmp_path, [tmp_path / "in"], None, None, "waves") == [
        "in/deep/two_waves.png",
        "in/one_waves.jpg",
    ]


def test_folders_keep_their_structure(tmp_path, files):
    out = tmp_path / "out"
    assert targets(tmp_path, [tmp_path / "in"], out, None, "waves") == [
        "out/deep/two.png",
        "out/one.jpg",
    ]


def test_a_pattern_for_names(tmp_path, files):
    out = tmp_path / "out"
    assert targets(tmp_path, [tmp_path / "in"], out, "{style}-{name}", "waves") == [
        "out/deep/waves-two.png",
        "out/waves-one.jpg",
    ]
    assert targets(tmp_path, files[:1], None, "{name}.painted", "waves") == ["in/one.painted.jpg"]


@pytest.mark.parametrize(
    "text",
    ["painted", "{name}/{style}", "{name}{size}", "{name", "{name.x}", "{name:9}", "{name!r}"],
)
def test_patterns_that_make_no_sense(text):
    with pytest.raises(ValueError, match=r"pattern|expected"):
        name_pattern(text)


def test_a_file_as_output(tmp_path, files):
    assert targets(tmp_path, files[:1], tmp_path / "a.webp", None, "waves") == ["a.webp"]
    assert targets(tmp_path, [Path("clip.mp4")], tmp_path / "a.webm", None, "waves") == ["a.webm"]
    with pytest.raises(UserError, match="folder"):
        plan([tmp_path / "in"], tmp_path / "a.webp", None, "waves")


def test_formats_that_are_only_read_become_png(tmp_path):
    assert targets(tmp_path, [Path("photo.nef")], tmp_path / "out", None, "w") == ["out/photo.png"]


def test_nothing_is_written_over(tmp_path, files):
    with pytest.raises(UserError, match="over"):
        plan(files[:1], tmp_path / "in", None, "waves")


def test_two_results_of_one_name_are_one_sentence(tmp_path, files, picture):
    other = picture("other/one.jpg")
    with pytest.raises(UserError, match="both become"):
        plan([files[0], other], tmp_path / "out", None, "waves")
    assert len(plan([files[0], files[0]], tmp_path / "out", None, "waves")) == 1
    with pytest.raises(UserError, match="--name"):
        plan(files[:1], tmp_path / "a.png", "{name}x", "waves")


def test_names_that_differ_in_capitals_may_be_one_file(tmp_path, files, picture, monkeypatch):
    other = picture("other/ONE.JPG")
    assert len(plan([files[0], other], tmp_path / "out", None, "waves")) == 2
    monkeypatch.setattr(sys.modules["fastnst.jobs.plan"], "CASELESS", True)
    with pytest.raises(UserError, match="both become"):
        plan([files[0], other], tmp_path / "out", None, "waves")
    with pytest.raises(UserError, match="over"):
        plan([other], tmp_path / "other" / "one.jpg", None, "waves")


@pytest.mark.parametrize("output", [None, "in/painted"])
def test_a_second_run_leaves_out_the_results_of_the_first(tmp_path, files, picture, output):
    inputs, out = [tmp_path / "in"], output and tmp_path / output
    first = plan(inputs, out, None, "waves")
    for job in first:
        picture(job.target.relative_to(tmp_path))
        stopped = job.target.with_stem(job.target.stem + "_stopped")  # if it were a video
        picture(stopped.relative_to(tmp_path))
    assert plan(inputs, out, None, "waves") == first


def test_what_any_style_made_is_left_out(files, picture, model, tmp_path, monkeypatch):
    other = write_small_model(tmp_path / "other.safetensors", "waves")
    picture("in/one_waves.png")  # somebody's own, whose source is not there as PNG
    picture("in/one_own.jpg")
    picture("in/three.gif")
    picture("in/three_starry_night.gif")  # has no place for a mark
    picture("in/three_starry_night_stopped.gif")
    picture("in/three_starry_night_60_irises_40.gif")
    picture("in/three_irises_2.gif")  # somebody's own, of no mixture
    sources = {job.source for job in plan([tmp_path / "in"], None, None, "dots")}
    assert {path.name for path in sources} == {
        "one.jpg", "two.png", "one_waves.png", "one_own.jpg", "three.gif", "three_irises_2.gif",
    }  # fmt: skip
    for output in ([], ["-o", tmp_path / "in" / "painted"], ["--name", "{style}-{name}"]):
        assert stylize(monkeypatch, "--ckpt", model, tmp_path / "in", *output) == 0
    again = plan([tmp_path / "in"], None, None, "waves")
    stills = {path for path in sources if path.suffix != ".gif"}
    assert {job.source for job in again if job.source.suffix != ".gif"} == stills
    # what is named is painted, and so is a folder of results alone
    (result,) = (tmp_path / "in").glob("one_dots.jpg")
    assert len(plan([result], None, None, "waves")) == 1
    out = [tmp_path / "in" / "painted"]
    assert len(plan(out, None, None, "waves")) == len({*out[0].rglob("*.*")})
    assert stylize(monkeypatch, "--ckpt", other, out[0] / "one.jpg", "-o", out[0] / "a.jpg") == 0


@pytest.mark.parametrize("suffix", sorted(SUFFIXES - UNMARKED))
def test_every_format_that_can_says_what_it_is(suffix, picture, model, tmp_path, monkeypatch):
    target = tmp_path / f"b{suffix}"
    assert stylize(monkeypatch, "--ckpt", model, picture("a.png"), "-o", target) == 0
    assert read_origin(target) == origin("a.png")
    assert read_origin(tmp_path / "a.png") is None


@pytest.mark.parametrize("name", ["clip.jxl", "x.PDF", "x.psd", "x.txt"])
def test_a_file_that_cannot_be_written_makes_no_folder(name, files, tmp_path):
    with pytest.raises(UserError, match=r"end the name in one of .*\.png.*, or name a folder"):
        plan(files[:1], tmp_path / name, None, "waves")
    (tmp_path / name).mkdir()
    assert targets(tmp_path, files[:1], tmp_path / name, None, "w") == [f"{name}/one.jpg"]


def test_results_do_not_go_to_stdout(files):
    with pytest.raises(UserError, match="stdout"):
        plan(files[:1], Path("-"), None, "waves")


@pytest.mark.parametrize("name", ["holiday.2024", "v1.0", "painted.d", "St. Ives", ".hidden"])
def test_a_folder_may_have_a_dot(name, files, tmp_path):
    assert targets(tmp_path, files[:1], tmp_path / name, None, "w") == [f"{name}/one.jpg"]


def test_an_empty_folder_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="no images"):
        plan([tmp_path], None, None, "waves")


def test_a_still_picture_of_that_name_is_no_result_without_a_mark(tmp_path, picture):
    for name in ("sea.png", "sea_great_wave.png", "sea_irises.webp"):
        picture(f"in/{name}")
    assert len(plan([tmp_path / "in"], tmp_path / "out", None, "waves")) == 3
    picture("in/sea_red_fuji.bmp")
    assert len(plan([tmp_path / "in"], tmp_path / "out", None, "waves")) == 3
