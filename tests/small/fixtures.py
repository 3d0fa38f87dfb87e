"""What tests of several rooms share: networks, pictures, photographs; what marks mean."""

import multiprocessing.process
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from PIL import Image
from torch import nn

from fastnst.data import pictures as sources
from fastnst.drawing.dead_leaves import draw_dead_leaves
from fastnst.losses.network import LossNetwork
from fastnst.losses.weights import build_loss_network
from small.clips import make_clip, paint_clip
from small.data import folder_data
from small.logs import kept_logging
from small.quick import leave_out_what_tests_need_not, let_loggers_propagate
from small.runs import SMALL
from small.stylizing import write_small_model

ROOT = Path(__file__).parents[2]
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
NARROW_VGG16 = [4, 4, "M", 8, 8, "M", *[8, 8, 8, "M"] * 3]

torch.set_num_threads(1)
leave_out_what_tests_need_not()
let_loggers_propagate()


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Hydra sets up logging, for the tests that come after it too."""
    with kept_logging():
        yield


@pytest.fixture(autouse=True)
def quick_unless_marked(request, monkeypatch) -> None:
    """What is not marked `slow` is run by `make check`, which has a minute for all of it."""
    if request.node.get_closest_marker("slow") is not None:
        return

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("this starts a process, trains or compiles: mark it with @pytest.mark.slow")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", refuse)
    monkeypatch.setattr(pl.Trainer, "fit", refuse)
    monkeypatch.setattr(torch, "compile", refuse)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") is not None and not torch.cuda.is_available():
        pytest.skip("needs an NVIDIA GPU")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real photographs, paintings and weights, which are not part of the repository."""
    folder = ROOT / os.environ.get("FASTNST_SHARED", "../shared")
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: set FASTNST_SHARED")
    return folder


@pytest.fixture(scope="session")
def small_features() -> Callable[[], nn.Sequential]:
    """Makes the layers of VGG16 with few channels; the weights are random but always the same."""

    def make() -> nn.Sequential:
        generator = torch.Generator().manual_seed(0)
        layers, channels = [], 3
        for width in NARROW_VGG16:
            if width == "M":
                layers.append(nn.MaxPool2d(2, 2))
                continue
            conv = nn.Conv2d(channels, width, 3, padding=1)
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu", generator=generator)
            nn.init.normal_(conv.bias, std=0.1, generator=generator)
            layers += [conv, nn.ReLU(inplace=True)]
            channels = width
        return nn.Sequential(*layers)

    return make


@pytest.fixture
def scalar_kernels(monkeypatch) -> None:
    """The compiler makes the same graph of code without vector instructions, in half the time."""
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")


@pytest.fixture
def in_float32(monkeypatch) -> None:
    """Painting in fewer bits hides small mistakes."""
    monkeypatch.setattr("fastnst.stylizing.painter.computes_bf16", lambda _: False)
    monkeypatch.setattr("fastnst.stylizing.precision.computes_int8", lambda _: False)


@pytest.fixture
def small_vgg(small_features) -> LossNetwork:
    return LossNetwork(small_features(), *IMAGENET)


@pytest.fixture(scope="session")
def vgg19(shared) -> LossNetwork:
    return build_loss_network("vgg19", str(shared / "weights" / "vgg19_features_fp16.safetensors"))


def draw(width: int, height: int, seed: int = 0) -> Image.Image:
    """A gradient with a few rectangles on it."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    plane = rng.uniform(-60, 60, (2, 3))
    pixels = 128 + x[..., None] * plane[0] + y[..., None] * plane[1]
    for _ in range(4):
        (left, right), (top, bottom) = np.sort(rng.uniform(0, 1, (2, 2)))
        inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
        pixels[inside] = rng.uniform(0, 255, 3)
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="session")
def photograph() -> Callable[..., Image.Image]:
    return draw


@pytest.fixture(scope="session")
def batch() -> Callable[..., torch.Tensor]:
    """Makes `(N, 3, side, side)` of generated photographs."""

    def make(count: int, side: int, seed: int = 0) -> torch.Tensor:
        pixels = np.stack([np.array(draw(side, side, 100 * seed + i)) for i in range(count)])
        return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255

    return make


@pytest.fixture
def picture(tmp_path) -> Callable[..., Path]:
    """Writes a generated photograph below `tmp_path`; its format is that of the name."""

    def write(
        name: str = "picture.png",
        size: tuple[int, int] = (48, 32),
        mode: str = "RGB",
        seed: int = 0,
        **save: object,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(*size, seed).convert(mode).save(path, **save)
        return path

    return write


@pytest.fixture
def photos(tmp_path, picture):
    for i in range(9):
        picture(f"photos/{'sub/' if i % 2 else ''}{i}.jpg", size=(60, 40), seed=i)
    return tmp_path / "photos"


@pytest.fixture
def made(photos, tmp_path):
    """Makes the data of `photos`, six of them for training, read from disk if nothing is said."""

    def make(**changes):
        usual = {"cache": "disk", "prepared": str(tmp_path / "prepared"), "max_bad": 0.5}
        return folder_data(**{"root": photos} | usual | changes)

    return make


@pytest.fixture
def decoded(monkeypatch):
    """Names of the files that are decoded from now on."""
    names = []

    def read(path, **how):
        names.append(path.name)
        return read_image(path, **how)

    read_image = sources.read_image
    monkeypatch.setattr(sources, "read_image", read)
    return names


@pytest.fixture
def model(tmp_path) -> Path:
    """A small untrained network, whose style is called dots."""
    return write_small_model(tmp_path / "model.safetensors")


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.jpg"
    Image.fromarray(draw_dead_leaves(64, 0, 0)).resize((64, 48)).save(path)
    return path


@pytest.fixture
def clip(tmp_path):
    """Makes clips, see `make_clip`."""
    return partial(make_clip, tmp_path)


@pytest.fixture
def paint(tmp_path):
    """Paints clips, see `paint_clip`."""
    return partial(paint_clip, tmp_path)


@pytest.fixture
def painting_model(tmp_path) -> Callable[..., Path]:
    """Makes networks of different colours that paint with contrast."""

    def make(seed: int = 0) -> Path:
        return write_small_model(
            tmp_path / f"model{seed}.safetensors", f"style{seed}", seed, contrast=20
        )

    return make


@pytest.fixture
def command_line(tmp_path, monkeypatch) -> Callable[..., None]:
    """Sets a small training's arguments, in a folder of its own, for the command `train`."""

    def give(*arguments: str) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["train.py", *SMALL, *arguments])

    return give
