import logging

import pytest
import torch
from small.data import STYLES, write_paintings
from small.runs import run_forked
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.machine.compilation import PAYS_AFTER, Compiled, compiling_pays
from fastnst.machine.tensor_files import load_plain

CPU = torch.device("cpu")


@pytest.mark.parametrize("pixels", [1, 10**15])
def test_true_and_false_decide(pixels):
    assert compiling_pays(True, CPU, pixels) is True
    assert compiling_pays(False, CPU, pixels) is False


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_auto_compiles_long_runs(device):
    assert not compiling_pays("auto", torch.device(device), PAYS_AFTER[device] - 1)
    assert compiling_pays("auto", torch.device(device), PAYS_AFTER[device])
    assert compiling_pays("auto", torch.device(device), 40_000 * 4 * 256**2)
    assert not compiling_pays("auto", torch.device("mps"), 10**15)


def test_without_a_compiler_there_is_one_notice(monkeypatch, caplog):
    def broken(function, **_):
        def fail(*_):
            raise RuntimeError("there is no g++\nand no clang")

        return fail

    monkeypatch.setattr(torch, "compile", broken)
    double = Compiled(lambda value: 2 * value)
    with caplog.at_level(logging.WARNING):
        assert [double(value) for value in (1, 2, 3)] == [2, 4, 6]
    (record,) = caplog.records
    assert "there is no g++" in record.message
    assert "clang" not in record.message


def test_an_error_later_on_is_not_taken_for_a_missing_compiler(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)
    inverse = Compiled(lambda value: 1 / value)
    assert inverse(2) == 0.5
    with pytest.raises(ZeroDivisionError):
        inverse(0)


def test_the_first_call_counts_once(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)
    calls = []
    Compiled(calls.append)(1)
    assert calls == [1]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("99 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 20.11 GiB)"),
        MemoryError(),
    ],
)
def test_memory_that_is_full_is_not_taken_for_a_missing_compiler(error, monkeypatch, caplog):
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)

    def full(_):
        raise error

    with pytest.raises(type(error)):
        Compiled(full)(1)
    assert not caplog.records


def totals(folder):
    """The training loss at each step."""
    events = EventAccumulator(str(folder)).Reload()
    return [event.value for event in events.Scalars("train/total")]


def names(folder):
    checkpoint = load_plain(folder / "checkpoints" / "last.ckpt")
    return sorted(checkpoint["state_dict"])


def train_both_ways(tmp_path, *arguments):
    """The run folders of a compiled training and of one that is not."""
    folders = {}
    for how in ("true", "false"):
        folders[how] = tmp_path / how
        command = ["data=dead_leaves", f"compile={how}", f"hydra.run.dir={folders[how]}"]
        done = run_forked(*command, *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "without torch.compile" not in done.stdout + done.stderr
        assert ("Compiling" in (folders[how] / "train.log").read_text()) == (how == "true")
    return folders["true"], folders["false"]


@pytest.mark.slow
@pytest.mark.usefixtures("scalar_kernels")
@pytest.mark.parametrize("styles", [(), (f"styles=[{','.join(STYLES)}]",)])
def test_training_compiled_or_not(styles, tmp_path):
    write_paintings(tmp_path)
    # every layer is code of its own to compile, and those further up are no others
    shallow = [f"~loss.style_layers.{name}" for name in ("relu2_2", "relu3_3", "relu4_3")]
    shallow += ["~loss.content_layers.relu2_2", "+loss.content_layers.relu1_2=1.0"]
    compiled, plain = train_both_ways(
        tmp_path, *styles, *shallow, "trainer.precision=auto", "trainer.max_steps=3"
    )
    assert names(compiled) == names(plain)
    assert not [name for name in names(compiled) if "_orig_mod" in name]
    assert totals(compiled) == pytest.approx(totals(plain), rel=0.02)


@pytest.mark.gpu
@pytest.mark.parametrize("clip", ["null", "1.0"])
def test_a_cuda_graph_learns_what_plain_steps_learn(tmp_path, clip):
    """Logging, validation and clipping read what the graph is about to overwrite."""
    compiled, plain = train_both_ways(
        tmp_path,
        "data.cache=device",
        f"optimizer.clip={clip}",
        "trainer.accelerator=cuda",
        "trainer.devices=1",
        "trainer.precision=32-true",
        "trainer.max_steps=12",
        "sample_every=5",
    )
    assert len(totals(compiled)) == 12
    # the weights themselves may differ: Adam makes whole steps of what is but rounding
    assert totals(compiled) == pytest.approx(totals(plain), rel=0.02)
