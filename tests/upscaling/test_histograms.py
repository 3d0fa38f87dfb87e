"""Histogram matching: what the formula says, and that nothing else changes."""

import numpy as np
import pytest
from PIL import Image

from fastnst.upscaling import histograms
from fastnst.upscaling.histograms import match_histograms, matching_table


def test_the_table_is_the_formula():
    counts, wanted = [1, 0, 2, 1], [0, 4, 2, 2]
    # shares up to the middle of a level 1/8 1/4 1/2 7/8, and up to its end 0 1/2 3/4 1
    assert matching_table(counts, wanted) == [1, 1, 1, 3]
    assert matching_table([0, 5, 3], counts) == [0, 2, 3]


@pytest.mark.parametrize("seed", range(3))
def test_it_is_what_comparing_shares_one_by_one_gives(seed):
    rng = np.random.default_rng(seed)
    counts, wanted = (rng.integers(0, 4, 256).tolist() for _ in range(2))
    below, wanted_below = (np.cumsum(one) for one in (counts, wanted))
    middles = np.append(0, below[:-1]) + below  # twice
    expected = [
        next(w for w in range(256) if 2 * wanted_below[w] * below[-1] >= it * wanted_below[-1])
        for it in middles
    ]
    table = matching_table(counts, wanted)
    assert table == expected
    assert table == sorted(table)


def test_a_histogram_matched_with_itself_or_a_multiple_stays():
    counts = np.random.default_rng(0).integers(0, 3, 256)
    present = np.flatnonzero(counts)
    for times in (1, 16, 3_333_333_333):  # where shares that are rounded would miss a level
        table = np.array(matching_table(counts.tolist(), (times * counts).tolist()))
        assert np.array_equal(table[present], present)


def test_without_pixels_levels_stay():
    assert matching_table([0, 0, 0], [1, 2, 3]) == [0, 1, 2]
    assert matching_table([1, 2, 3], [0, 0, 0]) == [0, 1, 2]


def test_each_channel_gets_the_tones_of_the_other_picture(photograph):
    picture, like = photograph(90, 70, seed=1), photograph(40, 30, seed=2)
    before = np.array(picture)
    match_histograms(picture, like)
    after = np.asarray(picture)
    for channel in range(3):
        wanted = np.asarray(like)[..., channel]
        # as near as levels of which each holds many pixels can come
        largest = np.bincount(before[..., channel].ravel()).max() / before[..., channel].size
        shares = [
            np.searchsorted(np.sort(one.ravel()), range(256), "right") / one.size
            for one in (after[..., channel], wanted)
        ]
        assert np.abs(shares[0] - shares[1]).max() <= largest + 1 / wanted.size
    assert np.abs(after.astype(int) - before).mean() > 5


def test_strips_make_no_difference(photograph, monkeypatch):
    one, like = photograph(50, 41), photograph(20, 20, seed=3)
    other = one.copy()
    match_histograms(one, like)
    monkeypatch.setattr(histograms, "STRIP", 50 * 7)
    match_histograms(other, like)
    assert one.tobytes() == other.tobytes()


def test_what_is_transparent_does_not_count(photograph):
    like = photograph(32, 32, seed=1)
    visible = Image.new("L", like.size)
    visible.paste(255, (0, 0, 32, 16))
    half = like.copy()
    half.paste("red", (0, 16, 32, 32))
    half.putalpha(visible)
    picture = photograph(32, 32, seed=2)
    alone = picture.crop((0, 0, 32, 16))
    match_histograms(alone, like.crop((0, 0, 32, 16)))
    picture.putalpha(77)
    match_histograms(picture, half, visible)
    assert picture.convert("RGB").crop((0, 0, 32, 16)).tobytes() == alone.tobytes()
    assert picture.getchannel("A").getextrema() == (77, 77)
