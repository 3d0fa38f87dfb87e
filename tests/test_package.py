"""The wheel, built and run by somebody who has only that; and what the README says to type."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from PIL import Image

from fastnst.__main__ import COMMANDS
from fastnst.commands.evaluate import parse as parse_evaluate
from fastnst.commands.export import parse as parse_export
from fastnst.commands.gallery import parse as parse_gallery
from fastnst.commands.page import parse as parse_page
from fastnst.commands.publish import parse as parse_publish
from fastnst.commands.upscale import parse as parse_upscale
from fastnst.config import CONFIGS, Settings, read_settings, with_styles
from fastnst.distillation import DistillSettings
from fastnst.evaluation import SearchSettings
from fastnst.models import read_model, write_model
from fastnst.networks import build_network
from fastnst.optimization import LayerStudySettings, OptimizeSettings
from fastnst.options import parse_stylize
from fastnst.page.site import BUILT
from fastnst.predictor_training import PredictorSettings
from fastnst.super_resolution import SuperResolutionSettings

ROOT = Path(__file__).parents[1]


def call(*command: object, cwd: Path, **env: str) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=os.environ | env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_wheel_trains_and_stylizes_in_an_empty_folder(tmp_path: Path) -> None:
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", tmp_path, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 20e6
    call(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
        *("--target", site, wheel),
        cwd=tmp_path,
    )
    where = {"PYTHONPATH": str(site)}
    location = call(
        sys.executable, "-c", "import fastnst; print(fastnst.__file__)", cwd=empty, **where
    )
    assert Path(location.strip()).is_relative_to(site)
    call(
        *(sys.executable, site / "bin" / "fastnst", "train", "experiment=demo"),
        *("style.size=32", "network.width=4", "network.blocks=1"),
        *("data.image_size=32", "data.workers=0", "trainer.max_steps=2", "hydra.run.dir=run"),
        cwd=empty,
        **where,
    )
    read_model(empty / "run" / "model.safetensors")
    photograph = site / "fastnst" / "data" / "photographs" / "chelsea.jpg"
    call(
        *(sys.executable, site / "bin" / "fastnst", "stylize"),
        *("--ckpt", "run/checkpoints/last.ckpt"),
        *(photograph, "-o", "cat.jpg", "--size", 64),
        cwd=empty,
        **where,
    )
    assert (empty / "cat.jpg").is_file()
    call(
        *(sys.executable, site / "bin" / "fastnst", "stylize", "--style", "great_wave"),
        *(photograph, "-o", "wave.jpg", "--size", 64),
        cwd=empty,
        **where,
    )
    assert (empty / "wave.jpg").is_file()
    if BUILT.is_dir():
        page = (sys.executable, site / "bin" / "fastnst", "page", "--build", "page")
        call(*page, "--style", "irises", cwd=empty, **where)
        (runtime,) = empty.rglob("*.wasm")  # but for graphics cards
        (built,) = BUILT.rglob(runtime.name)
        assert runtime.read_bytes() == built.read_bytes()


def commands(file: str) -> list[list[str]]:
    """The words of every line of a `sh` block in a Markdown file, comments left out."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / file).read_text(), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


HYDRA = {
    "train": Settings,
    "prepare": Settings,
    "optimize": OptimizeSettings,
    "study-layers": LayerStudySettings,
    "search-tv": SearchSettings,
    "distill": DistillSettings,
    "train-predictor": PredictorSettings,
}
ARGPARSE = {
    "stylize": parse_stylize,
    "upscale": parse_upscale,
    "export": parse_export,
    "evaluate": parse_evaluate,
    "gallery": parse_gallery,
    "publish": parse_publish,
    "page": parse_page,
}
AT_THE_TOP = {"train.py": "train", "stylize.py": "stylize"}
FILES = [
    *("README.md", "CONTRIBUTING.md", "data/README.md", "models/README.md"),
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
]


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_documented_commands_are_valid(file: str) -> None:
    for program, *words in commands(file):
        if program == "make":
            assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        elif program == "fastnst":
            check(*words)
        elif program == "python" and words[0] in AT_THE_TOP:
            check(AT_THE_TOP[words[0]], *words[1:])
        elif program == "python" and words[0] != "-m":
            assert (ROOT / words[0]).is_file()


@cache  # styles of one network have the same
def check(command: str, *words: str) -> None:
    if command in HYDRA:
        overrides = [word for word in words if word != "-m"]
        if "-m" in words:  # of a sweep the first run
            overrides = [word.partition(",")[0] for word in overrides]
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            file, model = command.replace("-", "_"), HYDRA[command]
            if "task=super_resolution" in overrides:  # which has a configuration of its own
                file, model = "super_resolution", SuperResolutionSettings
            composed = compose(file, overrides)
            if issubclass(model, Settings | PredictorSettings):
                composed = with_styles(composed, overrides)
            read_settings(composed, model)
    elif {*words}.isdisjoint(["--help", "--list-styles"]):  # these end the program
        ARGPARSE[command]([*words])


def test_every_command_is_documented_or_explained() -> None:
    assert {*HYDRA, *ARGPARSE} == {*COMMANDS}
    documented = {words[1] for file in FILES for words in commands(file) if words[0] == "fastnst"}
    assert documented >= {*COMMANDS}


def test_every_promise_names_the_test_that_holds_it() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text()
    rows = re.findall(r"^\| [A-Z`].*\|$", text, re.MULTILINE)
    assert len(rows) > 25
    for row in rows:
        named = re.findall(r"`(test_\w+\.py)(?:::(\w+))?`", row.split("|")[-2])
        assert named, row
        for file, test in named:
            texts = [path.read_text() for path in (ROOT / "tests").rglob(file)]
            assert any(f"def {test or 'test_'}" in text for text in texts), (file, test)


def test_the_documented_style_file_works(tmp_path: Path) -> None:
    (text,) = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs" / "extend" / "style.md").read_text(), re.DOTALL
    )
    (tmp_path / "style").mkdir()
    (tmp_path / "style" / "fields.yaml").write_text(text)
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        overrides = [f"hydra.searchpath=[file://{tmp_path}]", "style=fields"]
        settings = read_settings(compose("train", overrides))
    assert settings.style.image == "fields.jpg"
    assert settings.style.size == 384
    assert settings.loss.style_weight == 20
    assert settings.loss.content_weight == 1


def test_the_documented_python_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: Callable[..., Path]
) -> None:
    architecture = {"name": "resnet", "width": 4, "blocks": 1}
    network = build_network(architecture)
    write_model(tmp_path / "model.safetensors", network, architecture, {"name": "dots"})
    picture("photo.jpg", size=(60, 40))
    monkeypatch.chdir(tmp_path)
    (text,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "paint" / "pictures.md").read_text(), re.DOTALL
    )
    exec(text, {})
    with Image.open("painted.png") as painted:
        assert painted.size == (60, 40)


def test_continuous_integration_calls_the_test_command() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    assert ["make", "test"] in commands("README.md")
