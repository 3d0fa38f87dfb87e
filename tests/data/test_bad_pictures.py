"""Counting pictures that cannot be read: named at first, too many refused, summed up."""

import pytest

from fastnst.data.bad_pictures import BadPictures
from fastnst.machine.errors import UserError


def bad(*numbers):
    return {number: f"{number}.jpg is empty." for number in numbers}


def test_the_first_ten_are_named_and_the_others_counted(caplog):
    pictures = BadPictures("training", 100, allowed=1)
    pictures.add(bad(*range(9)))
    pictures.add(bad(9))
    assert caplog.messages == [f"Bad training picture: {n}.jpg is empty." for n in range(10)]
    pictures.add(bad(10, 11, 12))
    assert caplog.messages[10:] == ["Further bad training pictures are only counted."]
    pictures.sum_up()
    assert caplog.messages[-1] == (
        "13 of 100 training pictures could not be read: the first 10 are named above."
    )


def test_a_picture_is_counted_once_whatever_is_wrong_with_it(caplog):
    pictures = BadPictures("training", 2, allowed=0.5)
    pictures.add({7: "7.jpg is damaged."})
    pictures.add({7: "7.jpg is gone."})
    assert caplog.messages == ["Bad training picture: 7.jpg is damaged."]
    pictures.sum_up()
    assert caplog.messages[-1] == (
        "1 of 2 training pictures could not be read: they are named above."
    )


def test_without_bad_pictures_nothing_is_said(caplog):
    pictures = BadPictures("training", 5, allowed=0)
    pictures.add({})
    pictures.sum_up()
    assert not caplog.messages


@pytest.mark.parametrize(
    ("total", "allowed", "fine"), [(100, 0.05, 5), (100, 0.29, 29), (6, 0.05, 0), (3, 0, 0)]
)
def test_more_than_allowed_are_refused(total, allowed, fine):
    pictures = BadPictures("training", total, allowed)
    pictures.add(bad(*range(fine)))
    with pytest.raises(UserError, match=rf"{fine + 1} of {total} training pictures cannot"):
        pictures.add(bad(fine))


def test_all_may_be_allowed():
    BadPictures("training", 3, allowed=1).add(bad(0, 1, 2))


@pytest.mark.parametrize(
    ("count", "quoted"),
    [
        (2, "(0.jpg is empty; 1.jpg is empty)"),
        (4, "(0.jpg is empty; 1.jpg is empty; 2.jpg is empty; ...)"),
    ],
)
def test_the_refusal_says_how_many_why_and_what_to_do(count, quoted):
    with pytest.raises(UserError) as refused:
        BadPictures("training", 20, allowed=0.05).add(bad(*range(count)))
    assert str(refused.value) == (
        f"{count} of 20 training pictures cannot be read, more than data.max_bad=0.05 allows "
        f"{quoted}: mend or remove them, or allow more with data.max_bad, up to 1 for all."
    )


def test_names_cannot_do_harm(caplog):
    with pytest.raises(UserError) as refused:
        BadPictures("training", 2, 0).add({0: "a\x1b[31m\nb\udcff 雪 é.jpg is empty."})
    shown = r"a\x1b[31m\nb\udcff 雪 é.jpg is empty"
    assert caplog.messages == [f"Bad training picture: {shown}."]
    assert shown in str(refused.value)
    str(refused.value).encode()
