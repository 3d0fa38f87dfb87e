from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.config.hydra import CONFIGS
from fastnst.config.settings import read_settings
from fastnst.evaluation.measures import Optimization
from fastnst.evaluation.results import Result, report, write_report


@pytest.fixture
def result():
    """Makes what was found of a network whose loss was as low after so many iterations of 4."""

    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        settings = read_settings(compose("train"))

    def make(*counts: int | None, name: str = "one") -> Result:
        curve = [5.0, 4.0, 3.0, 2.0, 1.0]
        picture = torch.rand(1, 3, 32, 32)
        return Result(
            name=name,
            steps=7,
            settings=settings,
            painted=torch.rand(len(counts), 3, 32, 32),
            errors={
                "content": [0.5] * len(counts),
                "style": [0.1, 0.3, 0.2, 0.2][: len(counts)],
                "tv": [0.01] * len(counts),
            },
            totals=[0.5 if count is None else curve[count] for count in counts],
            seconds=0.01,
            optimizations=[Optimization(curve, 0.2, picture) for _ in counts],
        )

    return make


def row(result: Result) -> str:
    return report([result], result.painted).splitlines()[1]


def test_the_table_has_means_and_spreads(result):
    cells = row(result(1, 3, 2, 2)).split("  ")
    cells = [cell.strip() for cell in cells if cell.strip()]
    assert cells == [
        *("one", "vgg16", "7", "0.500 +- 0.000", "0.200 +- 0.082", "0.01000", "3"),
        *("2 (1 to 3)", "10.0", "2000", "6000", "10000"),
    ]


def test_what_optimisation_did_not_reach_counts_as_more_than_its_last_iteration(result):
    assert "at least 3 (1 to 4)" in row(result(1, None, 4, 2))
    assert "0 (0 to 0)" in row(result(0))
    assert result(1, None).equivalent == [1, None]


def curves(folder: Path, name: str) -> dict[str, float]:
    events = EventAccumulator(str(folder / name)).Reload()
    return {tag: events.Scalars(tag)[0].value for tag in events.Tags()["scalars"]}


def test_a_mean_that_leaves_out_the_best_is_not_shown(result, tmp_path):
    results = [result(1, 3, name="style/one"), result(1, None, name="style/two")]
    write_report(tmp_path, results, results[0].painted)
    reached, not_reached = (curves(tmp_path, name) for name in ("0_style_one", "1_style_two"))
    assert reached["evaluation/equivalent_iterations"] == 2
    assert "evaluation/equivalent_iterations" not in not_reached
    assert not_reached["evaluation/style"] == pytest.approx(0.2)
