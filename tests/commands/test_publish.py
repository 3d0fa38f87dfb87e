"""A training run becomes a finished style."""

import hashlib
import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from small.runs import run_forked

from fastnst.commands import publish as publishing
from fastnst.commands.publish import publish
from fastnst.evaluation.runs import Run, read_runs
from fastnst.images.write import write_image
from fastnst.machine.errors import UserError
from fastnst.models import cards_page, read_model
from fastnst.models.zoo import read_cards

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run."""
    folder = tmp_path_factory.mktemp("runs")
    write_image(Image.new("RGB", (40, 40), "red"), folder / "mine.png")
    more = ("data=dead_leaves", "data.images=8", "trainer.max_steps=2", "hydra.run.dir=run")
    # another photograph of the painting: that it is one has to be said
    painting = {
        "title": "The Great Wave off Kanagawa",
        "artist": "Katsushika Hokusai",
        "year": "about 1831",
        "rights": '"public domain (artist died 1849)"',
    }
    said = [f"style.{key}={value}" for key, value in painting.items()]
    style = ("style=great_wave", "style.image=mine.png", *said, "loss.style_weight=3")
    ended = run_forked(
        *more, *style, "loss_network=vgg19", "loss_network.weights=random", cwd=folder
    )
    assert ended.returncode == 0, ended.stderr
    return folder / "run"


def test_a_thumbnail_fits_into_its_style_file_whatever_is_in_it() -> None:
    noise = Image.effect_noise((64, 64), 200).convert("RGB")
    icon = publishing._icon(noise)
    assert len(icon) <= publishing.ICON_BYTES
    with Image.open(io.BytesIO(icon)) as read:
        assert read.size == (64, 64)


@pytest.fixture
def trained(folder: Path) -> Run:
    (run,) = read_runs(folder / "checkpoints" / "last.ckpt")
    return run


@pytest.fixture
def evaluation(tmp_path: Path, trained: Run) -> Path:
    """As `fastnst evaluate` writes it, of two networks."""
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
    file = models / "great_wave.safetensors"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == card.sha256
    mine, theirs = (
        sum(value.sum().item() for value in network.state_dict().values())
        for network in (read_model(file).network, trained.model.network)
    )
    assert mine == pytest.approx(theirs, abs=0.05)
    assert file.stat().st_size < (trained.folder / "model.safetensors").stat().st_size
    assert (models / "great_wave.jpg").is_file()
    text = (models / "README.md").read_text()
    for told in (card.recipe, card.sha256, "| 0.625 |", "12, not reached"):
        assert told in text


def test_the_recipe_names_what_is_not_usual_and_no_place(
    trained: Run, evaluation: Path, tmp_path: Path
) -> None:
    words = publish(trained, evaluation, tmp_path / "models").recipe.split()
    assert words[:4] == ["fastnst", "train", "style=great_wave", "experiment=zoo"]
    assert "loss.style_weight=3" in words
    assert not any(word.startswith("loss.content") for word in words)
    assert "trainer.max_steps=2" in words
    assert "network.width=4" in words
    assert not any(word.startswith(("data.workers", "trainer.accelerator")) for word in words)


def test_no_path_of_this_machine_is_published(
    trained: Run, evaluation: Path, tmp_path: Path
) -> None:
    assert trained.model.style["image"] == "mine.png"
    models = tmp_path / "models"
    publish(trained, evaluation, models)
    for file in models.iterdir():
        assert b"mine.png" not in file.read_bytes()
        assert str(tmp_path).encode() not in file.read_bytes()


def test_weights_that_were_not_trained_with_are_not_published(
    trained: Run, evaluation: Path, tmp_path: Path
) -> None:
    assert trained.settings.style.style_weight != trained.settings.loss.style_weight == 3
    publish(trained, evaluation, tmp_path / "models")
    told = read_model(tmp_path / "models" / "great_wave.safetensors").style
    assert told.keys() == {"name", "title", "artist", "year", "rights", "size"}


@pytest.mark.parametrize(("counts", "told"), [([], "not measured"), ([None], "not reached")])
def test_a_card_tells_that_no_optimisation_was_as_good(
    trained: Run, evaluation: Path, tmp_path: Path, counts: list[None], told: str
) -> None:
    card = publish(trained, evaluation, tmp_path / "models")
    other = card.model_copy(update={"equivalent_iterations": counts})
    text = cards_page([other], tmp_path / "models")
    assert f"| equivalent iterations | {told} |" in text


def test_what_no_command_repeats_is_refused(trained: Run, evaluation: Path, tmp_path: Path) -> None:
    style = trained.settings.style.model_copy(update={"name": "fields"})
    other = trained.settings.model_copy(update={"style": style})
    with pytest.raises(UserError, match=r"no short command that trains fields.*configs/style"):
        publish(trained._replace(settings=other, whole=other), evaluation, tmp_path / "models")
    layers = trained.settings.loss.model_copy(update={"style_layers": {"relu1_1": 1.0}})
    other = trained.settings.model_copy(update={"loss": layers})
    with pytest.raises(UserError, match=r"no short command that trains great_wave"):
        publish(trained._replace(settings=other, whole=other), evaluation, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_what_is_no_finished_training_against_vgg19_is_refused(
    trained: Run, evaluation: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"for 1 of 2 iterations.*resume=auto"):
        publish(trained._replace(steps=1), evaluation, tmp_path / "models")
    network = trained.settings.loss_network.model_copy(update={"name": "vgg16"})
    other = trained.settings.model_copy(update={"loss_network": network})
    with pytest.raises(UserError, match=r"trained against vgg16.*loss_network=vgg19"):
        publish(trained._replace(settings=other), evaluation, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_what_is_not_free_is_refused(trained: Run, evaluation: Path, tmp_path: Path) -> None:
    def with_group(**changes: object) -> Run:
        other = trained.settings.model_copy(update=changes)
        return trained._replace(settings=other, whole=other)

    style = trained.settings.style.model_copy(update={"rights": "public domain where I live"})
    with pytest.raises(UserError, match=r"not everybody may use: public domain where"):
        publish(with_group(style=style), evaluation, tmp_path / "models")
    photographs = trained.settings.data.model_copy(update={"name": "coco"})
    with pytest.raises(UserError, match=r"learnt from coco.*data=dead_leaves"):
        publish(with_group(data=photographs), evaluation, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_what_was_not_measured_is_refused(trained: Run, evaluation: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"does not tell of .* after 2 iter.*fastnst evaluate"):
        publish(trained._replace(name="another"), evaluation, tmp_path / "models")
    evaluation.write_text("[]")
    with pytest.raises(UserError, match=r"does not tell"):
        publish(trained, evaluation, tmp_path / "models")
    with pytest.raises(UserError, match=r"cannot be read.*fastnst evaluate"):
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
    monkeypatch.setattr(
        "sys.argv", ["fastnst publish", "--ckpt", str(copy / "checkpoints/last.ckpt")]
    )
    publishing.main()
    assert "content 0.625, style 0.375" in capsys.readouterr().out
    assert (tmp_path / "models" / "great_wave.safetensors").is_file()
