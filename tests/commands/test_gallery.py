"""The sheet of photographs and what networks make of them."""

from pathlib import Path

import pytest
from PIL import Image
from small.runs import ends_in_a_sentence
from small.stylizing import distance

from fastnst.commands import gallery
from fastnst.data.photo_files import BUNDLED
from fastnst.images.pixels import crop_center
from fastnst.images.read import read_image
from fastnst.models import zoo
from fastnst.stylizing.stylizer import Stylizer


def test_photographs_are_beside_what_is_made_of_them(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PAINTED", 96)  # and shown smaller
    files = [BUNDLED / "chelsea.jpg", BUNDLED / "rocket.jpg"]
    sheet = gallery.gallery([model], files, 64)
    squares = [crop_center(read_image(file), 96) for file in files]
    paint = Stylizer(model)
    cell = (sheet.width - 8) // 2  # a word of the label may be wider than the picture
    top = sheet.height - 2 * 72
    for row, square in enumerate(squares):
        for column, expected in enumerate((square, paint(square))):
            x, y = 8 + cell * column + (cell - 72) // 2, top + 72 * row
            shown = sheet.crop((x, y, x + 64, y + 64))
            wanted = expected.resize((64, 64), Image.Resampling.LANCZOS)
            assert distance(shown, wanted).max() <= 2


def call(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr("sys.argv", ["fastnst gallery", *map(str, arguments)])
    gallery.main()


@pytest.mark.slow
def test_the_command_shows_a_network_beside_a_finished_style(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.jpg"
    call(monkeypatch, "--ckpt", model, "--style", "starry_night", "--size", 300, "-o", sheet)
    assert f"{sheet}: " in capsys.readouterr().out
    with Image.open(sheet) as image:
        assert image.width > 3 * 300  # the photographs, and two styles
        assert image.height > 3 * 300


def test_mistakes_end_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments, told in (
        (["--style", "none", "-o", "a.jpg"], "none is no finished style"),
        (["--size", 8, "-o", "a.jpg"], "--size 8"),
        (["nowhere.jpg", "-o", "a.jpg"], "nowhere.jpg"),
        (["nowhere.jpg", "-o", "a.pdf"], "end the name in one of"),
        (["nowhere.jpg", "--size", 9000, "-o", "a.jpg"], "at most 65500 pixels"),
    ):
        said = ends_in_a_sentence(capsys, lambda words=arguments: call(monkeypatch, *words))
        assert told in said
    assert not (tmp_path / "a.jpg").exists()


def test_the_galleries_of_the_documents_are_small_and_have_all_styles(root: Path) -> None:
    """Six in the README, all of them in two sheets beside the measurements."""
    half, rest = divmod(len(zoo.finished_styles()), 2)
    assert rest == 0
    for name, count, side in (
        ("gallery", 6, gallery.SIDE),
        ("shared_styles", half, 140),
        ("shared_styles_2", half, 140),
    ):
        file = root / "docs" / f"{name}.jpg"
        assert file.stat().st_size < 1.5e6
        with Image.open(file) as sheet:
            assert sheet.width >= 8 + (1 + count) * (side + 8)
            assert sheet.width < 8 + (2 + count) * (side + 8)
