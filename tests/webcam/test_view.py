"""What the webcam's window shows and what its keys do, without a window."""

import numpy as np
import pytest

from fastnst.webcam.view import HELP, FrameRate, View, compose, letterbox, plain, press

pytest.importorskip("cv2")
RED, GREEN = (0, 0, 200), (0, 150, 0)


@pytest.mark.parametrize(
    ("key", "style"),
    [
        *[("1", 0), ("3", 2), ("n", 2), (" ", 2), ("p", 0), ("N", 2)],
        *[(0xFF53, 2), (0xFF51, 0), (0x270000, 2), (0x250000, 0), (0xF703, 2), (0xF702, 0)],
        *[(0x100000 | ord("3"), 2), (0x10FF53, 2), (0x10FF51, 0)],  # with Num Lock
    ],
)
def test_keys_choose_the_style(key, style):
    key = ord(key) if isinstance(key, str) else key
    assert press(View(1, notice="old"), key, 4) == (View(style), None)


def test_after_the_last_style_comes_the_first():
    assert press(View(2), ord("n"), 3)[0].style == 0
    assert press(View(0), ord("p"), 3)[0].style == 2


def test_keys_of_the_view_and_commands():
    view, layouts = View(), []
    for _ in range(3):
        view, _ = press(view, ord("o"), 1)
        layouts.append(view.layout)
    assert layouts == ["painted", "original", "both"]
    assert press(View(), ord("m"), 1)[0].mirrored
    assert not press(View(mirrored=True), ord("m"), 1)[0].mirrored
    assert press(View(2), ord("s"), 3) == (View(2), "save")
    assert {press(View(), key, 1)[1] for key in (ord("q"), ord("Q"), 27)} == {"quit"}


def test_other_keys_change_nothing():
    view = View(1, "painted", True, "saved")
    for key in (ord("x"), ord("0"), 0xFFE1, 0, 13):
        assert press(view, key, 3) == (view, None)
    after, command = press(view, ord("7"), 3)
    assert (after._replace(notice=view.notice), command) == (view, None)
    assert after.notice == "no style 7: the last one is 3"


def test_frame_rate_follows_a_change_and_is_steady_else():
    meter = FrameRate()
    assert meter.tick(5.0) is None
    fast = [meter.tick(5 + (i + i % 2 / 2) / 20) for i in range(1, 81)]  # every other one is late
    assert fast[-1] == pytest.approx(20, rel=0.03)
    assert max(fast[20:]) - min(fast[20:]) < 1
    slow = [meter.tick(9 + 4 * i) for i in range(1, 4)]
    assert slow[-1] == pytest.approx(0.25)


def made(layout="both", painted=True, height=400, title="title", notice="", mirrored=False):
    """A photograph of which the left quarter is red, and the same painted green, half as large."""
    original, small = np.full((200, 300, 3), 255, np.uint8), np.full((100, 150, 3), 255, np.uint8)
    original[:, :75], small[:, :37] = RED, GREEN
    view = View(0, layout, mirrored, notice)
    return compose(original, small if painted else None, view, title, height)


def test_photograph_and_painting_side_by_side():
    picture = made()
    assert picture.shape == (400, 1200, 3)
    assert [tuple(picture[200, x]) for x in (70, 670)] == [RED, GREEN]
    assert (picture[200, [300, 900]] == 255).all()
    assert not made(painted=False)[30:370, 600:].any()


def test_one_of_them_alone_and_mirrored():
    for layout, colour in ("painted", GREEN), ("original", RED):
        assert made(layout).shape == (400, 600, 3)
        assert tuple(made(layout)[200, 70]) == colour
        assert tuple(made(layout, mirrored=True)[200, -70]) == colour
    assert [tuple(made(mirrored=True)[200, x]) for x in (530, 1130)] == [RED, GREEN]
    assert made("original", height=100).shape == (100, 150, 3)


def test_text_is_white_on_dark_even_over_white():
    picture = made("original")[:, 200:]  # white but for the strips
    for strip in picture[:20], picture[-20:]:
        assert np.median(strip) < 70
    assert made("original")[:20].max() > 240
    assert made("original")[-20:].max() > 240
    assert (picture[20:-20] == 255).all()


def test_text_says_what_it_is_given_and_fits():
    def differs(first, second):
        return [(first[rows] != second[rows]).any() for rows in (slice(20), slice(20, None))]

    assert differs(made(), made(title="other")) == [True, False]
    assert differs(made(), made(notice="saved")) == [False, True]
    assert differs(made(), made(notice=HELP)) == [False, False]
    long = made("original", notice="long " * 50)[-20:]
    assert (long[:, -6:] < 70).all()
    assert (long[:, 500:-6] > 100).any()


def test_plain_text():
    assert plain("Café, colours kept 神") == "Cafe, colours kept "


def test_borders_keep_the_proportions():
    picture = np.full((40, 60, 3), 7, np.uint8)
    wide, tall = letterbox(picture, 300, 100), letterbox(picture, 50, 100)
    assert (wide.shape, tall.shape) == ((40, 120, 3), (120, 60, 3))
    assert (wide[:, 30:90] == 7).all()
    assert (tall[40:80] == 7).all()
    assert wide.sum() == tall.sum() == picture.sum()
    assert letterbox(picture, -1, -1) is picture
    assert np.array_equal(letterbox(picture, 30, 20), picture)
