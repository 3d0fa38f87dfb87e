"""From which checkpoint a training goes on, and what it says about it."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest
import torch
from small.logs import kept_logging
from small.runs import SMALL, fails, scalars

from fastnst.commands.train import main
from fastnst.learning.checkpoint_files import CheckpointFiles, read_checkpoint
from fastnst.learning.checkpoints import Checkpoints
from fastnst.learning.resume import checkpoint_to_resume, newest_run
from fastnst.models import read_model

pytestmark = pytest.mark.slow

ARGUMENTS = ["data=dead_leaves", "data.images=5", "trainer.max_steps=4", "checkpoint_every=2"]
ARGUMENTS += ["sample_every=2"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of four steps."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch, kept_logging():
        patch.chdir(folder)
        patch.setattr("sys.argv", ["train.py", *SMALL, *ARGUMENTS, "hydra.run.dir=run"])
        main()
    return folder / "run"


def copy(run: Path, to: Path) -> None:
    shutil.copytree(run, to)
    for number, events in enumerate(sorted(to.glob("events.*"))):
        # their names tell their order by the second, and these tests take less
        events.rename(to / f"events.out.tfevents.{number}.before")


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """The same as if it had been killed after the checkpoint of step 2."""
    copy(finished, tmp_path / "run")
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
    assert scalars(run)["train/total"] == [1, 2, 3, 4]
    assert scalars(run)["val/total"] == [2, 4]


def test_auto_passes_over_a_damaged_one(finished, tmp_path, command_line, capsys):
    copy(finished, tmp_path / "run")
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


@pytest.mark.parametrize("lacks", ["model.safetensors", "samples/step_000004.png"])
def test_auto_makes_up_what_a_finished_run_lacks(lacks, finished, tmp_path, command_line, capsys):
    copy(finished, tmp_path / "run")
    (tmp_path / "run" / lacks).unlink()
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run")
    main()
    assert (tmp_path / "run" / lacks).is_file()
    assert_same(tmp_path / "run", finished)
    assert "model.safetensors" in capsys.readouterr().out


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".log"
    }


def test_auto_leaves_a_finished_run_as_it_is(finished, tmp_path, command_line, capsys, monkeypatch):
    copy(finished, tmp_path / "run")
    before = contents(tmp_path / "run")
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run")
    main()
    assert contents(tmp_path / "run") == before
    said = capsys.readouterr().out
    assert "step_000004.png" in said
    assert "model.safetensors" in said
    other = ["resume=auto", "hydra.run.dir=run", "loss.style_weight=99"]
    sentence = fails(capsys, monkeypatch, *ARGUMENTS, *other)
    assert "has done 4 steps already with other settings (loss.style_weight was 10.0" in sentence
    assert contents(tmp_path / "run") == before


def test_a_finished_run_can_be_made_longer(finished, tmp_path, command_line, capsys):
    copy(finished, tmp_path / "run")
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run", "trainer.max_steps=6")
    main()
    assert read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["global_step"] == 6
    assert scalars(tmp_path / "run")["train/total"] == [1, 2, 3, 4, 5, 6]
    assert "| 6/6 [" in capsys.readouterr().out


def test_a_run_stopped_where_it_was_to_be_validated_lacks_nothing(
    finished, tmp_path, command_line, monkeypatch
):
    step = Checkpoints.on_train_batch_end

    def stop_after_two(callback, trainer, *rest):
        callback.signals.caught = signal.SIGTERM if trainer.global_step == 2 else 0
        step(callback, trainer, *rest)

    monkeypatch.setattr(Checkpoints, "on_train_batch_end", stop_after_two)
    command_line(*ARGUMENTS, "hydra.run.dir=run")
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 128 + signal.SIGTERM
    monkeypatch.setattr(Checkpoints, "on_train_batch_end", step)
    command_line(*ARGUMENTS, "hydra.run.dir=run", "resume=auto")
    main()
    assert_same(tmp_path / "run", finished)
    events = sorted((tmp_path / "run").glob("events.*"), key=lambda path: path.stat().st_mtime)
    for number, path in enumerate(events):
        path.rename(path.with_name(f"events.out.tfevents.{number}.now"))
    assert scalars(tmp_path / "run") == scalars(finished)
    sheets = {path.name for path in (tmp_path / "run" / "samples").iterdir()}
    assert sheets == {"step_000002.png", "step_000004.png"}


def test_a_checkpoint_of_the_first_versions_can_be_resumed(run, finished, command_line):
    last = run / "checkpoints" / "last.ckpt"
    checkpoint = read_checkpoint(last)
    for key in ("skipped_steps", "PhotographData"):
        del checkpoint[key]
    checkpoint["callbacks"] = {}
    CheckpointFiles().save_checkpoint(checkpoint, last)
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run")
    main()
    assert_same(run, finished)


@pytest.mark.parametrize("accumulate", [1, 3])
def test_curves_have_a_point_for_each_step(accumulate, tmp_path, command_line):
    batches = f"trainer.accumulate_grad_batches={accumulate}"
    command_line(*ARGUMENTS, batches, "hydra.run.dir=first", "trainer.max_steps=2")
    main()
    copy(tmp_path / "first", tmp_path / "run")
    command_line(*ARGUMENTS, batches, "hydra.run.dir=run", "resume=auto")
    main()
    logged = scalars(tmp_path / "run")
    for tag in ("total", "content", "skipped_steps", "images_per_second"):
        assert logged[f"train/{tag}"] == [1, 2, 3, 4]


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
    before = contents(run)
    sentence = fails(capsys, monkeypatch, *ARGUMENTS, "hydra.run.dir=run", "seed=7")
    assert "holds a run already" in sentence
    assert "resume=auto" in sentence
    assert contents(run) == before


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
        (
            ["~loss.style_layers.relu4_3"],
            "loss.style_layers was {'relu1_2': 1.0, 'relu2_2': 1.0, "
            "'relu3_3': 1.0, 'relu4_3': 1.0}, is {'relu1_2': 1.0, 'relu2_2': 1.0, 'relu3_3': 1.0}",
        ),
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


def test_another_learning_rate_and_clipping_hold_and_are_told(run, command_line, capsys):
    now = ["optimizer.lr=1e-5", "optimizer.clip=1"]
    command_line(*ARGUMENTS, "resume=auto", "hydra.run.dir=run", *now)
    main()
    (group,) = read_checkpoint(run / "checkpoints/last.ckpt")["optimizer_states"][0]["param_groups"]
    assert (group["lr"], group["fused"]) == (1e-5, None)
    said = capsys.readouterr().out
    assert "optimizer.lr was 0.001, is 1e-05; optimizer.clip was None, is 1.0" in said


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
