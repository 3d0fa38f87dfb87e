"""Steps whose loss is no finite number: left out, counted, and no more than two in a row."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from small.runs import fails

from fastnst.commands.train import main
from fastnst.learning.checkpoint_files import read_checkpoint
from fastnst.learning.checkpoints import Checkpoints
from fastnst.learning.finite import NotFinite, SkippedSteps, is_finite, leave_out
from fastnst.training import step as training

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("value", "finite"), [(1.0, True), (0.0, True), (float("nan"), False), (float("-inf"), False)]
)
def test_finite_numbers(value, finite):
    assert is_finite(torch.tensor(value)) is finite


def test_the_third_in_a_row_is_too_many():
    skipped = SkippedSteps()
    for finite in (False, False, True, False, False, True, True):
        skipped.note(finite)
    assert (skipped.total, skipped.row) == (4, 0)
    skipped.note(False)
    again = SkippedSteps()
    again.restore(skipped.state())
    again.note(False)
    with pytest.raises(NotFinite, match="3 steps in a row"):
        again.note(False)


def spoil(monkeypatch, bad: set[int]) -> list[dict[str, torch.Tensor]]:
    """Make the losses of some steps infinite; gives the weights at the beginning of each step."""
    weights, terms = [], training.StyleTransfer._terms

    def spoiled(module, *batch):
        if module.training:
            weights.append({name: value.clone() for name, value in module.state_dict().items()})
        total, found = terms(module, *batch)
        if module.training and len(weights) - 1 in bad:
            total = total * float("inf")
        return total, found

    monkeypatch.setattr(training.StyleTransfer, "_terms", spoiled)
    return weights


def same(one, other) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


ARGUMENTS = ["data=dead_leaves", "checkpoint_every=1", "hydra.run.dir=run"]


@pytest.mark.parametrize(
    "words", [("optimizer=adam",), ("optimizer=sgd",), ("network.norm=batch",)], ids=" ".join
)
def test_such_a_step_changes_nothing(words, tmp_path: Path, monkeypatch, command_line) -> None:
    """Running statistics of batch normalisation are of what is compared."""
    weights = spoil(monkeypatch, {1, 2, 4})
    command_line(*ARGUMENTS, *words, "trainer.max_steps=7")
    main()
    changed = [not same(before, after) for before, after in pairwise(weights)]
    assert changed == [True, False, False, True, False, True]
    checkpoint = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert checkpoint["skipped_steps"] == {"total": 3, "row": 0}
    assert checkpoint["global_step"] == 7


@pytest.mark.parametrize("fused", [True, False])
def test_a_scaler_of_float16_gradients_bears_it(fused):
    """One that is given no gradients at all raises an error, unless it has looked at them before:
    https://github.com/Lightning-AI/pytorch-lightning, `MixedPrecision.optimizer_step`."""
    weights = torch.nn.Parameter(torch.ones(3))
    optimizer, scaler = torch.optim.Adam([weights], fused=fused), torch.amp.GradScaler("cpu")
    for loss in (weights.sum() * float("nan"), weights.sum()):
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        if not fused:
            scaler.unscale_(optimizer)
        finite = is_finite(loss)
        if not finite:
            leave_out(optimizer, scaler)
        scaler.step(optimizer)
        scaler.update()
        assert weights.eq(1).all() == (not finite)


def test_a_step_of_several_batches_is_left_out_whole(
    tmp_path: Path, monkeypatch, command_line
) -> None:
    weights = spoil(monkeypatch, {2, 5, 6})  # of steps 1, 2 and 3
    command_line(*ARGUMENTS, "trainer.accumulate_grad_batches=2", "trainer.max_steps=6")
    with pytest.raises(SystemExit):
        main()
    assert len(weights) == 8  # the third one in a row
    changed = [not same(*pair) for pair in pairwise(weights)]
    assert changed == [False, True, False, False, False, False, False]


def test_a_checkpoint_waits_for_a_finite_loss(tmp_path: Path, monkeypatch, command_line) -> None:
    spoil(monkeypatch, {3, 4})
    command_line(*ARGUMENTS, "checkpoint_every=4", "trainer.max_steps=7")
    saved = []
    save = Checkpoints._save
    monkeypatch.setattr(Checkpoints, "_save", lambda *how: (save(*how), saved.append(how[0].step)))
    main()
    assert saved == [6, 7]


def test_the_run_ends_with_the_last_good_checkpoint_named(
    tmp_path: Path, monkeypatch, capsys
) -> None:
    spoil(monkeypatch, {3, 4, 5})
    monkeypatch.chdir(tmp_path)
    sentence = fails(capsys, monkeypatch, *ARGUMENTS, "trainer.max_steps=9")
    for words in ("3 steps in a row", "last.ckpt of step 3", "resume=auto", "optimizer.lr"):
        assert words in sentence
    assert read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["global_step"] == 3


@pytest.mark.parametrize("what", ["weights", "running statistics"])
def test_what_is_no_number_is_not_saved(what, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    step = torch.optim.Adam.step
    steps, spoilt = [], []
    usual = Checkpoints.on_train_start

    def begin(checkpoints, trainer, module):
        network = module.network
        spoilt.append(next(iter(network.parameters() if what == "weights" else network.buffers())))
        usual(checkpoints, trainer, module)

    monkeypatch.setattr(Checkpoints, "on_train_start", begin)

    def overflowing(optimizer, closure=None):
        loss = step(optimizer, closure)
        steps.append(loss)
        if len(steps) == 3:
            spoilt[0].data.fill_(float("inf"))
        return loss

    monkeypatch.setattr(torch.optim.Adam, "step", overflowing)
    words = [*ARGUMENTS, "network.norm=batch", "trainer.max_steps=9"]
    sentence = fails(capsys, monkeypatch, *words)
    assert "After step 3 the weights are no finite numbers" in sentence
    assert "last.ckpt of step 2" in sentence
    assert read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["global_step"] == 2


def test_a_checkpoint_of_another_folder_is_not_named_as_if_it_were_here(
    tmp_path: Path, monkeypatch, command_line, capsys
) -> None:
    command_line("data=dead_leaves", "trainer.max_steps=2", "hydra.run.dir=first")
    main()
    spoil(monkeypatch, {0, 1, 2})
    from_first = ["resume=first/checkpoints/last.ckpt", "trainer.max_steps=9"]
    command_line(*ARGUMENTS, *from_first)
    with pytest.raises(SystemExit):
        main()
    assert "no checkpoint was saved in this run yet" in capsys.readouterr().err
