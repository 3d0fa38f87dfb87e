"""`fastnst study-layers`, run as a user runs it, on a few pixels and a random loss network."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small.runs import ends_in_a_sentence

from fastnst.commands.study_layers import main
from fastnst.optimization import layer_study
from fastnst.optimization import problem as optimize
from fastnst.optimization.layer_study import TO_COME

pytestmark = pytest.mark.slow

SMALL = ["style=brush_strokes", "size=32", "iterations=2", "loss_network.weights=random"]
SMALL += ["device=cpu", "hydra.run.dir=run", "content=photo.png"]
SMALLER = ["content_layers=[relu2_2]", "style_layers=[relu1_1,relu2_1]", "style_counts=[1,2]"]
FIVE = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]


@pytest.fixture
def study(tmp_path, picture, monkeypatch):
    """Runs the command in a folder with `photo.png`, 48x32; gives the sheet's path."""
    picture("photo.png")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Path:
        monkeypatch.setattr(sys, "argv", ["fastnst study-layers", *SMALL, *arguments])
        main()
        return tmp_path / "run" / "layers.png"

    return run


@pytest.fixture
def drawn(monkeypatch):
    """The tables as they were drawn, from now on: pictures, and labels of columns and rows."""
    tables = []

    def draw(cells, columns, rows):
        tables.append(([[*row] for row in cells], columns, rows))
        return labelled_grid(cells, columns, rows)

    labelled_grid = layer_study.labelled_grid
    monkeypatch.setattr(layer_study, "labelled_grid", draw)
    return tables


@pytest.fixture
def optimized(monkeypatch):
    """What is optimised from now on: the loss, the picture it begins with, and how often."""
    given = []

    def follow(loss, photograph, start, iterations, *rest):
        given.append((loss, photograph, start, iterations))
        return run(loss, photograph, start, iterations, *rest)

    run = optimize.optimize
    monkeypatch.setattr(optimize, "optimize", follow)
    return given


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def is_to_come(picture: Image.Image) -> bool:
    return picture.getcolors() == [(48 * 32, Image.new("RGB", (1, 1), TO_COME).getpixel((0, 0)))]


def test_every_cell_is_optimised_for_what_its_labels_say(study, drawn, optimized, capsys):
    sheet = study()
    pictures, columns, rows = drawn[-1]
    assert rows == [
        *(f"content layer\n{layer}" for layer in ("relu1_2", "relu3_2", "relu5_2")),
        "style alone,\nfrom noise",
    ]
    assert columns == [
        "style layer 1: relu1_1",
        "style layers 1-3: relu1_1, relu2_1, relu3_1",
        "style layers 1-5: relu1_1, relu2_1, relu3_1, relu4_1, relu5_1",
        "content alone, from noise",
    ]
    assert pictures[3].pop() is None
    assert [len(row) for row in pictures] == [4, 4, 4, 3]
    assert len({picture.tobytes() for row in pictures for picture in row}) == 15
    assert not any(is_to_come(picture) for row in pictures for picture in row)
    left = iter(optimized)
    for content in ("relu1_2", "relu3_2", "relu5_2", None):
        for count in (1, 3, 5, None) if content else (1, 3, 5):
            loss, photograph, start, iterations = next(left)
            content_weight = loss.content_weight
            style_weight, tv_weight = loss.style_weights.item(), loss.tv_weights.item()
            assert (content_weight, style_weight) == (1 if content else 0, 10 if count else 0)
            assert (tv_weight, iterations) == (1, 2)
            if content:
                assert loss.content_layers == {content: 1}
            if count:
                assert loss.style_layers == dict.fromkeys(FIVE[:count], 1 / count)
            assert (start is photograph) == (content is not None and count is not None)
            if start is not photograph:
                assert abs(start - 0.5).max() <= optimize.NOISE / 2
    assert not [*left]
    assert pixels(sheet).shape[0] > 5 * 32
    assert pixels(sheet).shape[1] > 4 * 48
    assert f"result: {sheet}" in capsys.readouterr().out
    assert "style_counts:\n- 1\n- 3\n- 5" in (sheet.parent / "config.yaml").read_text()


def test_the_photograph_and_the_style_are_there(study, drawn):
    study(*SMALLER, "style.size=20")
    ((photograph, style),), names, _ = drawn[0]
    assert names[0] == "photograph"
    assert names[1].startswith("style: ")
    assert (np.asarray(photograph) == pixels(Path("photo.png"))).all()
    assert style.size == (20, 20)


def test_another_beginning_is_that_of_the_pictures_with_both_terms(study, picture, optimized):
    picture("other.png", seed=5)
    study(*SMALLER, "init=other.png")
    other = pixels(Path("other.png"))
    begun = [
        (start[0].permute(1, 2, 0).mul(255).round().numpy() == other).all()
        for _, _, start, _ in optimized
    ]
    assert begun == [True, True, False, False, False]


def test_a_stopped_study_keeps_the_finished_pictures(study, drawn, monkeypatch, capsys):
    def interrupted(problem):
        if len(begun) == 2:
            raise KeyboardInterrupt
        begun.append(problem)
        return paint(problem)

    begun, paint = [], layer_study.paint
    monkeypatch.setattr(layer_study, "paint", interrupted)
    with pytest.raises(SystemExit) as stopped:
        study(*SMALLER)
    assert stopped.value.code == 130
    sheet = Path("run") / "layers.png"
    pictures, _, _ = drawn[-1]
    shown = [is_to_come(picture) for row in pictures for picture in row if picture]
    assert shown == [False, False, True, True, True]
    assert pixels(sheet).shape[1] > 3 * 48
    said = capsys.readouterr()
    assert "Stopped after 2 of 5 pictures." in said.out + said.err
    assert "Traceback" not in said.err


def test_the_sheet_is_there_after_every_picture(study, monkeypatch):
    def look(problem):
        sheets.append((Path("run") / "layers.png").read_bytes())
        return paint(problem)

    sheets, paint = [], layer_study.paint
    monkeypatch.setattr(layer_study, "paint", look)
    sheets.append(study(*SMALLER).read_bytes())
    assert len(set(sheets)) == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["content=nowhere.jpg"], ["nowhere.jpg"]),
        (["init=nowhere.jpg"], ["nowhere.jpg"]),
        (["style=custom", "style.image=nowhere.jpg"], ["nowhere.jpg"]),
        (["content_layers=[relu3_5]"], ["content_layers=relu3_5", "vgg19", "did you mean relu3_"]),
        (["style_layers=[conv1]"], ["style_layers=conv1", "vgg19 has no layer"]),
        (["content_layers=[relu3_4]", "loss_network=vgg16"], ["relu3_4", "vgg16 has no layer"]),
        (["style_layers=[relu1_1,relu1_1]"], ["style_layers", "relu1_1 is there twice"]),
        (["content_layers=[]"], ["content_layers", "1 item"]),
        (["style_counts=[]"], ["style_counts", "1 item"]),
        (["style_counts=[6]"], ["style_counts=6", "at most 5"]),
        (["style_counts=[0]"], ["style_counts.0=0", "greater than or equal to 1"]),
        (["size=8"], ["size=8", "16"]),
        (["loss.style_weight=0"], ["loss.style_weight=0", "both terms"]),
        (["loss.content_weight=0"], ["loss.content_weight=0", "both terms"]),
        (["+scales=[32]"], ["scales"]),
    ],
)
def test_mistakes_end_in_one_sentence(arguments, words, study, capsys):
    errors = ends_in_a_sentence(capsys, study, *arguments)
    assert all(word in errors for word in words), errors
    assert not Path("run").exists()


def test_a_loss_that_is_no_number(study, capsys):
    with pytest.raises(SystemExit) as stopped:
        study("loss.style_weight=1e39")
    assert stopped.value.code == 2
    _, _, sentence = capsys.readouterr().err.rpartition("error: ")
    assert sentence.startswith("content relu1_2, style relu1_1: after iteration 0 the loss is inf")
    assert sentence.count("\n") == 1
