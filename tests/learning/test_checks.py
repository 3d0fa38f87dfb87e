"""What the machine and the start of the processes have to fit, before there is a run folder."""

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.accelerators import CUDAAccelerator
from small.configs import composed
from small.runs import fails

from fastnst.config.settings import read_settings
from fastnst.learning import checks
from fastnst.learning.checks import check_launcher, check_machine, check_run_folder
from fastnst.machine.errors import UserError

DATED = "hydra.run.dir", "runs/${now:%Y}"
NAMED = "hydra.run.dir", "runs/mine"


@pytest.fixture
def settings():
    def read(*changes: str):
        return read_settings(composed(*(f"trainer.{change}" for change in changes)))

    return read


@pytest.fixture
def gpus(monkeypatch):
    """Says how many GPUs there seem to be."""

    def seem(count: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        monkeypatch.setattr(CUDAAccelerator, "is_available", staticmethod(lambda: count > 0))

    return seem


@pytest.fixture
def torchrun(monkeypatch):
    """Says that torchrun has started so many processes."""

    def started(processes: int) -> None:
        for name in ("RANK", "LOCAL_RANK", "GROUP_RANK"):
            monkeypatch.setenv(name, "0")
        monkeypatch.setenv("WORLD_SIZE", str(processes))
        monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
        monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
        monkeypatch.setenv("MASTER_ADDR", "localhost")
        monkeypatch.setenv("MASTER_PORT", "29500")

    return started


@pytest.mark.parametrize(
    ("count", "changes", "words"),
    [
        (0, ["accelerator=gpu"], ["trainer.accelerator=gpu", "there is cpu"]),
        (0, ["accelerator=cuda"], ["trainer.accelerator=cuda", "there is cpu"]),
        (2, ["accelerator=tpu"], ["trainer.accelerator=tpu", "there is cpu, cuda"]),
        (0, ["precision=16-mixed"], ["trainer.precision=16-mixed", "trainer.accelerator=auto"]),
        (2, ["precision=16-mixed", "accelerator=cpu"], ["precision=16-mixed", "accelerator=cpu"]),
        (0, ["devices=[0,1]"], ["trainer.devices=[0, 1]", "trainer.accelerator=auto"]),
        (2, ["devices=-1", "accelerator=cpu"], ["trainer.devices=-1", "trainer.accelerator=cpu"]),
        (2, ["devices=3"], ["trainer.devices=3", "has 2"]),
        (2, ["devices=[0,2]"], ["trainer.devices=[0, 2]", "0 to 1"]),
        (2, ["num_nodes=2"], ["trainer.num_nodes=2", "torchrun", "srun"]),
    ],
)
def test_what_the_machine_cannot_do_is_named(count, changes, words, settings, gpus):
    gpus(count)
    with pytest.raises(UserError) as caught:
        check_machine(settings(*changes))
    for word in words:
        assert word in str(caught.value)


def test_apples_gpus_have_no_numbers_of_64_bits(settings, monkeypatch):
    monkeypatch.setattr(checks, "training_device", lambda _: torch.device("mps"))
    check_machine(settings("precision=32-true"))
    with pytest.raises(UserError, match="64-true"):
        check_machine(settings("precision=64-true"))


@pytest.mark.parametrize(
    ("count", "changes"),
    [
        (0, ["accelerator=auto"]),
        (0, ["devices=2"]),
        (2, ["accelerator=gpu", "precision=16-mixed"]),
        (2, ["accelerator=cuda", "devices=2"]),
        (2, ["devices=[1]"]),
        (2, ["devices=-1"]),
    ],
)
def test_what_the_machine_can_do_passes(count, changes, settings, gpus):
    gpus(count)
    check_machine(settings(*changes))


def test_several_machines_need_a_launcher_or_an_address(settings, gpus, torchrun, monkeypatch):
    gpus(0)
    torchrun(2)
    check_machine(settings("num_nodes=2"))
    monkeypatch.undo()
    monkeypatch.setenv("MASTER_ADDR", "10.0.0.1")
    check_machine(settings("num_nodes=2"))


def test_processes_started_one_by_one_need_a_folder_with_a_name(settings, torchrun):
    check_run_folder(settings(), *DATED)
    with pytest.raises(UserError, match="2 processes"):
        check_run_folder(settings("num_nodes=2"), *DATED)
    torchrun(2)
    with pytest.raises(UserError, match="2 processes"):
        check_run_folder(settings(), *DATED)
    check_run_folder(settings("num_nodes=2"), *NAMED)


def test_one_process_of_torchrun_may_have_a_folder_with_the_time(settings, torchrun):
    torchrun(1)
    check_run_folder(settings(), *DATED)


def test_the_number_of_processes_is_the_launchers(torchrun):
    trainer = pl.Trainer(accelerator="cpu", devices=1, logger=False, enable_checkpointing=False)
    check_launcher(trainer)
    torchrun(3)
    with pytest.raises(UserError, match=r"trainer\.devices=1 and trainer\.num_nodes=1"):
        check_launcher(trainer)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trainer.devices=2"], ["hydra.run.dir=runs/${run_name:${style.name}", "2 processes"]),
        (["trainer.devices=3", "hydra.run.dir=run"], ["trainer.devices=3", "world size (2)"]),
    ],
)
def test_torchrun_is_asked_before_anything_is_written(
    arguments, words, torchrun, tmp_path, capsys, monkeypatch
):
    torchrun(2)
    monkeypatch.chdir(tmp_path)
    sentence = fails(capsys, monkeypatch, "data=dead_leaves", "trainer=ddp", *arguments)
    for word in words:
        assert word in sentence
    assert [*tmp_path.iterdir()] == []
