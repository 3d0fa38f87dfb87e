"""Where results go, and what is left out."""

from pathlib import Path

import pytest

from fastnst.commands.jobs import name_pattern, plan
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


@pytest.mark.parametrize("output", [None, "in/painted"])
def test_a_second_run_leaves_out_the_results_of_the_first(tmp_path, files, picture, output):
    inputs, out = [tmp_path / "in"], output and tmp_path / output
    first = plan(inputs, out, None, "waves")
    for job in first:
        picture(job.target.relative_to(tmp_path))
    assert plan(inputs, out, None, "waves") == first


def test_an_empty_folder_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="no images"):
        plan([tmp_path], None, None, "waves")
