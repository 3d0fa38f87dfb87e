"""Styles of one network in one picture: mixed everywhere, or each in its own area."""

import numpy as np
import pytest
import torch
from PIL import Image
from small.stylizing import CLOSE, SIDE, distance, stylize, write_small_model

from fastnst import Stylizer
from fastnst.drawing import draw_dead_leaves
from fastnst.machine import UserError
from fastnst.models import ENDING, fingerprint, finished_model, read_model, write_style
from fastnst.networks import set_style, style_of

pytestmark = pytest.mark.usefixtures("in_float32")


@pytest.fixture
def styles(tmp_path):
    """Two styles of one network beside them."""
    path = write_small_model(tmp_path / "model.safetensors", contrast=20)
    network = read_model(path).network
    row, found = style_of(network), []
    for seed, name in enumerate(("one", "two")):
        generator = torch.Generator().manual_seed(seed)
        numbers = row + 0.5 * torch.randn(len(row), generator=generator)
        found.append(tmp_path / f"{name}{ENDING}")
        write_style(found[-1], numbers, {"name": name}, fingerprint(network))
    return found


@pytest.fixture
def photograph():
    return Image.fromarray(draw_dead_leaves(150, 0, 0))


def grey(value):
    return Image.new("L", (150, 150), value)


def test_one_style_everywhere_is_that_style(styles, photograph):
    one, two = (Stylizer(style)(photograph) for style in styles)
    assert distance(one, two).mean() > 10
    for value, alone in ((255, one), (0, two)):
        painted = Stylizer(styles, mask=grey(value))(photograph)
        assert distance(painted, alone).mean() < 2  # bfloat16, which an untrained network magnifies


def test_a_finished_style_with_a_network_of_its_own_shares_one_in_a_mask():
    great_wave, irises = finished_model("great_wave"), finished_model("irises")
    assert great_wave.name == "great_wave.safetensors"
    laid_over = Stylizer([great_wave, irises], blend=[0.5, 0.5])
    assert len(laid_over.painters) == 2
    assert len(Stylizer([great_wave, irises], mask=grey(128)).painters) == 1


def test_half_of_each_everywhere_is_their_mixture(styles, photograph):
    mixture = Stylizer(style={str(style): 1 for style in styles})(photograph)
    painted = Stylizer(styles, mask=grey(128))(photograph)
    one, two = (np.asarray(Stylizer(style)(photograph), float) for style in styles)
    double_exposure = distance(mixture, (one + two) / 2).mean()
    assert distance(painted, mixture).mean() < 0.3 * double_exposure


def test_a_mixture_walks_from_one_style_to_the_other(styles, photograph):
    one, two = map(str, styles)
    steps = [Stylizer(style={one: 1 - t, two: t})(photograph) for t in (0, 0.25, 0.5, 0.75, 1)]
    for end, order in ((steps[0], 1), (steps[-1], -1)):
        away = [distance(step, end).mean() for step in steps][::order]
        assert away == sorted(away)
        assert away[0] == 0


def test_areas_are_painted_in_one_go_and_tiles_show_no_seams(styles, photograph):
    left = grey(0)
    left.paste(255, (0, 0, 75, 150))
    whole = Stylizer(styles, mask=left)(photograph)
    tiled = Stylizer(styles, mask=left, tile=SIDE)(photograph)
    assert distance(whole, tiled).max() <= CLOSE
    turned = Stylizer(styles[::-1], mask=left)(photograph)
    assert distance(whole, turned).mean() > 10


def test_three_styles_have_their_regions(styles, photograph, tmp_path):
    upper, lower = grey(0), grey(0)
    upper.paste(255, (0, 0, 150, 75))
    lower.paste(255, (0, 75, 150, 150))
    upper.save(tmp_path / "upper.png")
    lower.save(tmp_path / "lower.png")
    one, two = map(str, styles)
    regions = {str(tmp_path / "upper.png"): one, str(tmp_path / "lower.png"): two}
    whole = Stylizer(tmp_path / "model.safetensors", regions=regions)(photograph)
    # the third is left nothing: the same as one and the rest
    pair = Stylizer(styles, mask=upper)(photograph)
    assert distance(whole, pair).mean() < 1


def test_other_networks_cannot_share_a_picture(styles, photograph, tmp_path):
    other = write_small_model(tmp_path / "other.safetensors", seed=5)
    with pytest.raises(UserError, match=r"do not share a network.*--mask"):
        Stylizer(other, regions={grey_file(tmp_path): str(styles[0])})
    with pytest.raises(UserError, match="network of its own, and only styles that share one"):
        Stylizer(styles[0], regions={grey_file(tmp_path): {other: 1.0}})
    # with a mask their pictures are laid over each other, as ever
    painted = Stylizer([other, styles[0]], mask=grey(255))(photograph)
    assert distance(painted, Stylizer(other)(photograph)).max() <= 1


def grey_file(folder):
    grey(255).save(folder / "map.png")
    return str(folder / "map.png")


def test_regions_are_for_the_rest_of_one_style(styles, tmp_path):
    regions = {grey_file(tmp_path): str(styles[0])}
    for more in ({"blend": [1, 1]}, {"mask": grey(0)}):
        with pytest.raises(UserError, match="give one --style"):
            Stylizer(styles, regions=regions, **more)


def test_a_style_that_changes_changes_in_tiles_too(styles, photograph):
    walking, goal = (Stylizer(style, tile=SIDE) for style in styles)
    before = walking(photograph)
    set_style(walking.network, style_of(goal.network))
    after = walking(photograph)
    assert distance(before, after).mean() > 10
    assert distance(after, goal(photograph)).max() <= 1


def test_a_region_of_other_proportions_is_refused(styles, photograph, tmp_path):
    wide = Image.new("L", (60, 30), 255)
    with pytest.raises(UserError, match="proportions"):
        Stylizer(styles, mask=wide)(photograph)


def test_the_command(styles, photograph, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    photograph.save("photo.png")
    grey_file(tmp_path)
    one, two = (style.name for style in styles)
    mixture = ("--style", f"{one}:0.6,{two}:0.4", "photo.png", "-o", "mixed.png")
    regions = ("--style", one, "--regions", f"map.png={two}", "photo.png")
    assert stylize(monkeypatch, *mixture) == stylize(monkeypatch, *regions) == 0
    capsys.readouterr()
    expected = Stylizer(style={one: 0.6, two: 0.4})(photograph)
    with Image.open("mixed.png") as mixed, Image.open("photo_one_two.png") as painted:
        assert distance(mixed, expected).max() == 0
        assert distance(painted, Stylizer(two)(photograph)).mean() < 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--style", "one.style.safetensors:much"], "a style and its share"),
        (["--style", "nothing:1,irises:1"], "nothing is no finished style"),
        (["--style", "one.style.safetensors", "--regions", "map.png"], "each picture with its"),
        (["--style", "one.style.safetensors:0,two.style.safetensors:0"], "not all 0"),
    ],
)
def test_mistakes_end_in_a_sentence(styles, tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    assert stylize(monkeypatch, *words, "photo.png") == 2
    assert sentence in capsys.readouterr().err
