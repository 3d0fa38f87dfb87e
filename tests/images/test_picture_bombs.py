"""Small files of huge pictures."""

import pytest
from PIL import Image
from small.mutants import grey_png
from small.stylizing import stylize


@pytest.fixture
def bomb(tmp_path):
    """The beginning of 1600 megapixels."""
    path = tmp_path / "bomb.png"
    path.write_bytes(grey_png(40_000, 40_000, bytes(10**6)))
    assert path.stat().st_size < 10**4
    return path


def test_they_are_refused_unread(model, bomb, tmp_path, monkeypatch, capsys):
    target = tmp_path / "out.png"
    assert stylize(monkeypatch, "--ckpt", model, bomb, "-o", target) == 1
    errors = capsys.readouterr().err
    assert "bomb.png has 1600 megapixels, more than the 179 allowed" in errors
    assert not target.exists()


def test_as_a_mask_too(model, bomb, photo, tmp_path, monkeypatch, capsys):
    words = ["--ckpt", model, photo, "-o", tmp_path / "out.png", "--mask", bomb]
    assert stylize(monkeypatch, *words) == 2
    assert "bomb.png has 1600 megapixels, more than the 179 allowed" in capsys.readouterr().err


@pytest.mark.parametrize(("allowed", "code"), [(3, 0), (1, 2)])
def test_what_is_allowed_goes_for_masks(model, photo, tmp_path, monkeypatch, capsys, allowed, code):
    mask, target = tmp_path / "mask.png", tmp_path / "out.png"
    Image.new("1", (1600, 1200)).save(mask)
    words = ["--ckpt", model, photo, "-o", target, "--mask", mask, "--max-megapixels", allowed]
    assert stylize(monkeypatch, *words) == code
    assert target.exists() == (code == 0)
    assert ("1.92 megapixels, more than the 1 allowed" in capsys.readouterr().err) == (code == 2)
