"""Writing the weight of total variation into a style's file."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from fastnst.config.hydra import CONFIGS
from fastnst.config.settings import read_settings
from fastnst.evaluation.style_file import COMMENT, with_tv_weight, write_tv_weight
from fastnst.machine.errors import UserError

FILES = sorted((CONFIGS / "style").glob("*.yaml"))
PLAIN = (CONFIGS / "style" / "great_wave.yaml").read_text()
GLOBAL = "# @package _global_\nstyle:\n" + "".join(
    f"  {line}\n" for line in PLAIN.splitlines() if line
)
OWN_LOSS = f"{GLOBAL}loss:\n  style_weight: 20\n  tv_weight: 2 # by eye\n"


@pytest.fixture
def settings(tmp_path):
    """Reads a training's settings with this style's file."""

    def read(text: str, *overrides: str):
        (tmp_path / "style").mkdir(exist_ok=True)
        (tmp_path / "style" / "mine.yaml").write_text(text)
        where = f"hydra.searchpath=[file://{tmp_path}]"
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            return read_settings(compose("train", [where, "style=mine", *overrides]))

    return read


@pytest.mark.parametrize("text", [PLAIN, GLOBAL, OWN_LOSS], ids=["plain", "global", "own loss"])
def test_a_training_takes_the_weight_from_the_file(text, settings):
    once = with_tv_weight(text, 3.0)
    assert settings(once).loss.tv_weight == 3
    assert settings(with_tv_weight(once, 0.3)).loss.tv_weight == 0.3


def test_without_a_weight_in_the_file_it_is_one(settings):
    assert settings(PLAIN).loss.tv_weight == 1


def test_the_command_line_has_the_last_word(settings):
    assert settings(with_tv_weight(PLAIN, 3.0), "loss.tv_weight=7").loss.tv_weight == 7


def test_other_losses_do_not_get_a_weight_that_is_not_theirs(settings):
    assert settings(with_tv_weight(PLAIN, 3.0), "loss=johnson2016").loss.tv_weight == 0


@pytest.mark.parametrize("text", [PLAIN, GLOBAL, OWN_LOSS], ids=["plain", "global", "own loss"])
def test_all_else_in_the_file_stays(text):
    before = text.splitlines()
    after = with_tv_weight(text, 3.0).splitlines()
    new = [line for line in after if line not in before]
    assert [line for line in after if line not in new] == [
        line for line in before if "tv_weight" not in line
    ]
    assert [line.strip() for line in new] == (
        ["tv_weight: 3.0 # by eye"] if text == OWN_LOSS else [COMMENT, "tv_weight: 3.0"]
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_of_ours_can_be_written(path):
    assert "\ntv_weight: 0.1" in with_tv_weight(path.read_text(), 0.1)


@pytest.mark.parametrize("text", ["defaults: [great_wave]\n", "{name: mine, size: 256}\n", "- [\n"])
def test_a_file_of_another_form_is_left_alone(text, tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"mine\.yaml has no line.*tv_weight: 3\.0"):
        write_tv_weight(path, 3.0)
    assert path.read_text() == text
