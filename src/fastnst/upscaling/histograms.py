"""The tones of one picture given to another: histogram matching."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise

from PIL import Image

LEVELS = 256
STRIP = 2**22  # pixels changed at a time: a huge picture has no place twice


def matching_table(counts: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """What each level becomes, so that one histogram becomes another as nearly as a table can.

    With F and G, the shares of pixels up to a level in the two histograms, level v becomes the
    smallest w with G(w) >= (F(v - 1) + F(v)) / 2: the middle one of its pixels gets the level that
    has its rank in the other picture. So a histogram that is matched with itself stays as it is,
    no level overtakes another, and on the whole the picture becomes neither brighter nor darker
    than it should.

    Args:
        counts: how many pixels have each level, darkest first.
        wanted: the same of the picture to be like, which may have more or fewer pixels.

    Returns:
        As many levels as `counts` has; each its own if one of the two histograms is empty.
    """
    total, wanted_total = sum(counts), sum(wanted)
    if total == 0 or wanted_total == 0:
        return list(range(len(counts)))
    # twice, and times both numbers of pixels, so that they are integers: a share that is rounded up
    # would miss its level
    below = [0, *accumulate(counts)]
    middles = [(before + with_it) * wanted_total for before, with_it in pairwise(below)]
    wanted_below = [2 * count * total for count in accumulate(wanted)]
    return [bisect_left(wanted_below, middle) for middle in middles]


def match_histograms(
    picture: Image.Image, like: Image.Image, visible: Image.Image | None = None
) -> None:
    """Give each channel of a picture the histogram that another picture has there.

    It is what Johnson et al. 2016 do to the output of their network for super-resolution: "we
    perform histogram matching between our network output and the low-resolution input" (section
    4.2). The picture is changed in its place; see `matching_table` for the formula.

    Args:
        picture: RGB, or RGBA, whose transparency stays.
        like: RGB or RGBA, of any size; what is wholly transparent in it does not count.
        visible: L, of the size of `picture`: where it is 0 the picture does not count.
    """
    alpha = like.getchannel("A") if like.mode == "RGBA" else None
    wanted = like.convert("RGB").histogram(alpha)
    counts = picture.histogram(visible)
    tables: list[int] = []
    for first in range(0, 3 * LEVELS, LEVELS):
        channel = slice(first, first + LEVELS)
        tables += matching_table(counts[channel], wanted[channel])
    if picture.mode == "RGBA":
        tables += range(LEVELS)
    width, height = picture.size
    rows = max(1, STRIP // width)
    for top in range(0, height, rows):
        strip = picture.crop((0, top, width, min(top + rows, height)))
        picture.paste(strip.point(tables), (0, top))
