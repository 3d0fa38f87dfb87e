"""From which checkpoint a training goes on, and what it says about it."""

import os
import re
import shutil
from pathlib import Path

import pytest
import torch
from small_runs import SMALL, fails, scalars

from fastnst.checkpoint_files import CheckpointFiles, read_checkpoint
from fastnst.model_file import read_model
from fastnst.resume import checkpoint_to_resume, newest_run
from fastnst.train import main

ARGUMENTS = ["data=dead_leaves", "data.images=5", "trainer.max_steps=4", "checkpoint_every=2"]
ARGUMENTS += ["sample_every=2"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of four steps."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.argv", ["train.py", *SMALL, *ARGUMENTS, "hydra.run.dir=run"])
        main()
    return folder / "run"


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """The same as if it had been killed after the checkpoint of step 2."""
    shutil.copytree(finished, tmp_path / "run")
    checkpoints = tmp_path / "run" / "checkpoints"
    (checkpoints / "previous.ckpt").replace(checkpoints / "last.ckpt")
    (tmp_path / "run" / "model.safetensors").unlink()
    return tmp_path / "run"


def weights(run: Path) -> dict[str, torch.Tensor]:
    return read_model(run / "model.safetensors").network.state_dict()


def assert_same(run: Path, other: Path) -> None:
    expected = weights(other)
    for name, value in weights(run).items():
        assert torch.equal(value, expected[name])


def test_auto_goes_on_in_the_same_folder(run, finished, command_line):
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run")
    main()
    assert_same(run, finished)
    # what came after the checkpoint is in the events twice, and shown once
    assert scalars(run)["train/total"] == [0, 1, 2, 3]
    assert scalars(run)["val/total"][:2] == [1, 3]


def test_auto_passes_over_a_damaged_one(finished, tmp_path, command_line, capsys):
    shutil.copytree(finished, tmp_path / "run")
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    last.write_bytes(last.read_bytes()[:1000])
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run")
    main()
    assert "last.ckpt is cut off or damaged" in capsys.readouterr().out
    assert_same(tmp_path / "run", finished)


def test_auto_begins_where_there_is_nothing_yet(finished, tmp_path, command_line):
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run")
    main()
    assert_same(tmp_path / "run", finished)


def test_auto_makes_up_what_a_finished_run_lacks(finished, tmp_path, command_line, capsys):
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "run" / "model.safetensors").unlink()
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run")
    main()
    assert_same(tmp_path / "run", finished)
    assert "model.safetensors" in capsys.readouterr().out
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    assert last.read_bytes() == (finished / "checkpoints" / "last.ckpt").read_bytes()


def test_auto_without_a_folder_takes_the_newest_run_of_the_style(run, tmp_path, command_line):
    runs = tmp_path / "runs" / "brush_strokes"
    runs.mkdir(parents=True)
    shutil.copytree(run, runs / "b")
    shutil.copytree(run, runs / "a")
    (runs / "c").mkdir()  # has not saved yet
    os.utime(runs / "b" / "checkpoints", (1, 1))
    assert newest_run("brush_strokes", "auto", "now") == "now"
    command_line(*ARGUMENTS, "resume=auto")
    assert newest_run("brush_strokes", "auto", "now") == "a"
    assert newest_run("brush_strokes", None, "now") == newest_run("other", "auto", "now") == "now"
    main()
    assert (runs / "a" / "model.safetensors").is_file()
    assert not (runs / "b" / "model.safetensors").exists()
    assert sorted(path.name for path in runs.iterdir()) == ["a", "b", "c"]


def test_a_run_is_not_written_over(run, command_line, capsys, monkeypatch):
    command_line()
    before = (run / "checkpoints" / "last.ckpt").read_bytes()
    sentence = fails(capsys, monkeypatch, *ARGUMENTS, "hydra.run.dir=run")
    assert "holds a run already" in sentence
    assert "resume=auto" in sentence
    assert (run / "checkpoints" / "last.ckpt").read_bytes() == before


def test_a_path_may_be_in_the_run_folder_itself_or_elsewhere(run, tmp_path):
    last = run / "checkpoints" / "last.ckpt"
    assert checkpoint_to_resume(str(last), run) == last
    assert checkpoint_to_resume(str(last), tmp_path / "new") == last
    assert checkpoint_to_resume(None, tmp_path / "new") is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([], ""),
        (["data.workers=1", "trainer.max_steps=5", "log_every=2"], ""),
        (["loss.style_weight=20"], "loss.style_weight was 10.0, is 20.0"),
        (["data.batch_size=3", "seed=1"], "data.batch_size was 2, is 3; seed was 0, is 1"),
    ],
)
def test_other_settings_than_before_are_told(changes, told, run, command_line, capsys):
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run", *changes)
    main()
    found = re.findall(
        r" - (\S+ was .*); the run goes on with what is set now", capsys.readouterr().out
    )
    assert found == [told] * bool(told)


def test_another_learning_rate_holds(run, command_line):
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run", "optimizer.lr=1e-5")
    main()
    (group,) = read_checkpoint(run / "checkpoints/last.ckpt")["optimizer_states"][0]["param_groups"]
    assert group["lr"] == 1e-5


def test_batches_of_another_size_begin_where_the_others_ended(run, command_line):
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run", "data.batch_size=3")
    main()
    data = read_checkpoint(run / "checkpoints" / "last.ckpt")["PhotographData"]
    assert data == {"step": 4, "seen": 2 * 2 + 2 * 3, "epoch": 2, "pictures": 5, "seed": 0}


def test_a_checkpoint_of_other_pictures_is_told(run, command_line, capsys):
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run", "data.images=6")
    main()
    assert "had 5 training pictures and has 6 now" in capsys.readouterr().out


@pytest.mark.parametrize("part", ["network", "optimizer"])
def test_a_crafted_checkpoint_is_refused(part, run, command_line, capsys, monkeypatch):
    command_line()
    checkpoint = read_checkpoint(run / "checkpoints" / "last.ckpt")
    checkpoint["hyper_parameters"][part] = [1]
    CheckpointFiles().save_checkpoint(checkpoint, run / "checkpoints" / "last.ckpt")
    sentence = fails(capsys, monkeypatch, *ARGUMENTS, "resume=auto", "hydra.run.dir=run")
    assert f"was trained with {part}" in sentence
