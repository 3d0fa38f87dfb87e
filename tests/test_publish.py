"""A training run becomes a finished style."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from small_runs import run

from fastnst import publish as publishing
from fastnst.errors import UserError
from fastnst.evaluated_runs import Run, read_run
from fastnst.model_file import read_model
from fastnst.publish import publish
from fastnst.zoo import read_cards


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run."""
    folder = tmp_path_factory.mktemp("runs")
    more = ("data=dead_leaves", "data.images=8", "trainer.max_steps=2", "hydra.run.dir=run")
    ended = run(*more, "loss.style_weight=20", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder / "run"


@pytest.fixture
def trained(folder: Path) -> Run:
    return read_run(folder / "checkpoints" / "last.ckpt")


@pytest.fixture
def evaluation(tmp_path: Path, trained: Run) -> Path:
    """As `scripts/evaluate.py` writes it, of two networks."""
    mine = {
        "run": trained.name,
        "iterations": 2,
        "errors": {"content": [0.5, 0.75], "style": [0.25, 0.5], "tv": [0, 0]},
        "equivalent_iterations": [12, None],
    }
    other = mine | {"iterations": 1, "errors": None}
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps({"photographs": 2, "size": 96, "networks": [other, mine]}))
    return path


def test_a_run_becomes_a_model_with_a_thumbnail_and_a_card(
    trained: Run, evaluation: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    card = publish(trained, evaluation, models)
    assert read_cards(models) == [card]
    assert (card.iterations, card.content, card.style) == (2, 0.625, 0.375)
    assert (card.photographs, card.size, card.equivalent_iterations) == (2, 96, [12, None])
    file = models / "brush_strokes.safetensors"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == card.sha256
    mine, theirs = (
        sum(value.sum().item() for value in network.state_dict().values())
        for network in (read_model(file).network, trained.model.network)
    )
    assert mine == pytest.approx(theirs, abs=0.05)
    assert file.stat().st_size < (trained.folder / "model.safetensors").stat().st_size
    assert (models / "brush_strokes.jpg").is_file()
    text = (models / "README.md").read_text()
    for told in (card.recipe, card.sha256, "| 0.625 |", "12, and more than there were"):
        assert told in text


def test_the_recipe_names_what_is_not_usual_and_no_place(
    trained: Run, evaluation: Path, tmp_path: Path
) -> None:
    words = publish(trained, evaluation, tmp_path / "models").recipe.split()
    assert words[:4] == ["python", "train.py", "style=brush_strokes", "experiment=zoo"]
    assert "loss.style_weight=20" in words
    assert "trainer.max_steps=2" in words
    assert "network.width=4" in words
    assert not any(word.startswith(("data.workers", "trainer.accelerator")) for word in words)


def test_what_is_not_free_is_refused(trained: Run, evaluation: Path, tmp_path: Path) -> None:
    def with_group(**changes: object) -> Run:
        return trained._replace(settings=trained.settings.model_copy(update=changes))

    style = trained.settings.style.model_copy(update={"rights": "public domain where I live"})
    with pytest.raises(UserError, match=r"not everybody may use: public domain where"):
        publish(with_group(style=style), evaluation, tmp_path / "models")
    photographs = trained.settings.data.model_copy(update={"name": "coco"})
    with pytest.raises(UserError, match=r"learnt from coco.*data=dead_leaves"):
        publish(with_group(data=photographs), evaluation, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_what_was_not_measured_is_refused(trained: Run, evaluation: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"does not tell of .* after 3 iterations.*evaluate\.py"):
        publish(trained._replace(steps=3), evaluation, tmp_path / "models")
    evaluation.write_text("[]")
    with pytest.raises(UserError, match=r"does not tell"):
        publish(trained, evaluation, tmp_path / "models")
    with pytest.raises(UserError, match=r"cannot be read.*evaluate\.py"):
        publish(trained, tmp_path / "none" / "evaluation.json", tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_the_command_takes_what_evaluating_left_in_the_run_folder(
    folder: Path,
    evaluation: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    (copy / "evaluation").mkdir()
    shutil.copy(evaluation, copy / "evaluation")
    monkeypatch.setattr(publishing, "MODELS", tmp_path / "models")
    monkeypatch.setattr("sys.argv", ["publish.py", "--ckpt", str(copy / "checkpoints/last.ckpt")])
    publishing.main()
    assert "content 0.625, style 0.375" in capsys.readouterr().out
    assert (tmp_path / "models" / "brush_strokes.safetensors").is_file()
