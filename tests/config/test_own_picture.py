"""A model says whose painting it has learnt, and nobody else's."""

import json

import pytest
import safetensors

from fastnst.commands.train import main

pytestmark = pytest.mark.slow
TINY = ("data=dead_leaves", "data.images=4", "trainer.max_steps=1", "hydra.run.dir=run")


@pytest.fixture
def said(command_line, tmp_path, picture):
    """What a model says about its style, which was chosen with these arguments."""

    def train(*arguments):
        picture("mine.png", size=(40, 40))
        command_line(*TINY, *arguments)
        main()
        with safetensors.safe_open(tmp_path / "run" / "model.safetensors", "pt") as file:
            return json.loads(file.metadata()["style"])

    return train


def test_another_picture_is_not_by_the_painter_of_the_style(said, capsys):
    style = said("style=great_wave", "style.image=mine.png")
    assert style["title"] == "Your own picture"
    assert style["artist"] == "Unknown"
    assert style["year"] == "unknown"
    assert "public domain" not in style["rights"]
    assert "style=custom" in capsys.readouterr().out


def test_what_is_said_about_it_is_kept(said):
    # the latter as in the style's own file: it may be another photograph of the same painting
    words = ("style.title=Waves", "style.artist='Katsushika Hokusai'")
    style = said("style=great_wave", "style.image=mine.png", *words)
    assert style["title"] == "Waves"
    assert style["artist"] == "Katsushika Hokusai"
    assert style["year"] == "unknown"


def test_the_styles_own_picture_keeps_its_painter(said):
    assert said("style=brush_strokes")["artist"] == "fastnst"
