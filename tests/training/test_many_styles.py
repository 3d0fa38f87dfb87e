"""Training of many styles in one network, and of a new one in a network that has many."""

import io
import re
import shutil

import numpy as np
import pytest
import torch
from omegaconf import ListConfig
from PIL import Image
from small.data import STYLES, write_paintings
from small.runs import fails, run_forked, scalars
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.commands.evaluate import main as evaluate_main
from fastnst.commands.publish import publish
from fastnst.config.many_styles import run_name
from fastnst.config.path_words import quote_paths
from fastnst.drawing.dead_leaves import draw_dead_leaves
from fastnst.evaluation import read_runs
from fastnst.machine.errors import UserError
from fastnst.models import (
    ENDING,
    fingerprint,
    read_model,
    read_network,
    read_style,
    write_style,
)
from fastnst.networks import style_of

MANY = (f"styles=[{','.join(STYLES)}]", "data=dead_leaves", "data.images=9", "sample_every=3")
LAST = "checkpoints/last.ckpt"
FACTS = """title: t
artist: a
year: y
rights: r
size: 48
image: data/styles/irises.png
"""


@pytest.fixture
def paintings(tmp_path):
    write_paintings(tmp_path)


@pytest.fixture
def train(paintings, train_in):
    """Train in this process; gives the run folder."""
    return train_in


def rows(folder):
    return {name: read_style(folder / f"{name}{ENDING}") for name in STYLES}


@pytest.mark.slow
def test_a_run_leaves_a_network_and_a_small_file_for_each_style(train):
    folder = train("run", *MANY, "trainer.max_steps=6")
    model, styles = read_model(folder / "model.safetensors"), rows(folder)
    assert {style.network for style in styles.values()} == {fingerprint(model.network)}
    assert styles["irises"].style["artist"] == "Ogata Korin"
    numbers = torch.stack([style.numbers for style in styles.values()])
    torch.testing.assert_close(style_of(model.network), numbers.mean(0), rtol=0, atol=1e-3)
    assert (numbers[0] - numbers[1]).abs().max() > 1e-4
    assert read_model(folder / f"irises{ENDING}").style["title"] == "Irises"
    logged = scalars(folder)
    assert logged["val/total"] == logged["val_style/irises"] == [3, 6]
    for name in STYLES:  # each is in four of twelve pictures, of which two may be in one step
        assert 2 <= len(logged[f"train_content/{name}"]) <= 4
    assert "train_total/irises" in logged
    with Image.open(folder / "samples" / "step_000006.png") as sheet:
        assert sheet.width > 4 * 32  # photographs at the left, and a column for each style
        assert sheet.height > 5 * 32  # paintings above, three photographs and grey


@pytest.mark.slow
def test_each_style_has_the_size_and_the_weights_of_its_file(train, tmp_path):
    own = tmp_path / "own" / "style"
    own.mkdir(parents=True)
    for name, line in (("plain", ""), ("bold", "style_weight: 77.0")):
        (own / f"{name}.yaml").write_text(f"{FACTS}name: {name}\n{line}\n")
    lines = [f"  {line}\n" for line in f"{FACTS}name: whole".splitlines()]
    whole = "# @package _global_\nstyle:\n" + "".join(lines) + "loss:\n  style_weight: 33\n"
    (own / "whole.yaml").write_text(f"{whole}  content_weight: 2\nseed: 7\n")
    more = ("trainer.max_steps=1", "--config-dir=own")
    folder = train("run", "styles=[plain,bold,whole]", *MANY[1:], *more)
    checkpoint = torch.load(folder / LAST, weights_only=True)
    kept = checkpoint["hyper_parameters"]
    assert [style["size"] for style in kept["styles"]] == [48, 48, 48]
    assert [style["style_weight"] for style in kept["styles"]] == [10.0, 77.0, 33.0]
    assert kept["style"]["name"] == "many_styles"
    assert checkpoint["state_dict"]["styles"].shape[0] == 3
    assert kept["loss"]["content_weight"] == 1.0
    assert "loss.content_weight, seed of" in (folder / "train.log").read_text()
    values = scalars(folder)
    assert {"val_total/plain", "val_total/bold"} <= values.keys()


@pytest.mark.slow
def test_a_resumed_run_ends_like_an_uninterrupted_one(train, capsys, monkeypatch):
    checks = capsys, monkeypatch
    whole = train("whole", *MANY, "trainer.max_steps=5")
    train("again", *MANY, "trainer.max_steps=2")
    resumed = train("again", *MANY, "trainer.max_steps=5", "resume=auto")
    one, other = (torch.load(run / LAST, weights_only=True) for run in (whole, resumed))
    for name, value in one["state_dict"].items():
        assert torch.equal(value, other["state_dict"][name]), name
    # with others in their places the numbers would be those of another painting
    for words in (("styles=[irises,red_fuji,the_kiss]",), ("styles=[irises]",), ()):
        sentence = fails(*checks, *words, *MANY[1:], "hydra.run.dir=again", "resume=auto")
        assert "was trained with styles=[red_fuji,irises,the_kiss]" in sentence


def test_runs_are_named_after_their_styles():
    """So that with `resume=auto` each list goes on with its own."""
    assert run_name("irises", None) == "irises"
    assert run_name("irises", ListConfig(["red_fuji", "the_kiss"])) == "red_fuji+the_kiss"
    many = [f"style_{number}" for number in range(9)]
    long = [run_name("irises", ListConfig(names)) for names in (many, many[::-1])]
    assert len({*long}) == 2
    assert all(re.fullmatch(r"many_styles_\w{8}", name) for name in long)
    assert run_name("irises", 3) == "3"  # which is refused later


@pytest.mark.slow
def test_two_processes_learn_what_one_does(paintings, tmp_path):
    usual = (*MANY, "trainer.max_steps=4", "trainer.precision=32-true", "optimizer.lr=1e-4")
    one = run_forked(*usual, "data.batch_size=4", "hydra.run.dir=one", cwd=tmp_path)
    ddp = ("trainer=ddp", "trainer.devices=2")
    two = run_forked(*usual, *ddp, "hydra.run.dir=two", cwd=tmp_path)
    for done in (one, two):
        assert done.returncode == 0, done.stderr
    alone, shared = (EventAccumulator(str(tmp_path / name)).Reload() for name in ("one", "two"))
    tags = [tag for tag in alone.Tags()["scalars"] if "images_per_second" not in tag]
    assert {f"train_style/{name}" for name in STYLES} <= {*tags}
    for tag in tags:
        one, two = ([event.value for event in run.Scalars(tag)] for run in (alone, shared))
        assert two == pytest.approx(one, rel=1e-3), tag


@pytest.mark.slow
def test_a_new_style_changes_nothing_that_the_others_share(train, capsys):
    trunk = train("many", *MANY, "trainer.max_steps=3")
    Image.fromarray(draw_dead_leaves(64, 5, 5)).save(trunk.parent / "me.png")
    new = (*MANY[1:], "style=custom", "style.image=me.png", "style.name=me", "style.size=32")
    folder = train("new", *new, f"trunk={trunk}", "trainer.max_steps=4")
    style = read_style(folder / f"me{ENDING}")
    assert f"style:        {folder / f'me{ENDING}'}" in capsys.readouterr().out
    before = read_model(trunk / "model.safetensors").network
    assert style.network == fingerprint(before)
    assert style.style["image"] is None  # where it lay on this machine
    assert not np.allclose(style.numbers, style_of(before), atol=1e-4)
    # beside the others it can be mixed with them
    moved = (folder / f"me{ENDING}").rename(trunk / f"me{ENDING}")
    assert read_model({moved: 1, trunk / f"irises{ENDING}": 1}).style["name"] == "me_irises"


@pytest.mark.slow
def test_training_goes_on_with_the_styles_beside_the_network(train):
    first = train("first", *MANY, "trainer.max_steps=3")
    still = ("trainer.max_steps=1", "optimizer.lr=1e-30", f"init={first}")
    folder = train("more", f"styles=[{','.join(STYLES[:2])}]", *MANY[1:], *still)
    killed = first.parent / "killed"  # before it wrote anything but its checkpoint
    (killed / LAST).parent.mkdir(parents=True)
    shutil.copy(first / LAST, killed / LAST)
    again = train("again", *MANY, *still[:2], f"init={killed}")
    for name in STYLES:
        before = rows(first)[name].numbers
        if name in STYLES[:2]:
            assert torch.equal(read_style(folder / f"{name}{ENDING}").numbers, before)
        torch.testing.assert_close(rows(again)[name].numbers, before, rtol=0, atol=1e-3)
    # the numbers of all of them anew, in a network that stays as it is
    numbers = train("numbers", *MANY, "trainer.max_steps=3", f"trunk={first}")
    for name in STYLES:
        before, after = rows(first)[name], rows(numbers)[name]
        assert after.network == before.network
        assert not np.allclose(after.numbers, before.numbers, atol=1e-4)


def test_a_trunk_takes_the_recipe_for_it_unless_told_otherwise(capsys, monkeypatch):
    import sys

    for words in (["trunk=none.safetensors"], ["trunk=none.safetensors", "experiment=zoo"]):
        said = fails(capsys, monkeypatch, *words)
        assert said.count("trunk=none.safetensors") == 1
        assert "trunk=none.safetensors: there is no such file" in said
        assert ("experiment=new_style" in sys.argv) == (len(words) == 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["styles=[irisses]"], "styles: there is no style irisses (did you mean irises?)"),
        (["styles=[irises,irises]"], "each once"),
        (["styles=[]"], "give a list"),
        (["styles=irises"], "give a list"),
        (["styles=[irises,custom]"], "custom has no picture of its own"),
        (["styles=[irises]"], "irises has no picture of its own: save one as data/styles"),
        (["styles=[irises]", "network.norm=batch"], "share a network by its instance"),
        (["trunk=many_styles", "init=starry_night"], "leave out init"),
    ],
)
def test_wishes_that_cannot_be_fulfilled_end_in_a_sentence(words, sentence, capsys, monkeypatch):
    assert sentence in fails(capsys, monkeypatch, "data=dead_leaves", *words)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{FACTS}name: irises\n", "call themselves the same"),
        ("name: own\nimage: a.jpg\n", "own.yaml: title is missing"),
        (f"{FACTS}name: own/er\n", "own.yaml: name"),
        ("name: [own\n", "not written like the files in configs/style"),
    ],
)
def test_files_of_styles_that_are_faulty(text, sentence, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own" / "style").mkdir(parents=True)
    (tmp_path / "own" / "style" / "own.yaml").write_text(text)
    words = ("data=dead_leaves", "styles=[irises,own]", "--config-dir=own")
    assert sentence in fails(capsys, monkeypatch, *words)
    assert [*tmp_path.iterdir()] == [tmp_path / "own"]


def test_lists_of_styles_can_be_swept():
    words = quote_paths(["-m", "styles=[irises,red_fuji],[irises]"])
    assert words == ["-m", "styles=[irises,red_fuji],[irises]"]
    assert quote_paths(["styles=[irises]"]) == ["styles=['irises']"]


@pytest.mark.slow
def test_each_style_is_evaluated_and_published(train, tmp_path, monkeypatch):
    recipe = ("loss_network=vgg19", "loss_network.weights=random", "experiment=zoo")
    more = ("data.images=9", "trainer.max_steps=2", "sample_every=2")
    folder = train("run", MANY[0], *recipe, *more)
    runs = read_runs(folder)
    assert [run.name for run in runs] == [f"{name}/run" for name in STYLES]
    assert [run.settings.style.title for run in runs][1] == "Irises"
    numbers = [style_of(run.model.network) for run in runs]
    for name, row in zip(STYLES, numbers, strict=True):
        kept = read_style(folder / f"{name}{ENDING}").numbers
        torch.testing.assert_close(row, kept, rtol=0, atol=1e-3)
    monkeypatch.setattr(
        "sys.argv", ["evaluate", "--ckpt", str(folder), "--size", "64", "--optimize", "0"]
    )
    evaluate_main()
    models = tmp_path / "models"
    cards = [publish(run, folder / "evaluation" / "evaluation.json", models) for run in runs]
    assert {card.recipe for card in cards} == {cards[0].recipe}
    assert cards[0].recipe.startswith("fastnst train 'styles=[red_fuji,irises,the_kiss]'")
    assert "trainer.max_steps=2" in cards[0].recipe
    shared = read_network(models / "many_styles.safetensors").network
    for card, row in zip(cards, numbers, strict=True):
        file = models / f"{card.name}{ENDING}"
        assert file.stat().st_size < 10_000
        assert read_style(file).network == fingerprint(shared)
        with Image.open(io.BytesIO(read_style(file).thumbnail)) as icon:
            assert icon.size == (64, 64)
        assert str(tmp_path).encode() not in file.read_bytes()
        torch.testing.assert_close(read_style(file).numbers, row, rtol=0, atol=1e-3)
    write_style(models / f"irises{ENDING}", numbers[1], {"name": "irises"}, "0" * 64)
    with pytest.raises(UserError, match=r"irises\S+: of another network"):
        publish(runs[0], folder / "evaluation" / "evaluation.json", models, ["red_fuji"])
    calm = models / "calm"  # of other networks there are no pictures: the styles are the same
    publish(runs[0], folder / "evaluation" / "evaluation.json", calm)
    assert read_style(calm / f"red_fuji{ENDING}").thumbnail is None
    assert not [*calm.glob("*.jpg")]
    assert (calm / "README.md").read_text().startswith("# The calm network")
