"""The command that repeats a training."""

from small.configs import composed

from fastnst.config import recipe_command
from fastnst.config.settings import read_settings
from fastnst.models import TRUNKS


def settings(*words):
    return read_settings(composed("experiment=zoo", *words))


def test_a_group_is_named_before_what_is_unusual_in_it():
    """The keys of one choice are refused by another: one by one they could not be said."""
    words = ("network=light", "network.blocks=2", "motion=synthetic", "motion.turn=3")
    told = recipe_command(settings("style=irises", *words), "zoo").split()
    assert told == ["fastnst", "train", "style=irises", "experiment=zoo", *sorted(words, key=order)]


def order(word):
    """Groups first."""
    return "." in word


def test_the_usual_is_not_told():
    told = recipe_command(settings("style=irises", "motion=none", "network=resnet"), "zoo")
    assert told == "fastnst train style=irises experiment=zoo"


def test_networks_that_come_with_fastnst_are_told_by_name():
    for name, file in TRUNKS.items():
        assert file.is_file()
        told = recipe_command(settings("style=irises", f"trunk={name}"), "zoo")
        assert told == f"fastnst train style=irises experiment=zoo trunk={name}"
