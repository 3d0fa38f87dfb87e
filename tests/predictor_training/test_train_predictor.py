"""`fastnst train-predictor`, run as users run it, on a few pixels."""

import re
import sys

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image
from safetensors.torch import load_file
from small.runs import ends_in_a_sentence, scalars
from small.stylizing import write_small_model

from fastnst.commands.train_predictor import main
from fastnst.drawing import draw_painting
from fastnst.models import ENDING, fingerprint, read_network, read_style, write_style
from fastnst.networks import style_of
from fastnst.prediction import Predictor, read_predictor
from fastnst.predictor_training.paintings import (
    Paintings,
    drawn_paintings,
    held_out_last,
    read_kept,
)
from fastnst.predictor_training.run import _look_at_what_differs

BRUSH_STROKES = {"name": "brush_strokes"}

TINY = {
    "trunk": "trunk.safetensors",
    "drawn": 3,
    "variants": 2,
    "held_out": 1,
    "size": 48,
    "data.images": 8,
    "data.image_size": 32,
    "data.batch_size": 2,
    "data.workers": 0,
    "data.val_images": 1,
    "max_steps": 4,
    "sample_every": 2,
    "log_every": 1,
    "compile": "false",
    "device": "cpu",
    "hydra.run.dir": "run",
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_small_model(tmp_path / "trunk.safetensors")

    def call(*arguments: str) -> None:
        words = [f"{key}={value}" for key, value in TINY.items()]
        monkeypatch.setattr(sys, "argv", ["fastnst train-predictor", *words, *arguments])
        main()

    return call


@pytest.mark.slow
def test_it_makes_a_predictor_of_the_styles_of_a_network(run, tmp_path, capsys):
    network = read_network(tmp_path / "trunk.safetensors").network
    rows = [style_of(network) + shift for shift in (1.0, 3.0)]
    for number, row in enumerate(rows):
        style = {"name": str(number)}
        write_style(tmp_path / f"{number}{ENDING}", row, style, fingerprint(network))
    write_style(tmp_path / f"other{ENDING}", rows[0] + 100, {"name": "other"}, "0" * 64)
    run()
    said = capsys.readouterr().out
    path = tmp_path / "run" / "predictor.safetensors"
    assert "6 paintings to learn from, 1 to try" in said
    for when in ("before training", "after 4 steps"):
        assert re.search(rf"{when}, paintings that are not learnt from: total \d+\.\d+, ", said)
    assert str(path) in said
    predictor = read_predictor(path)
    assert predictor.network == fingerprint(network)
    middle = predictor.get_buffer("middle")
    torch.testing.assert_close(middle, style_of(network) + 2, rtol=1e-3, atol=2e-3)
    assert predictor.get_parameter("say.weight").abs().max() > 0
    assert OmegaConf.load(tmp_path / "run" / "config.yaml").drawn == 3
    logged = scalars(tmp_path / "run")
    assert logged["train/total"] == [0, 1, 2, 3]
    assert len(logged["val/style"]) >= 2


def test_what_paintings_do_not_differ_in_is_not_looked_at():
    predictor = Predictor(6, "0" * 64)
    length = len(predictor.get_buffer("centre"))
    statistics = torch.randn(5, length, generator=torch.Generator().manual_seed(0))
    _look_at_what_differs(predictor, statistics)
    seen = predictor.get_buffer("components").abs().amax(1) > 0
    assert seen.tolist() == [True] * 4 + [False] * (len(seen) - 4)  # five differ in four ways


@pytest.mark.parametrize("trunk", ["light", "calm"])
def test_the_networks_that_come_with_fastnst_are_known_by_name(trunk, run, capsys):
    sentence = ends_in_a_sentence(capsys, run, f"trunk={trunk}", "paintings=nowhere")
    assert "paintings=nowhere" in sentence


@pytest.mark.slow
def test_the_same_seed_makes_the_same_and_start_goes_on(run, tmp_path):
    for name in ("one", "two"):
        run(f"hydra.run.dir={name}", "max_steps=2")
    one, two = (load_file(tmp_path / name / "predictor.safetensors") for name in ("one", "two"))
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    run("hydra.run.dir=on", "max_steps=1", "lr=1e-9", "start=one/predictor.safetensors")
    on = load_file(tmp_path / "on" / "predictor.safetensors")
    torch.testing.assert_close(on["components"], one["components"])
    torch.testing.assert_close(on["say.weight"], one["say.weight"])


@pytest.mark.slow
def test_with_styles_the_network_learns_too(run, tmp_path, capsys):
    before = read_network(tmp_path / "trunk.safetensors").network
    numbers = style_of(before) + 1.0
    write_style(tmp_path / f"brush_strokes{ENDING}", numbers, BRUSH_STROKES, fingerprint(before))
    run("styles=[brush_strokes]", "data.batch_size=3", "lr=1e-2")
    assert "model.safetensors, and the files of its styles" in capsys.readouterr().out
    folder = tmp_path / "run"
    after = read_network(folder / "model.safetensors").network
    learnt = read_style(folder / f"brush_strokes{ENDING}")
    assert fingerprint(after) != fingerprint(before)
    assert learnt.network == read_predictor(folder / "predictor.safetensors").network
    assert learnt.network == fingerprint(after)
    moved = (learnt.numbers - numbers).abs().max()
    assert 0 < moved < 0.1  # it began with what lay beside the network
    logged = scalars(folder)
    assert logged["own/total"] == logged["train/total"] == [0, 1, 2, 3]
    run("hydra.run.dir=on", "trunk=run", "start=run/predictor.safetensors", "max_steps=1")
    assert read_predictor(tmp_path / "on" / "predictor.safetensors").network == fingerprint(after)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("paintings=gone", "no such folder"),
        ("variants=0", "variants=0"),
        ("+loss.style_layers={relu9_9:1}", "no layer relu9_9"),
        ("start=gone.safetensors", "no such file"),
        ("trunk=gone", "gone"),
        ("styles=[starry_nigt]", "starry_night"),
        ("styles=[brush_strokes] data.batch_size=1", "give 2 or more"),
    ],
)
def test_mistakes_end_in_a_sentence(run, capsys, tmp_path, words, said):
    assert said in ends_in_a_sentence(capsys, run, *words.split())
    assert not (tmp_path / "run").exists()


@pytest.fixture
def sources():
    return [Image.fromarray(draw_painting(80, 0, number)) for number in range(3)]


def test_variants_of_paintings(sources):
    paintings = Paintings(sources, [4, 4, 4], 64, seed=0)
    assert len(paintings) == 12
    assert all(one.shape == (1, 3, 64, 64) for one in paintings)
    assert all(one.min() >= 0 and one.max() <= 1 for one in paintings)
    whole = np.asarray(sources[1].resize((64, 64), Image.Resampling.LANCZOS)) / 255
    np.testing.assert_allclose(paintings[4][0].movedim(0, 2), whole, atol=0.01)
    assert torch.equal(paintings[6], Paintings(sources, [4, 4, 4], 64, seed=0)[6])
    assert not torch.equal(paintings[6], Paintings(sources, [1, 5, 1], 64, seed=1)[3])
    assert len({one.mean().item() for one in paintings}) == 12
    with pytest.raises(IndexError):
        paintings[12]


def test_variants_in_half_precision_are_the_same(sources):
    with torch.autocast("cpu", torch.bfloat16):
        variants = [*Paintings(sources, [12, 12, 12], 64, seed=0)]
    for one, other in zip(variants, Paintings(sources, [12, 12, 12], 64, seed=0), strict=True):
        torch.testing.assert_close(one, other)


def test_paintings_of_a_folder(tmp_path, sources):
    for number, source in enumerate(sources):
        source.resize((200, 160)).save(tmp_path / f"{number}.png")
    read = read_kept(str(tmp_path), 32)
    assert [one.size for one in read] == [(80, 64)] * 3


def test_what_is_held_out_is_not_learnt_from():
    used, kept = held_out_last(10, 3, seed=0)
    assert sorted(used + kept) == [*range(10)]
    assert len(kept) == 3
    assert held_out_last(3, 5, seed=0)[0]


@pytest.mark.slow
def test_drawn_paintings_come_in_order():
    drawn = drawn_paintings(range(2, 5), 32, seed=1)
    for number, picture in zip(range(2, 5), drawn, strict=True):
        np.testing.assert_array_equal(np.asarray(picture), draw_painting(32, 1, number))
    assert drawn_paintings(range(0), 32, seed=1) == []
