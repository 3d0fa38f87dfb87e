import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from small.runs import run_forked
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.commands.evaluate import main
from fastnst.evaluation import results as evaluation_report
from fastnst.evaluation.measures import equivalent_iterations
from fastnst.images.grid import labelled_grid
from fastnst.losses.weights import build_loss_network

pytestmark = pytest.mark.slow

VGG16 = ("loss_network=vgg16", "loss_network.weights=random")


@pytest.fixture(scope="module")
def runs(tmp_path_factory, photograph):
    """Two runs with one loss, and one with another."""
    folder = tmp_path_factory.mktemp("runs")
    for number in range(7):
        (folder / "photos").mkdir(exist_ok=True)
        photograph(50, 40, number).save(folder / "photos" / f"{number}.png")
    for name, *more in (
        ("adam", *VGG16),
        ("sgd", "optimizer=sgd", *VGG16),
        ("johnson", "loss=johnson2016", "loss.content_weight=1", "loss.style_weight=5", *VGG16),
        ("compact",),
    ):
        arguments = [
            *("data=folder", "data.root=photos", "data.max_bad=0", "trainer.max_steps=2"),
            *(f"hydra.run.dir={name}", *more),
        ]
        ended = run_forked(*arguments, cwd=folder)
        assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture
def evaluate(runs, monkeypatch, capsys):
    def call(*names: str, more: tuple[str, ...] = (), fails: bool = False) -> tuple[str, str]:
        monkeypatch.chdir(runs)
        ckpts = [part for name in names for part in ("--ckpt", f"{name}/checkpoints/last.ckpt")]
        monkeypatch.setattr(sys, "argv", ["fastnst evaluate", *ckpts, "--device=cpu", *more])
        with pytest.raises(SystemExit) if fails else nullcontext():
            main()
        said = capsys.readouterr()
        return said.out, said.err

    return call


def test_the_held_out_photographs_are_measured_and_the_first_ones_optimised(evaluate, runs):
    more = ("--optimize=2", "--iterations=3")
    out, _ = evaluate("adam", "sgd", "johnson", more=more)
    rows = out.splitlines()
    assert rows[0].startswith("run                    loss network  iterations  content")
    assert [row.split()[0] for row in rows[1:4]] == [
        f"brush_strokes/{name}" for name in ("adam", "sgd", "johnson")
    ]
    found = json.loads((runs / "adam" / "evaluation" / "evaluation.json").read_text())
    assert found["photographs"] == 3  # data.val_images
    assert found["size"] == 32
    adam, sgd, johnson = found["networks"]
    for network in (adam, sgd, johnson):
        assert network["iterations"] == 2
        assert (network["style"], network["loss_network"]) == ("brush_strokes", "vgg16")
        assert [len(values) for values in network["errors"].values()] == [3, 3, 3]
        optimization = network["optimization"]
        assert [len(totals) for totals in optimization["totals"]] == [4, 4]
        for totals, total, count in zip(
            optimization["totals"],
            network["totals"],
            network["equivalent_iterations"],
            strict=False,
        ):
            assert count == equivalent_iterations(totals, total)
        slow = sum(optimization["seconds_per_iteration"]) / 2
        assert network["speed_up"]["300"] == pytest.approx(300 * slow / network["seconds"])
    assert adam["optimization"]["totals"] == sgd["optimization"]["totals"]  # made once
    assert adam["optimization"]["totals"] != johnson["optimization"]["totals"]
    assert adam["totals"] != sgd["totals"]
    # the errors are in one measure, whatever was trained with
    weighted = [
        content + 10 * style + tv
        for content, style, tv in zip(
            *(adam["errors"][name] for name in ("content", "style", "tv")), strict=True
        )
    ]
    assert weighted == pytest.approx(adam["totals"], rel=1e-4)
    assert all(0 < error < 100 for error in johnson["errors"]["style"])


def test_the_sheet_shows_photographs_networks_and_optimisations(evaluate, runs, monkeypatch):
    drawn = []

    def draw(cells, columns, rows):
        drawn.append((cells, columns))
        return labelled_grid(cells, columns, rows)

    monkeypatch.setattr(evaluation_report, "labelled_grid", draw)
    evaluate("adam", "sgd", "johnson", more=("--optimize=2", "--iterations=2", "-o", "all"))
    evaluate("adam", more=("--optimize=0", "-o", "alone"))
    (cells, columns), (cells_alone, columns_alone) = drawn
    assert columns == [
        "photograph",
        *(f"brush_strokes / {name}" for name in ("adam", "sgd", "johnson")),
        "brush_strokes: optimisation (relative), 2 iterations",
        "brush_strokes: optimisation (johnson2016), 2 iterations",
    ]
    assert [len(row) for row in cells] == [6, 6]
    for row in cells:
        assert len({row[column].tobytes() for column in (0, 1, 2, 4)}) == 4
    assert columns_alone == columns[:2]
    assert len(cells_alone) == 3
    assert [row[0].tobytes() for row in cells_alone[:2]] == [row[0].tobytes() for row in cells]
    with Image.open(runs / "all" / "evaluation.png") as sheet:
        assert sheet.width > 6 * 32


def test_a_network_trained_against_the_compact_one_is_measured_by_the_first_runs(
    evaluate, runs, tmp_path
):
    """Weights on the command line are those of VGGs."""
    features = build_loss_network("vgg16", "random").features.state_dict()
    weights = tmp_path / "vgg16.pth"
    torch.save({f"features.{name}": value for name, value in features.items()}, weights)
    out, _ = evaluate("adam", "compact", more=("--optimize=0", f"--weights={weights}"))
    rows = [row.split() for row in out.splitlines()[1:3]]
    assert [row[:2] for row in rows] == [
        ["brush_strokes/adam", "vgg16"],
        ["brush_strokes/compact", "compact"],
    ]


def test_networks_with_other_random_weights_are_other_losses(evaluate, runs):
    altered(runs, "seeded", lambda saved: saved["hyper_parameters"].update(seed=1))
    more = ("--optimize=1", "--iterations=2", "-o", "seeds")
    evaluate("adam", "seeded", more=more)
    adam, seeded = json.loads((runs / "seeds" / "evaluation.json").read_text())["networks"]
    assert adam["totals"] != seeded["totals"]
    assert adam["optimization"]["totals"] != seeded["optimization"]["totals"]
    # but one yardstick
    assert adam["errors"] == seeded["errors"]


def test_photographs_that_may_have_been_seen_are_warned_of(evaluate, runs, caplog):
    altered(runs, "grown", lambda saved: saved["PhotographData"].update(pictures=3))
    more = ("--optimize=0", "-o", "unseen")
    evaluate("adam", more=more)
    assert not caplog.records
    evaluate("grown", more=more)
    (record,) = caplog.records
    assert "was trained on 3 pictures and there are 4 now" in record.getMessage()


def test_a_run_of_other_data_is_warned_of(evaluate, runs, caplog):
    altered(runs, "fewer", lambda saved: saved["hyper_parameters"]["data"].update(val_images=2))
    evaluate("adam", "sgd", "fewer", more=("--optimize=0", "-o", "unseen"))
    (record,) = caplog.records
    assert record.getMessage().startswith(
        "brush_strokes/fewer was trained on other data than brush_strokes/adam"
    )


def test_tensorboard_compares_the_networks(evaluate, runs):
    evaluate("adam", "sgd", more=("--optimize=1", "--iterations=2", "-o", "curves"))
    for name in ("0_brush_strokes_adam", "1_brush_strokes_sgd"):
        events = EventAccumulator(str(runs / "curves" / name)).Reload()
        assert {"evaluation/content", "evaluation/style", "evaluation/total"} <= {
            *events.Tags()["scalars"]
        }
        assert "_hparams_/session_start_info" in events.summary_metadata


def test_any_folder_of_photographs_will_do_without_optimisation(evaluate, runs):
    more = ("--photographs", "photos", "--size=40", "--optimize=0", "-o", "folder")
    out, _ = evaluate("adam", more=more)
    assert out.splitlines()[1].split().count("-") == 4  # nothing to compare with
    found = json.loads((runs / "folder" / "evaluation.json").read_text())
    assert (found["photographs"], found["size"]) == (7, 40)
    assert found["networks"][0]["speed_up"] == {"100": None, "300": None, "500": None}


@pytest.mark.parametrize(
    ("names", "more", "sentence"),
    [
        (("none",), (), "There is no checkpoint none/checkpoints/last.ckpt: check the name."),
        (("adam",), ("--photographs", "adam/samples/none"), "There are no images in"),
        (("adam",), ("--weights", "none.pth"), "none.pth"),
        (("adam",), ("-o", "photos/0.png"), "photos/0.png"),
        (("adam",), ("--size=8",), "--size: 8 is less than 16"),
        (("adam",), ("--optimize=many",), "--optimize: invalid integer value: 'many'"),
    ],
)
def test_mistakes_end_in_one_sentence(evaluate, names, more, sentence):
    out, err = evaluate(*names, more=more, fails=True)
    assert not out
    assert "error: " in err
    assert "Traceback" not in err
    assert sentence in err.splitlines()[-1]


def test_a_finished_model_does_not_know_its_loss(evaluate):
    _, err = evaluate(more=("--ckpt", "adam/model.safetensors"), fails=True)
    assert err == (
        "error: adam/model.safetensors: evaluating takes the last.ckpt of a run, which knows its "
        "loss.\n"
    )


def altered(runs: Path, name: str, alter: Callable[[dict[str, Any]], object]) -> None:
    """A run whose checkpoint is that of `adam`, altered."""
    checkpoint = torch.load(runs / "adam" / "checkpoints" / "last.ckpt", weights_only=True)
    alter(checkpoint)
    (runs / name / "checkpoints").mkdir(parents=True)
    torch.save(checkpoint, runs / name / "checkpoints" / "last.ckpt")


def test_a_run_of_other_settings_is_named(evaluate, runs):
    altered(runs, "old", lambda saved: saved["hyper_parameters"]["loss"].update(measure="other"))
    _, err = evaluate("old", fails=True)
    assert err.startswith("error: old/checkpoints/last.ckpt was trained with settings")
    assert "loss.measure" in err


def test_a_run_that_enlarges_is_told_of_its_own_measure(evaluate, runs):
    altered(runs, "sr", lambda saved: saved["hyper_parameters"].update(task="super_resolution"))
    _, err = evaluate("sr", fails=True)
    assert "fastnst evaluate --truth" in err


def test_photographs_that_are_gone_are_asked_for(evaluate, runs):
    altered(runs, "moved", lambda saved: saved["hyper_parameters"]["data"].update(root="gone"))
    _, err = evaluate("moved", fails=True)
    assert err.count("\n") == 1
    assert err.endswith("check data.root. Or name other photographs with --photographs.\n")


def test_a_style_picture_that_is_gone_is_named(evaluate, runs):
    altered(runs, "bare", lambda saved: saved["hyper_parameters"]["style"].update(image="no.jpg"))
    _, err = evaluate("bare", fails=True)
    assert err.startswith("error: brush_strokes/bare cannot be measured without its style picture")


def test_a_bad_photograph_is_named(evaluate, runs):
    (runs / "bad").mkdir()
    (runs / "bad" / "one.png").write_text("no picture")
    _, err = evaluate("adam", more=("--photographs", "bad"), fails=True)
    assert "one.png" in err
    assert err.count("\n") == 1


def test_a_network_that_paints_no_numbers_is_named(evaluate, runs):
    def spoil(saved: dict[str, Any]) -> None:
        for name in saved["state_dict"]:
            saved["state_dict"][name] *= float("nan")

    altered(runs, "broken", spoil)
    _, err = evaluate("broken", fails=True)
    assert err == "error: brush_strokes/broken paints values that are no numbers: train it anew.\n"
