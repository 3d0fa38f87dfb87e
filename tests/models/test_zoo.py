"""The finished styles in `models/`: each one, and how they are found."""

import hashlib
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from PIL import Image
from small.stylizing import stylize
from torch import Tensor

from fastnst.config.hydra import CONFIGS
from fastnst.config.many_styles import with_styles
from fastnst.config.settings import Settings, read_settings
from fastnst.data.photo_files import BUNDLED
from fastnst.evaluation.structure import lattice
from fastnst.images.pixels import crop_center, to_image, to_tensor
from fastnst.images.read import read_image
from fastnst.losses.network import LossNetwork
from fastnst.losses.perceptual import PerceptualLoss
from fastnst.models import (
    ENDING,
    cards_page,
    fingerprint,
    read_model,
    read_network,
    read_style,
    zoo,
)
from fastnst.styles.image import load_style_image
from fastnst.stylizing.stylizer import Stylizer

CARDS = zoo.read_cards(zoo.MODELS)
LAYERS = dict.fromkeys(("relu1_2", "relu2_2", "relu3_3", "relu4_3"), 1.0)


@pytest.fixture(scope="module")
def astronaut() -> Tensor:
    return to_tensor(crop_center(read_image(BUNDLED / "astronaut.jpg"), 256))[None]


def painted(name: str, photograph: Tensor) -> Tensor:
    picture = Stylizer(zoo.finished_model(name))(to_image(photograph[0]))
    return to_tensor(picture)[None]


def test_there_are_the_styles_that_the_documents_promise() -> None:
    page = zoo.MODELS.parent / "docs" / "measure" / "finished_styles.md"
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \|", page.read_text(), re.MULTILINE)
    assert rows == [(card.name, f"{card.style:.3f}", f"{card.content:.2f}") for card in CARDS]


@pytest.mark.slow
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_finished_style_has_less_than_half_of_the_photographs_style_error(
    card: zoo.Card, astronaut: Tensor, vgg19: LossNetwork, shared: Path
) -> None:
    file = shared / "styles" / f"{card.name}.jpg"
    if not file.is_file():
        pytest.skip(f"the painting {file} is not there")
    style = load_style_image(card.name, str(file), 512)
    loss = PerceptualLoss(vgg19, [style], "relative", "gram", {"relu2_2": 1.0}, LAYERS, 1, 1, 1)
    with torch.no_grad():
        before = loss(astronaut, astronaut)["style"]
        after = loss(painted(card.name, astronaut), astronaut)["style"]
    assert after < before / 2


@pytest.fixture(scope="module")
def squares() -> list[Tensor]:
    files = sorted(BUNDLED.glob("*.jpg"))
    return [to_tensor(crop_center(read_image(file), 384)) for file in files]


@pytest.mark.slow
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_finished_style_paints_without_a_checkerboard(
    card: zoo.Card, squares: list[Tensor]
) -> None:
    paint = Stylizer(zoo.finished_model(card.name))
    pictures = [to_tensor(picture) for picture in paint(torch.stack(squares))]
    assert pictures[0].std(dim=(1, 2)).min() > 0.05  # of each channel: not flat
    assert (pictures[0] - squares[0]).abs().mean() > 0.05
    shares = [lattice(picture) for picture in pictures]
    # an Olive Trees whose skies were a weave of 8 pixels had 0.122, in pictures of 512; those of
    # 384 have 0.94 of what they have there (0.89 to 1.02)
    assert sum(shares) / len(shares) < 0.1


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_tells_of_its_model(card: zoo.Card) -> None:
    path = zoo.finished_model(card.name)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card.sha256
    assert path.stat().st_size < (10_000 if path.name.endswith(ENDING) else 3.6e6)
    assert read_model(path).style["title"] == card.title
    with Image.open(zoo.thumbnail_file(card.name, zoo.MODELS)) as thumbnail:
        assert thumbnail.size == (256, 256)
    settings = settings_of(card.recipe)
    assert card.name in [style.name for style in settings.paintings]
    assert settings.data.name == "dead_leaves"
    assert settings.loss_network.name == "vgg19"
    assert settings.trainer["max_steps"] == card.iterations


def test_each_style_is_a_file_of_a_few_kilobytes() -> None:
    files = [*zoo.MODELS.rglob(f"*{ENDING}")]
    assert len(files) > 3 * 27  # of the shared, the calm and the light network
    assert max(file.stat().st_size for file in files) < 10_000


@cache  # styles of one network have the same
def settings_of(recipe: str) -> Settings:
    words = shlex.split(recipe)
    assert words[:2] == ["fastnst", "train"]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return read_settings(with_styles(compose("train", words[2:]), words[2:]))


def test_the_page_is_that_of_the_cards() -> None:
    assert (zoo.MODELS / "README.md").read_text() == cards_page(CARDS, zoo.MODELS)


@pytest.mark.parametrize("folder", [zoo.LIGHT, zoo.CALM], ids=lambda folder: folder.name)
def test_other_networks_have_the_same_styles(folder: Path) -> None:
    """All of them, or those that are mixed or walked between could not be painted there."""
    cards = zoo.read_cards(folder)
    assert [card.name for card in cards] == [card.name for card in CARDS]
    assert (folder / "README.md").read_text() == cards_page(cards, folder)
    there = zoo.in_network(folder, [zoo.finished_model(card.name) for card in CARDS])
    model = read_network(folder / zoo.TRUNK.name)
    assert model.architecture["name"] == ("light" if folder == zoo.LIGHT else "resnet")
    assert {read_style(path).network for path in there.values()} == {fingerprint(model.network)}
    assert len(there) == len(CARDS)


def test_a_photograph_is_painted_by_the_name_of_a_style(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photo.parent)
    assert stylize(monkeypatch, "--style", "starry_night", photo) == 0
    assert (photo.parent / "photo_starry_night.jpg").is_file()
    names = ("--style", "starry_night", "--style", "great_wave")
    assert stylize(monkeypatch, *names, photo, "--blend", "0.5,0.5") == 0
    assert (photo.parent / "photo_starry_night_great_wave.jpg").is_file()


def test_styles_are_listed_with_their_thumbnails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stylize(monkeypatch, "--list-styles") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(CARDS)
    for line, card in zip(lines, CARDS, strict=True):
        assert line.startswith(card.name)
        assert card.title in line
        assert Path(line.rpartition("  ")[2]).is_file()


def test_an_unknown_style_is_told_which_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stylize(monkeypatch, "--style", "stary_night", "photo.jpg") == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "stary_night is no finished style" in said
    assert "great_wave" in said


def test_without_models_or_with_a_damaged_card_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(zoo, "MODELS", tmp_path)
    for told in ("There are no finished styles", "one.json is damaged"):
        for arguments in (["--list-styles"], ["--style", "starry_night", "photo.jpg"]):
            assert stylize(monkeypatch, *arguments) == 2
            assert told in capsys.readouterr().err.splitlines()[-1]
        (tmp_path / "one.json").write_text("{}")
