"""Which pictures a folder holds, whatever links there are."""

import pytest

from fastnst.images.folders import list_images


@pytest.fixture
def found(tmp_path):
    def names(folder="set"):
        root = tmp_path / folder
        return [str(path.relative_to(root)) for path in list_images(root)]

    return names


@pytest.fixture
def link(tmp_path):
    def make(place, target):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    return make


def test_links_to_folders_are_followed(picture, link, found):
    picture("photos/a.png")
    picture("photos/deep/b.png")
    link("set/train2014", "../photos")
    assert found() == ["train2014/a.png", "train2014/deep/b.png"]
    link("alone", "set")
    assert found("alone") == found()


def test_each_folder_once_by_its_own_name(picture, link, found):
    picture("set/z/a.png")
    link("set/b", "z")
    link("set/c", "b")
    assert found() == ["z/a.png"]


def test_a_loop_ends(picture, link, found):
    picture("set/a.png")
    picture("set/deep/b.png")
    picture("other/c.png")
    for place, target in (("deep/up", ".."), ("self", "."), ("one", "two"), ("two", "one")):
        link(f"set/{place}", target)
    link("set/other", "../other")
    link("other/back", "../set")
    assert found() == ["a.png", "deep/b.png", "other/c.png"]


def test_hidden_and_broken_ones_are_left_out(picture, link, found):
    picture("store/a.png")
    picture("set/.hidden/b.png")
    link("set/.linked", "../store")
    link("set/gone", "nowhere")
    link("set/gone.png", "nowhere.png")
    link("set/own.png", "own.png")
    link("set/folder.png", "../empty")
    assert found() == []
    link("set/shown", ".hidden")
    link("set/c.png", "../store/a.png")
    assert found() == ["c.png", "shown/b.png"]
