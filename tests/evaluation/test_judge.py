"""The judge: what it makes of a painting, of a photograph, and of something in between."""

import json
import sys

import pytest
import torch
import torch.nn.functional as F
from small.stylizing import write_small_model

from fastnst.commands.evaluate import main
from fastnst.evaluation.judge import LAYERS, Judge
from fastnst.evaluation.verdicts import Judged, verdict_table, write_verdicts
from fastnst.machine import UserError


@pytest.fixture
def judge(small_vgg, batch):
    paintings = dict(zip("abc", batch(3, 128).split(1), strict=True))

    def call(name, painted, photographs):
        found = Judge(small_vgg, paintings, photographs)
        found.check(name)
        return found(name, painted)

    return call


def test_a_painting_is_itself_and_a_photograph_is_no_painting(judge, batch):
    photographs = batch(2, 128, seed=1)
    painting = batch(3, 128)[1:2].expand(2, -1, -1, -1)
    verdict = judge("b", painting, photographs)
    assert verdict.near == verdict.afar == pytest.approx(dict.fromkeys(LAYERS, 0), abs=1e-4)
    assert (verdict.recognized, verdict.rank) == (1, 1)
    assert verdict.self_similarity > 0.1
    assert verdict.structure > 0.05
    verdict = judge("b", photographs, photographs)
    assert verdict.near == verdict.afar == pytest.approx(dict.fromkeys(LAYERS, 1))
    assert (verdict.self_similarity, verdict.structure) == pytest.approx((0, 0), abs=1e-4)


def test_a_photograph_that_is_the_painting_is_refused(judge, batch):
    paintings = batch(3, 128)
    with pytest.raises(UserError, match=r"is the painting of b.*leave it out of --photographs"):
        judge("b", paintings, paintings)


def test_another_painting_is_not_recognized(judge, batch):
    verdict = judge("b", batch(3, 128)[2:], batch(1, 128, seed=1))
    assert verdict.recognized == 0
    assert verdict.rank > 1


def test_what_is_seen_close_up_only_is_told_from_what_is_seen_from_afar(judge, batch):
    """Fine detail of the painting laid over the photograph does not deceive from afar."""
    photographs, painting = batch(1, 128, seed=1), batch(3, 128)[1:2]
    coarse = F.interpolate(F.avg_pool2d(painting, 8), scale_factor=8)
    masses = judge("b", coarse, photographs)
    rough = F.interpolate(F.avg_pool2d(photographs, 8), scale_factor=8)
    detail = judge("b", (rough + painting - coarse).clamp(0, 1), photographs)
    for layer in LAYERS:
        assert masses.afar[layer] < detail.afar[layer]


def test_the_distance_is_that_of_sorted_projections(small_vgg, batch):
    """At as many quantiles as positions it is the formula itself."""
    one, other = batch(2, 256).split(1)  # relu5_1 has 16 x 16 positions
    judge = Judge(small_vgg, {"other": other}, one.flip(1))
    verdict = judge("other", one)
    layer, found = LAYERS[2], []
    for pixels in (one, one.flip(1), other):
        with torch.no_grad():
            features = small_vgg(pixels, [layer])[layer][0].flatten(1)
        directions = F.normalize(judge._directions[:, : len(features)], dim=1)
        found.append((directions @ features).sort(1).values)
    distances = [(ordered - found[2]).square().mean().sqrt() for ordered in found[:2]]
    assert verdict.near[layer] == pytest.approx((distances[0] / distances[1]).item(), rel=1e-4)


def test_networks_are_shown_from_best_to_worst(judge, batch, tmp_path):
    photographs = batch(2, 128, seed=1)
    painted = {"good": batch(3, 128)[1:2].expand(2, -1, -1, -1), "bad": photographs}
    judged = [Judged(name, them, judge("b", them, photographs)) for name, them in painted.items()]
    rows = verdict_table(judged).splitlines()
    assert rows[0].split()[:3] == ["network", "near", "relu3_1"]
    assert rows[1].split()[:2] == ["good", "0.000"]
    assert rows[2].split()[:2] == ["bad", "1.000"]
    said = write_verdicts(tmp_path, judged, photographs)
    assert str(tmp_path / "judge.png") in said
    good, bad = json.loads((tmp_path / "judge.json").read_text())
    assert good["network"] == "good"
    assert good["afar"]["relu5_1"] < bad["afar"]["relu5_1"]
    assert good["recognized"] == 1
    assert good["recognized"] is not True


@pytest.fixture
def evaluate(monkeypatch, tmp_path, batch, photograph):
    (tmp_path / "photographs").mkdir()
    (tmp_path / "paintings").mkdir()
    for number in range(2):
        photograph(140, 130, number).save(tmp_path / "photographs" / f"{number}.png")
        photograph(90, 130, 5 + number).save(tmp_path / "paintings" / f"style{number}.png")
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        ckpt = ["--ckpt", "model.safetensors", "--judge", "paintings", "--device=cpu"]
        monkeypatch.setattr(sys, "argv", ["fastnst evaluate", *ckpt, *arguments])
        main()

    return call


@pytest.mark.slow
def test_the_command_judges_networks(evaluate, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("fastnst.evaluation.verdicts.PAINTING", 64)
    for folder in (tmp_path, tmp_path / "other"):
        folder.mkdir(exist_ok=True)
        write_small_model(folder / "model.safetensors", "style1", contrast=20)
    more = "--ckpt=other/model.safetensors"
    evaluate("--photographs=photographs", "--size=128", "--weights=random", more)
    found = json.loads((tmp_path / "judge" / "judge.json").read_text())
    names = ["model.safetensors", "other/model.safetensors"]
    assert [one["network"] for one in found] == names
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[1:4] if "model" in line] == names
    for one in found:
        assert one["rank"] in (1, 1.5, 2)
        assert all(0 < share < 10 for share in one["near"].values())


def test_what_is_missing_is_named(evaluate, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        evaluate()
    assert stopped.value.code == 2
    assert "--judge needs --photographs" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        evaluate("--photographs=photographs", "--size=127")
    assert "--judge needs a --size of at least 128" in capsys.readouterr().err
    for option in ("--optimize=1", "--iterations=5"):
        with pytest.raises(SystemExit):
            evaluate("--photographs=photographs", option)
        assert "leave out --optimize and --iterations" in capsys.readouterr().err
    paintings = tmp_path / "paintings"
    (paintings / "more").mkdir()
    twice = (paintings / "style0.png").rename(paintings / "more" / "style1.png")
    write_small_model(tmp_path / "model.safetensors", "monet")
    with pytest.raises(SystemExit):
        evaluate("--photographs=photographs", "--weights=random")
    assert "are both paintings of the style style1" in capsys.readouterr().err
    twice.unlink()
    with pytest.raises(SystemExit):
        evaluate("--photographs=photographs", "--weights=random")
    assert "has learnt monet, and paintings has no picture of that name" in capsys.readouterr().err
