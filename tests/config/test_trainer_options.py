"""The `trainer` group: what of Lightning's options is checked, and what passes through."""

import pytest
import pytorch_lightning as pl
from small.configs import composed

from fastnst.config.settings import Settings, read_settings
from fastnst.config.trainer_options import OURS, TRAINER_OPTIONS
from fastnst.machine.errors import UserError


def trainer(*changes: str, choices: tuple[str, ...] = ()) -> dict:
    return read_settings(composed(*choices, *changes)).trainer


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ("max_steps=0", "greater than or equal to 1"),
        ("max_steps=-1", "greater than or equal to 1"),
        ("max_steps=1.5", "integer"),
        ("max_steps=null", "integer"),
        ("max_steps=true", "number"),
        ("max_time=90", "DD:HH:MM:SS"),
        ("max_time=08:00:00", "DD:HH:MM:SS"),
        ("max_time=00:00:00:00", "DD:HH:MM:SS"),
        ("accelerator=quantum", "'auto', 'gpu', 'cpu', 'cuda', 'mps'"),
        ("devices=0", "auto, a number of at least 1"),
        ("devices=-2", "auto, a number of at least 1"),
        ("devices=two", "auto, a number of at least 1"),
        ("devices=true", "auto, a number of at least 1"),
        ("devices=[]", "a list of devices"),
        ("devices=[0,0]", "a list of devices"),
        ("devices=[0,-1]", "a list of devices"),
        ("devices=[zero]", "a list of devices"),
        ("strategy=fsdp", "'auto' or 'ddp'"),
        ("strategy=ddp_spawn", "'auto' or 'ddp'"),
        ("num_nodes=0", "greater than or equal to 1"),
        ("num_nodes=null", "integer"),
        ("precision=17", "'auto', '32-true', '16-mixed', 'bf16-mixed'"),
        ("accumulate_grad_batches=0", "greater than or equal to 1"),
        ("accumulate_grad_batches={0:1}", "integer"),
        ("deterministic=maybe", "True, False or 'warn'"),
        ("enable_progress_bar=maybe", "boolean"),
        ("enable_model_summary=null", "boolean"),
        ("num_sanity_val_steps=-2", "greater than or equal to -1"),
    ],
)
def test_wrong_values_are_named_with_what_is_allowed(change, allowed):
    with pytest.raises(UserError) as caught:
        trainer(f"trainer.{change}")
    key = f"trainer.{change.partition('=')[0]}"
    assert str(caught.value).startswith((f"{key}=", f"{key}:"))
    assert allowed in str(caught.value)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("max_steps=1e4", 10_000),
        ("max_time=00:00:04:30", "00:00:04:30"),
        ("max_time=null", None),
        ("devices=auto", "auto"),
        ("devices=2", 2),
        ("devices=-1", -1),
        ("devices=[0,2]", [0, 2]),
        ("strategy=ddp", "ddp"),
        ("precision=16-mixed", "16-mixed"),
        ("deterministic=warn", "warn"),
        ("deterministic=true", True),
        ("num_sanity_val_steps=-1", -1),
        ("+profiler=simple", "simple"),
        ("+limit_val_batches=2", 2),
        ("+limit_val_batches=2.0", 2.0),
    ],
)
def test_values_reach_lightning_as_they_are(change, value):
    plus, key = "+" * change.startswith("+"), change.strip("+").partition("=")[0]
    read = trainer(f"{plus}trainer.{change.strip('+')}")
    assert read[key] == value
    assert type(read[key]) is type(value)


@pytest.mark.parametrize("name", sorted(OURS - {"self"}))
def test_what_fastnst_decides_is_refused(name):
    with pytest.raises(UserError, match=rf"trainer\.{name}=1: fastnst sets"):
        trainer(f"+trainer.{name}=1")


def test_every_option_of_lightning_is_either_ours_or_passes():
    with pytest.raises(UserError, match=r"^trainer\.xyz=1: .*max_steps, max_time") as caught:
        trainer("+trainer.xyz=1")
    for name in TRAINER_OPTIONS:
        assert name in str(caught.value)


def test_options_that_pass_through_are_in_checkpoints_too():
    read = read_settings(composed("+trainer.profiler=simple"))
    assert isinstance(read, Settings)
    assert read.model_dump()["trainer"]["profiler"] == "simple"
    assert type(read.model_dump()["trainer"]) is dict


@pytest.mark.parametrize(
    ("choice", "differs"),
    [
        ("cpu", {"accelerator": "cpu", "devices": 1}),
        ("gpu", {"accelerator": "gpu", "devices": 1}),
        ("ddp", {"strategy": "ddp"}),
        ("multi_node", {"strategy": "ddp", "num_nodes": 2}),
    ],
)
def test_the_choices_differ_from_the_default_as_their_names_say(choice, differs):
    needed = ["trainer.num_nodes=2"] if choice == "multi_node" else []
    chosen, default = trainer(choices=(f"trainer={choice}", *needed)), trainer()
    assert {key: chosen[key] for key in chosen if chosen[key] != default[key]} == differs
    assert default["strategy"] == "auto"


def test_lightning_takes_the_default():
    options = trainer("trainer.accelerator=cpu")
    options["precision"] = "32-true"
    assert pl.Trainer(**options, logger=False, enable_checkpointing=False).max_steps == 40_000
