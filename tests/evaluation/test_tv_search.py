"""`fastnst search-tv`, run as a user runs it, on a few pixels and a random loss network."""

import json
import re
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from PIL import Image
from small.runs import SMALL

from fastnst.commands.search_tv import main
from fastnst.config.hydra import CONFIGS
from fastnst.evaluation import tv_search
from fastnst.evaluation.tv_scores import Candidate, Score, choose, table
from fastnst.machine.errors import UserError

pytestmark = pytest.mark.slow

TINY = [word for word in SMALL if not word.startswith(("style", "data.val_images"))]
TINY += ["style=mine", "data=folder", "data.root=photos", "trainer.max_steps=2", "compile=false"]
TINY += ["tv_weights=[0.5,5]", "folds=2", "photographs=8"]
RUN = Path("runs", "search_tv", "great_wave")
STYLE_FILE = Path("configs", "style", "mine.yaml")


@pytest.fixture
def search(tmp_path, photos, picture, monkeypatch):
    """Runs the command in a folder with nine photographs and a style file."""
    monkeypatch.chdir(tmp_path)
    picture("wave.png")
    STYLE_FILE.parent.mkdir(parents=True)
    text = (CONFIGS / "style" / "great_wave.yaml").read_text()
    STYLE_FILE.write_text(re.sub("image: .*", "image: wave.png", text).replace("256", "32"))

    def run(*arguments: str) -> None:
        words = ["fastnst search-tv", *TINY, *arguments, "--config-dir=configs"]
        monkeypatch.setattr(sys, "argv", words)
        main()

    return run


@pytest.fixture
def trained(monkeypatch):
    """Names of the folders that are trained in from now on."""
    names = []
    train = tv_search.train

    def note(settings, folder):
        names.append(folder.name)
        train(settings, folder)

    monkeypatch.setattr(tv_search, "train", note)
    return names


def fails(search, capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        search(*arguments)
    assert stopped.value.code == 2
    (sentence,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    return sentence


@pytest.fixture
def drawn(monkeypatch):
    """Pictures, and labels of columns and rows, of the sheets that are drawn from now on."""
    sheets = []

    def draw(*given):
        sheets.append(given)
        return labelled_grid(*given)

    labelled_grid = tv_search.labelled_grid
    monkeypatch.setattr(tv_search, "labelled_grid", draw)
    return sheets


def test_every_weight_is_scored_on_every_fold_once(search, trained, drawn, capsys):
    before = STYLE_FILE.read_text()
    search()
    assert trained == ["tv0.5_fold1", "tv0.5_fold2", "tv5.0_fold1", "tv5.0_fold2"]
    out = capsys.readouterr().out
    assert "training 3 of 4: tv_weight 5, fold 1 of 2; about 0:" in out
    results = json.loads((RUN / "results.json").read_text())
    assert [row["tv_weight"] for row in results["weights"]] == [0.5, 5]
    for row in results["weights"]:
        for fold in row["folds"]:
            weighted = fold["content"] + 20 * fold["style"] + fold["noise"]
            assert fold["score"] == pytest.approx(weighted, rel=1e-5)
    scores = {row["tv_weight"]: row["mean"]["score"] for row in results["weights"]}
    assert results["best"] == min(scores, key=scores.get)
    assert f"best:    tv_weight {results['best']:g}, at the end" in out
    for row in results["weights"]:
        assert f"{row['mean']['score']:.3f} +- {row['deviation']['score']:.3f}" in out
    ((cells, columns, _),) = drawn
    assert columns == ["photograph", "tv_weight 0.5", "tv_weight 5"]
    for photograph, *painted in cells:
        assert len({picture.tobytes() for picture in (photograph, *painted)}) == 3
    with Image.open(RUN / "sheet.png") as sheet:
        assert sheet.width > 3 * 32
    assert len([*Path("data/prepared").iterdir()]) == 2, "folds share their prepared pictures"
    assert OmegaConf.load(RUN / "tv5.0_fold1" / "config.yaml").loss.tv_weight == 5
    assert STYLE_FILE.read_text() == before

    trained.clear()
    search("write=true", "tv_weights=[0.5,5,50]")
    assert trained == ["tv50.0_fold1", "tv50.0_fold2"]
    best = json.loads((RUN / "results.json").read_text())["best"]
    after = STYLE_FILE.read_text()
    assert OmegaConf.create(after).tv_weight == best
    assert all(line in after.splitlines() for line in before.splitlines())
    assert f"written: tv_weight: {best} in " in capsys.readouterr().out

    trained.clear()
    search()  # the weight that is in the file by now is none of the search's settings
    assert trained == []
    assert "optimizer.lr" in fails(search, capsys, "optimizer.lr=0.01")
    assert "photographs" in fails(search, capsys, "photographs=6")
    assert trained == []


def test_no_network_is_scored_on_photographs_that_it_has_seen(search, monkeypatch):
    seen, scored = [], []
    train, measure = tv_search.train, tv_search.measure

    def note_seen(settings, folder):
        seen.append({path.resolve().name for path in Path(settings.data.root).iterdir()})
        train(settings, folder)

    def note_scored(network, loss, style, held_out, bad):
        scored.append({file.name for file in held_out.files})
        return measure(network, loss, style, held_out, bad)

    monkeypatch.setattr(tv_search, "train", note_seen)
    monkeypatch.setattr(tv_search, "measure", note_scored)
    search()
    assert [len(one) for one in seen] == [len(one) for one in scored] == [4] * 4
    for one, other in zip(seen, scored, strict=True):
        assert len(one | other) == 8


def test_a_photograph_that_cannot_be_read(search, photos, capsys):
    (photos / "0.jpg").write_text("no picture")
    sentence = fails(search, capsys)
    assert "tv_weight 0.5" in sentence
    assert "data.max_bad=0.05" in sentence
    search("data.max_bad=1", "hydra.run.dir=other")
    assert Path("other", "results.json").is_file()


def test_a_stopped_search_goes_on(search, trained, capsys, monkeypatch):
    train = tv_search.train

    def stop(settings, folder):
        train(settings, folder)
        raise SystemExit(130)

    with monkeypatch.context() as patch:
        patch.setattr(tv_search, "train", stop)
        with pytest.raises(SystemExit) as stopped:
            search()
    assert stopped.value.code == 130
    assert "goes on from here" in capsys.readouterr().err
    search()
    assert len(trained) == 5, "the first is scored, as it was not yet, after no further step"
    assert (RUN / "results.json").is_file()


def test_the_training_that_fails_is_named(search, capsys, monkeypatch):
    def fail(*_: object) -> None:
        raise UserError("No luck.")

    monkeypatch.setattr(tv_search, "train", fail)
    sentence = fails(search, capsys)
    assert sentence.strip() == (
        "error: The training with tv_weight 0.5, fold 1 of 2 failed: No luck. Without 0.5 in "
        "tv_weights the search goes on."
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tv_weights=[1]"], ["tv_weights", "2 items"]),
        (["tv_weights=[1,1.0]"], ["tv_weights", "once"]),
        (["tv_weights=[1,-1]"], ["tv_weights.1=-1", "0"]),
        (["folds=1"], ["folds=1", "2"]),
        (["folds=5"], ["photographs=8", "folds=5"]),
        (["data.limit=4"], ["data.limit=4", "photographs="]),
        (["data.name=dead_leaves"], ["data.name=dead_leaves", "'coco', 'folder'"]),
        (["loss=johnson2016"], ["loss.measure=johnson2016", "loss=relative"]),
        (["trainer.max_time=00:01:00:00"], ["trainer.max_time", "trainer.max_steps"]),
        (["trainer.devices=2"], ["trainer.devices=2", "trainer.devices=1"]),
        (["resume=run/last.ckpt"], ["resume=run/last.ckpt", "'auto'"]),
        (["style=custom", "style.image=wave.png", "write=true"], ["style=custom", "write=true"]),
        (["data.root=nowhere"], ["data.root=nowhere"]),
        (["tv_wieghts=[1,2]"], ["tv_wieghts", "did you mean tv_weights"]),
    ],
)
def test_mistakes_end_in_one_sentence_before_anything_is_written(arguments, words, search, capsys):
    sentence = fails(search, capsys, *arguments)
    assert all(word in sentence for word in words), sentence
    assert not Path("runs").exists()


def candidate(weight: float, *scores: float) -> Candidate:
    return Candidate(weight, [Score(0.8, 0.05, score - 1.3, score) for score in scores])


def test_the_lowest_mean_score_is_chosen():
    found = [candidate(1.0, 1.6, 2.0), candidate(3.0, 1.7, 1.7), candidate(10.0, 1.5, 2.2)]
    assert choose(found).tv_weight == 3
    lines = table(found).splitlines()
    assert lines[0].split() == ["tv_weight", "content", "style", "noise", "score"]
    assert lines[2].split() == ["3", "0.800", "0.0500", "0.400", "1.700", "+-", "0.000"]
    assert lines[1].endswith("1.800 +- 0.283")
