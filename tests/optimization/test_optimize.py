"""`fastnst optimize`, run as a user runs it, on a few pixels and a random loss network."""

import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from PIL import Image
from small.runs import ends_in_a_sentence
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.commands.optimize import main
from fastnst.config.hydra import CONFIGS
from fastnst.config.settings import read_settings
from fastnst.optimization import problem as optimize_module
from fastnst.optimization.settings import OptimizeSettings

pytestmark = pytest.mark.slow

SMALL = ["style=brush_strokes", "style.size=32", "loss_network=vgg16", "scales=[32]"]
SMALL += ["loss_network.weights=random", "device=cpu", "hydra.run.dir=run", "content=photo.png"]


@pytest.fixture
def optimize(tmp_path, picture, monkeypatch):
    """Runs the command in a folder with `photo.png`, 48x32; gives the folder of its results."""
    picture("photo.png")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Path:
        monkeypatch.setattr(sys, "argv", ["fastnst optimize", *SMALL, *arguments])
        main()
        return tmp_path / "run"

    return run


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path), np.float32)


def curve(run: Path, name: str) -> list[float]:
    events = EventAccumulator(str(run)).Reload().Scalars(name)
    assert [event.step for event in events] == list(range(len(events)))
    return [event.value for event in events]


def test_the_loss_falls_and_everything_is_written(optimize, tmp_path, capsys):
    run = optimize("iterations=6", "save_every=2")
    totals = curve(run, "total")
    assert len(totals) == 7
    assert totals[-1] < 0.8 * totals[0]
    assert sorted(path.name for path in run.glob("*.png")) == [
        "result.png",
        *(f"step_00000{number}.png" for number in (2, 4, 6)),
    ]
    assert (pixels(run / "result.png") == pixels(run / "step_000006.png")).all()
    assert pixels(run / "result.png").shape == (32, 48, 3)
    assert "content: photo.png" in (run / "config.yaml").read_text()
    assert f"result:      {run / 'result.png'}" in capsys.readouterr().out


def test_scales_grow_from_one_to_the_next(optimize):
    run = optimize("iterations=3", "scales=[16,32]", "save_every=3")
    assert pixels(run / "step_000003.png").shape == (16, 24, 3)
    assert pixels(run / "result.png").shape == (32, 48, 3)


@pytest.mark.parametrize("init", ["noise", "style", "other.png"])
def test_other_beginnings(init, optimize, picture):
    picture("other.png", size=(20, 20), seed=5)
    first = pixels(optimize("iterations=1", f"init={init}") / "result.png")
    again = pixels(optimize("iterations=1", "init=content", "hydra.run.dir=run") / "result.png")
    assert abs(first - again).mean() > 5


@pytest.mark.parametrize("preserve", ["lum", "hist"])
def test_colors_of_the_photograph(preserve, optimize):
    photograph = pixels(Path("photo.png"))
    run = optimize("iterations=8", "init=noise", f"preserve_color={preserve}")
    off = pixels(run / "result.png").mean((0, 1)) - photograph.mean((0, 1))
    chroma = off - off.mean() if preserve == "lum" else off
    assert abs(chroma).max() < 12


def test_a_style_for_each_mask(optimize, tmp_path, picture):
    picture("one.png", seed=7)
    picture("two.png", seed=8)
    mask = np.zeros((32, 48), np.uint8)
    mask[:, :24] = 255
    Image.fromarray(mask).save(tmp_path / "left.png")
    Image.fromarray(255 - mask).save(tmp_path / "right.png")
    both = ["iterations=4", "masks=[left.png,right.png]"]
    one = pixels(optimize(*both, "styles=[one.png,two.png]") / "result.png")
    other = pixels(optimize(*both, "styles=[two.png,one.png]") / "result.png")
    assert abs(one - other).mean() > 1


@pytest.mark.parametrize(
    "arguments",
    [["method=adam"], ["normalize_network=true"], ["loss.style_loss=mmd_gaussian"],
     ["loss_network.pooling=avg"], ["experiment=kapur2019", "loss_network.weights=random"],
     ["loss_network=compact", "loss_network.weights=pretrained"]],
)  # fmt: skip
def test_other_ways(arguments, optimize, tmp_path, monkeypatch):
    # a network is normalised by what is there, in place of large photographs
    monkeypatch.setattr("fastnst.optimization.problem.BUNDLED", tmp_path)
    totals = curve(optimize("iterations=4", *arguments), "total")
    assert min(totals) < totals[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["content=nowhere.jpg"], ["nowhere.jpg"]),
        (["init=nowhere.jpg"], ["nowhere.jpg"]),
        (["style=custom", "style.image=nowhere.jpg"], ["style.image=nowhere.jpg"]),
        (["loss_network.weights=https://a.org/b.pth"], ["loss_network.weights=https", "no such"]),
        (["masks=[photo.png]"], ["masks", "styles"]),
        (["masks=[nowhere.png]", "styles=[photo.png]"], ["masks.0=nowhere.png"]),
        (["masks=[photo.png]", "styles=[nowhere.png]"], ["styles.0=nowhere.png"]),
        (
            ["loss_network=compact", "loss_network.weights=pretrained", "normalize_network=true"],
            ["normalize_network=true", "loss_network=compact", "use loss_network=vgg19"],
        ),
        (["scales=[64,32]"], ["scales", "smallest"]),
        (["scales=[]"], ["scales", "1 item"]),
        (["iterations=0"], ["iterations=0", "1"]),
        (["method=sgd"], ["method=sgd", "'lbfgs'", "'adam'"]),
        (["lr=0"], ["lr=0"]),
        (["loss.style_loss=gramm"], ["loss.style_loss=gramm", "gram"]),
        (["preserve_color=all"], ["preserve_color=all", "'lum'"]),
        (["+size=3"], ["size"]),
    ],
)
def test_mistakes_end_in_one_sentence(arguments, words, optimize, capsys):
    errors = ends_in_a_sentence(capsys, optimize, *arguments)
    assert all(word in errors for word in words), errors
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("name", "words"), [("tall.png", "proportions"), ("black.png", "is black everywhere")]
)
def test_masks_that_cannot_be_used_are_named(name, words, optimize, picture, capsys):
    picture("tall.png", size=(16, 64))
    Image.new("L", (48, 32)).save("black.png")
    with pytest.raises(SystemExit):
        optimize(f"masks=[{name}]", "styles=[photo.png]")
    errors = capsys.readouterr().err
    assert errors.startswith(f"error: {name}")
    assert words in errors


def test_paths_begin_in_the_home_folder(optimize, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert optimize("content='~/photo.png'", "iterations=1").is_dir()


def test_style_pictures_of_masks_have_names_of_their_own(monkeypatch):
    asked = []

    def load(name, image, size):
        asked.append((name, image))
        return torch.zeros(1, 3, size, size)

    monkeypatch.setattr(optimize_module, "load_style_image", load)
    problem = object.__new__(optimize_module.Problem)
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        addresses = ["https://one.org/a.jpg", "https://two.org/b.jpg"]
        values = [f"styles=[{','.join(addresses)}]", "masks=[c.png,d.png]", "content=photo.png"]
        problem.settings = read_settings(compose("optimize", values), OptimizeSettings)
    problem.device, problem._styles = torch.device("cpu"), {}
    problem.styles_at(256)
    # a file in data/styles is taken for a style by its name
    assert asked == [("a", addresses[0]), ("b", addresses[1])]


def test_chance_is_that_of_the_seed(optimize):
    how = ["loss.style_loss=mmd_gaussian", "iterations=3"]
    torch.manual_seed(1)
    one = pixels(optimize(*how, "seed=3") / "result.png")
    torch.manual_seed(2)
    assert (one == pixels(optimize(*how, "seed=3") / "result.png")).all()
    assert (one != pixels(optimize(*how, "seed=4") / "result.png")).any()


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_keeps_the_picture(name, code, optimize, monkeypatch, capsys):
    def interrupted(*given):
        for step in run(*given):
            if step.number == 3:
                signal.raise_signal(getattr(signal, name))
            yield step

    run = optimize_module.optimize
    monkeypatch.setattr(optimize_module, "optimize", interrupted)
    with pytest.raises(SystemExit) as stopped:
        optimize("iterations=9")
    assert stopped.value.code == code
    assert "Stopped after iteration 2 of 9." in "".join(capsys.readouterr())
    assert pixels(Path("run") / "result.png").shape == (32, 48, 3)


def test_memory_that_is_full(optimize, monkeypatch, capsys):
    def fail(*_):
        raise torch.OutOfMemoryError("so and so many GiB")

    monkeypatch.setattr(optimize_module, "optimize", fail)
    with pytest.raises(SystemExit) as stopped:
        optimize()
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "error: The memory is full: give smaller scales.\n"


def test_content_has_to_be_named(optimize, capsys, monkeypatch):
    monkeypatch.setitem(globals(), "SMALL", SMALL[:-1])
    with pytest.raises(SystemExit):
        optimize()
    assert "content" in capsys.readouterr().err


def test_a_loss_that_is_no_number(optimize, capsys):
    with pytest.raises(SystemExit) as stopped:
        optimize("loss.style_weight=1e39", "iterations=1")
    assert stopped.value.code == 2
    assert (
        "After iteration 0 the loss is inf: set smaller weights in loss." in capsys.readouterr().err
    )
