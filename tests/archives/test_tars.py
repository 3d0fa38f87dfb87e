"""Shards of WebDataset, painted."""

import json
import tarfile
from io import BytesIO

import pytest
from PIL import Image

from fastnst.archives.tars import paint_tar
from fastnst.machine import UserError


def encoded(seed, kind="PNG"):
    content = BytesIO()
    Image.new("RGB", (16, 16), (seed, 0, 0)).save(content, kind)
    return content.getvalue()


@pytest.fixture
def shard(tmp_path):
    def make(members, name="in.tar"):
        with tarfile.open(tmp_path / name, "w") as tar:
            for number, (member, content) in enumerate(members):
                info = tarfile.TarInfo(member)
                info.size, info.mtime = len(content), 1000 + number
                tar.addfile(info, BytesIO(content))
        return tmp_path / name

    return make


def invert(jobs):
    """Stands for painting."""
    for job in jobs:
        try:
            with Image.open(job.source) as picture:
                job.target.parent.mkdir(exist_ok=True)
                picture.point(lambda value: 255 - value).save(job.target)
            yield job, None
        except OSError:
            yield job, UserError(f"{job.source} is no picture.")


def paint(source, tmp_path):
    (tmp_path / "scratch").mkdir()
    failed = paint_tar(source, tmp_path / "out.tar", invert, tmp_path / "scratch")
    with tarfile.open(tmp_path / "out.tar") as tar:
        contents = {it.name: (it.mtime, tar.extractfile(it).read()) for it in tar}
    assert not list((tmp_path / "scratch").rglob("*.png"))
    return failed, contents


def test_pictures_are_painted_and_all_else_is_copied(shard, tmp_path):
    label = json.dumps({"class": "cat"}).encode()
    members = [
        ("cat/1.png", encoded(10)),
        ("cat/1.json", label),
        ("cat/1.seg.png", encoded(1)),  # a mask, no photograph
        ("dog/1.cls", b"7"),
        ("dog/1.PNG", encoded(20)),
        ("dog/1.jpg", b"of the same sample"),
        ("readme", b"text"),
    ]
    failed, contents = paint(shard(members), tmp_path)
    assert failed == {}
    assert [*contents] == [name for name, _ in members]
    assert [mtime for mtime, _ in contents.values()] == [*range(1000, 1007)]
    for name, content in members:
        painted = contents[name][1]
        if name in ("cat/1.png", "dog/1.PNG"):
            with Image.open(BytesIO(painted)) as picture, Image.open(BytesIO(content)) as before:
                assert picture.getpixel((0, 0))[0] == 255 - before.getpixel((0, 0))[0]
        else:
            assert painted == content


def test_a_sample_that_cannot_be_painted_is_left_out_whole(shard, tmp_path):
    members = [("1.png", encoded(10)), ("1.cls", b"1"), ("2.png", b"none"), ("2.cls", b"2")]
    failed, contents = paint(shard(members), tmp_path)
    assert failed == {"2.png": "2.png is no picture."}
    assert [*contents] == ["1.png", "1.cls"]


def test_samples_of_one_name_in_several_folders_stay_apart(shard, tmp_path):
    members = [("a/1.png", encoded(10)), ("b/1.png", encoded(20)), ("../1.png", encoded(30))]
    failed, contents = paint(shard(members), tmp_path)
    assert [*contents] == ["a/1.png", "b/1.png", "../1.png"]
    assert failed == {}


def test_sizes_that_pax_tells_and_names_that_no_file_system_takes(tmp_path):
    name, content = "n" * 300 + ".png", encoded(10)
    with tarfile.open(tmp_path / "in.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo(name)
        info.size, info.pax_headers = len(content), {"size": str(len(content)), "comment": "x"}
        tar.addfile(info, BytesIO(content))
    failed, contents = paint(tmp_path / "in.tar", tmp_path)
    assert failed == {}
    with Image.open(BytesIO(contents[name][1])) as picture:
        picture.load()


def test_the_same_bytes_each_time(shard, tmp_path):
    source = shard([(f"{number}.png", encoded(number)) for number in range(70)])  # two chunks
    (tmp_path / "scratch").mkdir()
    for name in ("a.tar", "b.tar"):
        paint_tar(source, tmp_path / name, invert, tmp_path / "scratch")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


@pytest.mark.parametrize("content", [b"no tar", None])
def test_a_damaged_shard_is_a_sentence_and_leaves_nothing(shard, tmp_path, content):
    source = shard([("1.png", encoded(1)), ("2.png", encoded(2))])
    source.write_bytes(source.read_bytes()[:700] if content is None else content)
    (tmp_path / "scratch").mkdir()
    with pytest.raises(UserError, match=r"in\.tar: it is damaged or cut off"):
        paint_tar(source, tmp_path / "out.tar", invert, tmp_path / "scratch")
    assert not list(tmp_path.glob("*out*"))
