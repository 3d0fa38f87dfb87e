"""Two runs never write to one folder."""

import sys

import pytest
from small.runs import fails, run_forked

from fastnst.commands.optimize import main as optimize
from fastnst.commands.train import main
from fastnst.learning.resume import newest_run
from fastnst.machine import claims
from fastnst.machine.claims import LOCK

fcntl = pytest.importorskip("fcntl")
pytestmark = pytest.mark.slow
TINY = ("data=dead_leaves", "data.images=4", "trainer.max_steps=1")


@pytest.fixture
def living(tmp_path, monkeypatch):
    """Makes the folder of a run that goes on and has no checkpoint yet."""
    monkeypatch.setattr(claims, "PATIENCE", 0.01)
    monkeypatch.chdir(tmp_path)
    files = []

    def make(name):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        files.append((folder / LOCK).open("w"))
        fcntl.flock(files[-1], fcntl.LOCK_EX)
        return folder

    yield make
    for file in files:
        file.close()


@pytest.mark.parametrize("more", [(), ("resume=auto",)])
def test_a_named_folder_with_a_living_run_is_refused(living, more, capsys, monkeypatch):
    folder = living("run")
    sentence = fails(capsys, monkeypatch, *TINY, "hydra.run.dir=run", *more)
    assert "run is in use" in sentence
    assert [file.name for file in folder.iterdir()] == [LOCK]


def test_auto_finds_the_living_run_without_a_checkpoint(living, capsys, monkeypatch):
    folder = living("runs/brush_strokes/2026-01-01_00-00-00")
    assert newest_run("brush_strokes", "auto", "now") == folder.name
    sentence = fails(capsys, monkeypatch, *TINY, "resume=auto")
    assert folder.name in sentence
    assert "in use" in sentence


def test_what_is_named_after_the_time_gets_the_next_free_name(command_line, tmp_path):
    for _ in range(2):
        command_line(*TINY, "hydra.run.dir='runs/${now:%Y}'")
        main()
    first, second = sorted((tmp_path / "runs").iterdir())
    assert second.name == f"{first.name}_2"
    assert "Learning Brush Strokes" in (second / "train.log").read_text()
    for folder in (first, second):
        assert (folder / "model.safetensors").is_file()


def test_as_do_sweeps(command_line, tmp_path):
    for _ in range(2):
        command_line(*TINY, "seed=0,1", "hydra.sweep.dir='sweeps/${now:%Y}'", "-m")
        main()
    first, second = sorted((tmp_path / "sweeps").iterdir())
    assert second.name == f"{first.name}_2"
    for folder in (first, second):
        assert len([*folder.glob("*/model.safetensors")]) == 2


def test_two_processes_of_one_run_share_its_folder(tmp_path):
    done = run_forked(
        *TINY, "trainer=ddp", "trainer.devices=2", "hydra.run.dir='a/${now:%Y}'", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert len([*(tmp_path / "a").iterdir()]) == 1


def test_a_folder_that_cannot_be_made_is_named_with_the_keys(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    sentence = fails(capsys, monkeypatch, *TINY, "hydra.run.dir=file/run")
    for word in ("file/run", "hydra.run.dir=<folder>", "data.prepared=<folder>"):
        assert word in sentence
    sentence = fails(capsys, monkeypatch, *TINY, "data.cache=disk", "data.prepared=file/pictures")
    for word in ("file/pictures", "data.prepared=<folder>"):
        assert word in sentence


def test_so_is_one_of_an_optimisation(living, picture, capsys, monkeypatch):
    living("run")
    content = picture("photo.png", size=(32, 32))
    words = ["style=brush_strokes", f"content={content}", "hydra.run.dir=run"]
    monkeypatch.setattr(sys, "argv", ["optimize", *words, "loss_network.weights=random"])
    with pytest.raises(SystemExit):
        optimize()
    assert "run is in use" in capsys.readouterr().err


def test_paths_are_as_they_were_given_wherever_hydra_goes(command_line, picture, tmp_path):
    picture("mine.png", size=(40, 40))
    own = ("style=custom", "style.image=mine.png", "hydra.run.dir=run", "hydra.job.chdir=true")
    command_line(*TINY, "data.cache=disk", *own)
    main()
    assert (tmp_path / "run" / "model.safetensors").is_file()
    assert (tmp_path / "data" / "prepared").is_dir()
