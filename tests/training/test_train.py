"""The training command, run as a user runs it, on a few small generated pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from PIL import Image
from small.forks import ended, fork
from small.runs import run_forked, scalars
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.config.hydra import CONFIGS
from fastnst.config.settings import read_settings
from fastnst.drawing.dead_leaves import draw_dead_leaves
from fastnst.models import read_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    for index in range(8):
        Image.fromarray(draw_dead_leaves(48, 1, index)).save(folder / f"{index}.jpg")
    return folder


@pytest.fixture(scope="module")
def trained(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of five steps."""
    cwd = tmp_path_factory.mktemp("cwd")
    done = run_forked(
        "data=folder",
        f"data.root={photographs}",
        "trainer.max_steps=5",
        "sample_every=2",
        "checkpoint_every=2",
        cwd=cwd,
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (cwd / "runs" / "brush_strokes").iterdir()
    for line in (
        f"sample sheet: {folder / 'samples' / 'step_000005.png'}",
        f"model:        {folder / 'model.safetensors'}",
        f"TensorBoard:  tensorboard --logdir {folder}",
    ):
        assert line in done.stdout.splitlines()
    return folder


def test_run_folder_holds_everything(trained: Path) -> None:
    assert sorted(path.name for path in (trained / "samples").iterdir()) == [
        "step_000002.png",
        "step_000004.png",
        "step_000005.png",
    ]
    checkpoints = sorted(path.name for path in (trained / "checkpoints").iterdir())
    assert checkpoints == ["last.ckpt", "previous.ckpt"]
    assert "name: brush_strokes" in (trained / "config.yaml").read_text()
    model = read_model(trained / "model.safetensors")
    assert model.style["artist"] == "fastnst"


def test_losses_are_logged_raw_weighted_and_by_layer(trained: Path) -> None:
    logged = scalars(trained)
    for stage in ("train", "val"):
        for term in ("content", "style", "tv"):
            assert {f"{stage}/{term}", f"{stage}/weighted_{term}"} <= logged.keys()
        assert {f"{stage}/total", f"{stage}/style_relu1_2", f"{stage}/style_relu4_3"} <= set(logged)
    assert len(logged["train/total"]) == 5
    assert len(logged["train/images_per_second"]) == 5
    assert logged["val/total"][-1] >= 4
    images = EventAccumulator(str(trained), size_guidance={"images": 0}).Reload()
    shown = [event.step for event in images.Images("samples")]
    assert shown == logged["val/total"] == [2, 4, 5]  # the steps that the sheets' names say


def test_sheet_shows_style_photographs_and_grey(trained: Path) -> None:
    sheet = np.asarray(Image.open(trained / "samples" / "step_000005.png"))
    columns = 1 + 3 + 1
    assert sheet.shape == (2 * 40 + 8, columns * 40 + 8, 3)
    grey = sheet[8:40, -40:-8]
    assert (grey == 128).all()
    assert sheet[8:40, 48:80].std() > 10  # a photograph


def test_checkpoint_holds_plain_types_and_only_the_trained_network(trained: Path) -> None:
    checkpoint = torch.load(trained / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 5
    assert all(key.startswith("network.") for key in checkpoint["state_dict"])
    optimized = checkpoint["optimizer_states"][0]["param_groups"][0]["params"]
    assert len(optimized) == len(checkpoint["state_dict"])
    weights = read_model(trained / "model.safetensors").network.state_dict()
    for name, value in weights.items():
        assert torch.equal(value, checkpoint["state_dict"][f"network.{name}"])


@pytest.mark.parametrize("cache", ["disk", "device"])
def test_resumed_run_ends_like_an_uninterrupted_one(
    cache: str, trained: Path, photographs: Path, tmp_path: Path
) -> None:
    data = ["data=folder", f"data.root={photographs}", "sample_every=2", "checkpoint_every=2"]
    data += [f"data.cache={cache}"]
    first = run_forked(*data, "trainer.max_steps=3", "hydra.run.dir=first", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    second = run_forked(
        *data,
        "trainer.max_steps=5",
        "hydra.run.dir=second",
        "resume=first/checkpoints/last.ckpt",
        cwd=tmp_path,
    )
    assert second.returncode == 0, second.stderr
    assert "brush_strokes: " in second.stdout, second.stdout
    assert "/5 [" in second.stdout
    whole = read_model(trained / "model.safetensors").network.state_dict()
    resumed = read_model(tmp_path / "second" / "model.safetensors").network.state_dict()
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0)
    assert scalars(tmp_path / "second")["train/total"] == [4, 5]


def test_time_limit_stops_early_with_everything_written(tmp_path: Path) -> None:
    done = run_forked(
        "data=dead_leaves",
        "compile=false",  # which would take longer than the time there is
        "trainer.max_steps=100000",
        "trainer.max_time=00:00:00:01",
        "hydra.run.dir=run",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    checkpoint = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    steps = checkpoint["global_step"]
    assert 0 < steps < 100000
    assert (tmp_path / "run" / "samples" / f"step_{steps:06d}.png").is_file()


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_learns_a_real_painting_on_real_photographs(
    optimizer: str, shared: Path, tmp_path: Path
) -> None:
    arguments = [
        "style=starry_night",
        f"style.image={shared / 'styles' / 'starry_night.jpg'}",
        "style.size=64",
        "data=coco",
        f"data.root={shared / 'coco'}",
        f"data.annotations={shared / 'coco' / 'annotations.json'}",
        "data.image_size=64",
        "data.workers=0",
        "loss_network=vgg19",
        f"loss_network.weights={shared / 'weights' / 'vgg19_features_fp16.safetensors'}",
        "network.width=8",
        "network.blocks=1",
        f"optimizer={optimizer}",
        "trainer.accelerator=cpu",
        "trainer.max_steps=40",
        "sample_every=10",
        "hydra.run.dir=run",
    ]
    done = ended(lambda output, errors: fork(tmp_path, output, errors, *arguments))
    assert done.returncode == 0, done.stderr
    events = EventAccumulator(str(tmp_path / "run")).Reload()
    totals = [event.value for event in events.Scalars("val/total")]
    assert len(totals) == 4
    assert totals[-1] < 0.7 * totals[0]


def test_accumulated_batches_in_bfloat16_under_a_time_limit(tmp_path: Path) -> None:
    options = ["data=dead_leaves", "trainer.accumulate_grad_batches=3", "sample_every=2"]
    options += ["trainer.precision=bf16-true", "trainer.max_time=00:00:01:00"]
    done = run_forked(*options, "trainer.max_steps=4", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    sheets = sorted(path.name for path in (tmp_path / "run" / "samples").iterdir())
    assert sheets == ["step_000002.png", "step_000004.png"]
    last = "resume=run/checkpoints/last.ckpt"
    over = ["trainer.max_steps=6", "trainer.max_time=00:00:00:00", "hydra.run.dir=over"]
    resumed = run_forked(*options[:-1], last, *over, cwd=tmp_path)
    assert resumed.returncode == 2
    assert "trainer.max_time" in resumed.stderr.splitlines()[-1]


def test_the_demo_has_the_last_word() -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        settings = read_settings(compose("train", ["experiment=demo"]))
    assert settings.data.name == "dead_leaves"
    assert settings.sample_every < settings.trainer["max_steps"] < 1000


def test_default_run_is_what_the_paper_says() -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        settings = read_settings(compose("train"))
    assert settings.trainer["max_steps"] == 40000
    assert (settings.data.image_size, settings.data.batch_size) == (256, 4)
    assert (settings.optimizer.name, settings.optimizer.lr) == ("adam", 1e-3)
    assert list(settings.loss.content_layers) == ["relu2_2"]
    assert list(settings.loss.style_layers) == ["relu1_2", "relu2_2", "relu3_3", "relu4_3"]
