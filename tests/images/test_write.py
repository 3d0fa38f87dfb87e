"""Pictures as files: what each format keeps, and nothing half-written."""

import numpy as np
import pytest
from PIL import Image
from small.same import assert_same

from fastnst.images.read import read_image
from fastnst.images.write import write_image
from fastnst.machine.errors import UserError


@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "tiff", "PNG"])
def test_transparency_is_written_where_it_can_be(tmp_path, fading, suffix):
    path = tmp_path / f"out.{suffix}"
    write_image(fading, path)
    alpha = np.array(read_image(path))[..., 3]
    assert np.array_equal(alpha, np.array(fading)[..., 3])


@pytest.mark.parametrize("suffix", ["jpg", "JPEG", "bmp", "gif", "ppm"])
def test_elsewhere_it_is_written_on_white(tmp_path, fading, suffix):
    path = tmp_path / f"out.{suffix}"
    write_image(fading, path)
    image = read_image(path)
    assert image.mode == "RGB"
    assert min(image.getpixel((0, 16))) > 240


@pytest.mark.parametrize("suffix", ["png", "bmp", "ppm", "tiff"])
def test_lossless_formats_are_lossless(tmp_path, photograph, suffix):
    path = tmp_path / "new" / "folder" / f"out.{suffix}"
    write_image(photograph(48, 32), path)
    assert_same(read_image(path), photograph(48, 32))


def fail_halfway(image, path, **_):
    path.write_bytes(b"half a picture")
    raise OSError("No space left on device")


@pytest.mark.parametrize("before", [None, b"an older picture"])
def test_a_failing_write_leaves_nothing_behind(tmp_path, photograph, monkeypatch, before):
    path = tmp_path / "out.png"
    if before:
        path.write_bytes(before)
    monkeypatch.setattr(Image.Image, "save", fail_halfway)
    with pytest.raises(UserError, match=r"Cannot write .*out\.png: No space left"):
        write_image(photograph(20, 20), path)
    assert [*tmp_path.iterdir()] == ([path] if before else [])
    assert not before or path.read_bytes() == before


def test_a_write_below_a_file_is_refused(tmp_path, photograph):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError, match="Cannot write"):
        write_image(photograph(20, 20), tmp_path / "file" / "out.png")


@pytest.mark.parametrize("name", ["out.txt", "out", "out.pdf"])
def test_unknown_extensions_are_refused(tmp_path, photograph, name):
    with pytest.raises(UserError, match=rf"{name}: end the name in .*\.jpg"):
        write_image(photograph(20, 20), tmp_path / name)
    assert not [*tmp_path.iterdir()]
