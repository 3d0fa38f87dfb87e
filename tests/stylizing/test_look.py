"""Strength, shares and masks: what is mixed from painted pictures and the photograph."""

import pytest
import torch
from PIL import Image, ImageDraw

from fastnst.machine.errors import UserError
from fastnst.stylizing.look import make_look
from fastnst.stylizing.mask import SOFTNESS, Mask


@pytest.fixture
def mask():
    """White on the left, black on the right."""
    image = Image.new("L", (400, 200))
    ImageDraw.Draw(image).rectangle((0, 0, 199, 199), 255)
    return Mask(image)


def planes(*values):
    return [torch.full((1, 3, 4, 4), float(value)) for value in values]


def mixed(look, painted, photograph, inside=None):
    if inside is not None:
        inside = torch.full((1, 1, 4, 4), inside)
    result = look.mix(planes(*painted), *planes(photograph), inside)
    assert result.min() == result.max()
    return result.mean().item()


def test_strength_is_the_share_of_the_painted_picture():
    assert mixed(make_look(1, None, 1.0, None, None), [0.8], 0.2) == pytest.approx(0.8)
    assert mixed(make_look(1, None, 0.25, None, None), [0.8], 0.2) == pytest.approx(0.35)
    assert mixed(make_look(1, None, 0.0, None, None), [0.8], 0.2) == pytest.approx(0.2)


def test_shares_count_in_proportion():
    assert mixed(make_look(2, [0.3, 0.7], 1.0, None, None), [1, 0], 0.5) == pytest.approx(0.3)
    assert mixed(make_look(2, [3, 1], 1.0, None, None), [1, 0], 0.5) == pytest.approx(0.75)


def test_outside_the_mask_is_the_photograph_or_the_second_style(mask):
    one, two = make_look(1, None, 0.5, None, mask), make_look(2, None, 0.5, None, mask)
    blend = make_look(2, [0.5, 0.5], 1.0, None, mask)
    assert mixed(one, [1], 0.2, inside=1.0) == pytest.approx(0.6)
    assert mixed(one, [1], 0.2, inside=0.0) == pytest.approx(0.2)
    assert mixed(two, [1, 0], 0.2, inside=1.0) == pytest.approx(0.6)
    assert mixed(two, [1, 0], 0.2, inside=0.0) == pytest.approx(0.1)
    assert mixed(blend, [1, 0], 0.2, inside=1.0) == pytest.approx(0.5)
    assert mixed(blend, [1, 0], 0.2, inside=0.0) == pytest.approx(0.2)
    assert mixed(one, [1], 0.2, inside=0.5) == pytest.approx(0.4)


def test_the_photograph_is_asked_for_only_where_it_shows(mask):
    assert not make_look(1, None, 1.0, None, None).needs_photograph
    assert not make_look(2, None, 1.0, "hist", mask).needs_photograph
    assert make_look(1, None, 0.9, None, None).needs_photograph
    assert make_look(1, None, 1.0, "lum", None).needs_photograph
    assert make_look(1, None, 1.0, None, mask).needs_photograph


def test_colours_of_the_photograph_before_all_else(mask):
    painted, photograph = torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 4)
    grey = torch.full((1, 3, 4, 4), 0.5)
    kept = make_look(1, None, 1.0, "lum", None).mix([painted], grey, None)
    assert (kept.amax(1) - kept.amin(1)).max() < 1e-5
    assert kept.std() > 0.05
    half = make_look(1, None, 0.5, "lum", None).mix([painted], photograph, None)
    whole = make_look(1, None, 1.0, "lum", None).mix([painted], photograph, None)
    assert torch.allclose(half, (whole + photograph) / 2)


@pytest.mark.parametrize(
    ("networks", "blend", "strength", "words"),
    [
        (1, None, 1.1, "0 to 1"),
        (1, None, float("nan"), "0 to 1"),
        (2, None, 1.0, "--blend"),
        (3, None, 1.0, "--blend"),
        (2, [1.0], 1.0, "2 in all"),
        (2, [1.0, -0.5], 1.0, "below 0"),
        (2, [0.0, 0.0], 1.0, "not all 0"),
        (2, [float("nan"), 1.0], 1.0, "share for each"),
    ],
)
def test_wishes_that_make_no_sense_are_one_sentence(networks, blend, strength, words):
    with pytest.raises(UserError, match=words):
        make_look(networks, blend, strength, None, None)


def test_three_styles_and_a_mask_need_shares(mask):
    with pytest.raises(UserError, match="--blend"):
        make_look(3, None, 1.0, None, mask)


def test_a_mask_has_soft_edges(mask):
    row = mask.part((800, 400), (0, 0, 800, 400))[0, 0, 200]
    assert row[0] == 1
    assert row[-1] == 0
    assert (row.diff() <= 0).all()
    soft = ((row > 0.05) & (row < 0.95)).sum().item()
    assert 2 * SOFTNESS * 400 < soft < 5 * SOFTNESS * 400  # from -1.64 to 1.64 deviations
    assert row[400:].max() <= 0.55
    assert row[:400].min() >= 0.45


def test_a_part_of_a_mask_is_that_part(mask):
    whole = mask.part((800, 400), (0, 0, 800, 400))
    part = mask.part((800, 400), (380, 100, 431, 390))
    assert part.shape == (1, 1, 290, 51)
    assert torch.allclose(part, whole[..., 100:390, 380:431], atol=0.01)


def test_transparent_is_outside():
    image = Image.new("RGBA", (40, 20), (255, 255, 255, 0))
    assert Mask(image).part((40, 20), (0, 0, 40, 20)).max() == 0


def test_a_mask_of_other_proportions_is_refused(mask):
    mask.check((200, 100))
    mask.check((201, 100))
    with pytest.raises(UserError, match="proportions"):
        mask.check((100, 200))
