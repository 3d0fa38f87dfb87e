"""Runs that go on after their time was over, or with steps of another number of batches."""

import pytest
import torch
from pytorch_lightning.callbacks import Timer

from fastnst.commands.train import main
from fastnst.data.module import PhotographData
from fastnst.learning.checkpoint_files import read_checkpoint
from fastnst.models import read_model

pytestmark = pytest.mark.slow

# this loss draws from chance, in validations too
ARGUMENTS = ["data=dead_leaves", "data.images=40", "loss.style_loss=sliced_wasserstein"]
ARGUMENTS += ["sample_every=4", "checkpoint_every=100", "resume=auto"]


def weights(folder):
    return read_model(folder / "model.safetensors").network.state_dict()


@pytest.fixture
def time_is_over(monkeypatch):
    """Ends the next run after so many batches, as `trainer.max_time` does."""

    def after(batches):
        def check(self, trainer):
            trainer.should_stop |= trainer.fit_loop.total_batch_idx + 1 >= batches

        monkeypatch.setattr(Timer, "_check_time_remaining", check)

    return after


@pytest.mark.parametrize(("accumulate", "batches", "steps"), [(1, 3, 3), (1, 4, 4), (3, 7, 3)])
def test_after_its_time_was_over_it_ends_like_an_uninterrupted_one(
    accumulate, batches, steps, tmp_path, command_line, time_is_over
):
    how = [*ARGUMENTS, f"trainer.accumulate_grad_batches={accumulate}", "trainer.max_steps=6"]
    command_line(*how, "hydra.run.dir=whole")
    main()
    time_is_over(batches)
    command_line(*how, "trainer.max_time=00:01:00:00", "hydra.run.dir=run")
    main()
    assert read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")["global_step"] == steps
    command_line(*how, "hydra.run.dir=run")
    main()
    expected = weights(tmp_path / "whole")
    for name, value in weights(tmp_path / "run").items():
        assert torch.equal(value, expected[name]), name


@pytest.mark.parametrize(("before", "after"), [(3, 1), (1, 2)])
def test_with_another_number_of_batches_it_goes_on_with_the_next_picture(
    before, after, tmp_path, command_line, monkeypatch, time_is_over
):
    seen = []
    give = PhotographData.on_before_batch_transfer

    def note(self, batch, dataloader_idx):
        if self.trainer.training:
            seen.extend(batch.draws.tolist())
        return give(self, batch, dataloader_idx)

    monkeypatch.setattr(PhotographData, "on_before_batch_transfer", note)
    time_is_over(2 * before)
    for accumulate, *more in ((before, "trainer.max_time=00:01:00:00"), (after,)):
        batches = f"trainer.accumulate_grad_batches={accumulate}"
        command_line(*ARGUMENTS, batches, "trainer.max_steps=9", "hydra.run.dir=run", *more)
        main()
    assert seen == list(range(2 * (2 * before + 7 * after)))  # batches of two
    last = read_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert last["global_step"] == 9
    assert last["PhotographData"]["seen"] == len(seen)
