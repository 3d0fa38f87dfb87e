"""Transparency: it is enlarged as well, and what is below it does not show."""

import numpy as np
from PIL import Image

from fastnst.upscaling.transparency import colors, larger_alpha


def cut_out(below: str) -> Image.Image:
    """A bright square whose surroundings are transparent, and of a colour of their own."""
    picture = Image.new("RGB", (40, 40), below)
    picture.paste((250, 180, 90), (12, 12, 28, 28))
    alpha = Image.new("L", picture.size)
    alpha.paste(255, (12, 12, 28, 28))
    picture.putalpha(alpha)
    return picture


def test_colours_go_on_below_what_is_transparent():
    filled = np.asarray(colors(cut_out("black"))).astype(int)
    near, farther = (slice(11 - far, 29 + far) for far in (0, 8))
    assert np.abs(filled[near, near] - (250, 180, 90)).max() <= 5
    assert np.abs(filled[farther, 15:25] - (250, 180, 90)).max() <= 9


def test_what_is_visible_stays(photograph):
    picture = photograph(30, 20)
    assert colors(picture) is picture
    alpha = Image.fromarray(np.random.default_rng(0).integers(1, 256, (20, 30), np.uint8))
    translucent = picture.copy()
    translucent.putalpha(alpha)
    assert colors(translucent).tobytes() == picture.tobytes()


def test_transparency_is_made_larger():
    assert larger_alpha(Image.new("RGB", (16, 16)), (64, 64)) is None
    alpha = larger_alpha(cut_out("black"), (160, 160))
    assert alpha is not None
    assert (alpha.mode, alpha.size) == ("L", (160, 160))
    values = np.asarray(alpha)
    assert values[80, 80] == 255
    assert values[10, 10] == 0
    assert len(np.unique(values[80, 40:60])) > 4  # an edge, not a stair
