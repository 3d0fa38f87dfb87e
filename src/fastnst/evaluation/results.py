"""What an evaluation found, for people, for programs, for TensorBoard, and to look at."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

from PIL import Image
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from fastnst.config import Settings
from fastnst.evaluation.measures import Optimization, equivalent_iterations
from fastnst.images import labelled_grid, to_image, write_image
from fastnst.machine import whole_file

COMPARED = (100, 300, 500)  # iterations of optimisation, as in table 1 of Johnson et al. 2016
SHEET_ROWS = 8
NUMBERS = "evaluation.json"
HEADINGS = (
    *("run", "loss network", "iterations", "content", "style", "tv", "total"),
    *("equivalent iterations", "ms", *(f"x {count}" for count in COMPARED)),
)


class Result(NamedTuple):
    """Of one network.

    Attributes:
        name: of its run.
        steps: that it was trained for.
        settings: of its run.
        painted: `(N, 3, S, S)`, what it made of the photographs.
        errors: of each photograph, in the measure `relative`, see `PerceptualLoss.forward`.
        totals: of each photograph, the loss that the run minimised.
        seconds: that it takes for a photograph.
        optimizations: of the first photographs, with that same loss.
    """

    name: str
    steps: int
    settings: Settings
    painted: Tensor
    errors: dict[str, list[float]]
    totals: list[float]
    seconds: float
    optimizations: list[Optimization]

    @property
    def equivalent(self) -> list[int | None]:
        """After how many iterations each optimisation was as good; None: not at its end."""
        return [
            equivalent_iterations(found.totals, total)
            for found, total in zip(self.optimizations, self.totals, strict=False)
        ]

    def speed_up(self, iterations: int) -> float | None:
        """How many times faster the network is than so many iterations; None if there were none."""
        if not self.optimizations:
            return None
        slow = mean(found.seconds for found in self.optimizations)
        return iterations * slow / self.seconds


def report(results: Sequence[Result], photographs: Tensor) -> str:
    """A table, with how to read it.

    Args:
        results: of each network.
        photographs: that it was measured on, `(N, 3, S, S)`.
    """
    size = photographs.shape[-1]
    return f"""{table([HEADINGS, *map(_row, results)])}

{len(photographs)} photographs of {size}x{size}; content and style error as shares of their targets
with the standard deviation over photographs, in the loss network and the layers of the first run;
total: the loss that the run minimised; equivalent iterations: mean and range over
{len(results[0].optimizations)} photographs; x 100: times as fast as 100 iterations.
"""


def write_report(folder: Path, results: Sequence[Result], photographs: Tensor) -> str:
    """Write `evaluation.json`, `evaluation.png` and TensorBoard's table of runs.

    Args:
        folder: where to.
        results, photographs: as for `report`.

    Returns:
        Where the files are.
    """
    facts = [*map(_facts, results)]
    size = photographs.shape[-1]
    found = {"photographs": len(photographs), "size": size, "networks": facts}
    numbers, sheet = folder / NUMBERS, folder / "evaluation.png"
    with whole_file(numbers) as temporary:
        temporary.write_text(json.dumps(found, indent=2) + "\n")
    write_image(_sheet(results, photographs), sheet)
    _write_hparams(folder, results, facts)
    return (
        f"pictures:    {sheet}\nnumbers:     {numbers}\nTensorBoard: tensorboard --logdir {folder}"
    )


def _facts(result: Result) -> dict[str, Any]:
    slow = [found.seconds for found in result.optimizations]
    return {
        "run": result.name,
        "style": result.settings.style.name,
        "loss_network": result.settings.loss_network.name,
        "iterations": result.steps,
        "errors": {name: result.errors[name] for name in ("content", "style", "tv")},
        "totals": result.totals,
        "equivalent_iterations": result.equivalent,
        "seconds": result.seconds,
        "optimization": {
            "seconds_per_iteration": slow,
            "totals": [found.totals for found in result.optimizations],
        },
        "speed_up": {str(count): result.speed_up(count) for count in COMPARED},
    }


def _write_hparams(
    folder: Path, results: Sequence[Result], facts: Sequence[dict[str, Any]]
) -> None:
    """So that TensorBoard's tab HPARAMS compares the networks."""
    rows: list[tuple[dict[str, Any], dict[str, float], str]] = []
    for number, (result, fact) in enumerate(zip(results, facts, strict=True)):
        settings = result.settings
        chosen = {
            "style": settings.style.name,
            "network": settings.network.name,
            "loss_network": settings.loss_network.name,
            "data": settings.data.name,
            "optimizer": settings.optimizer.name,
            "lr": settings.optimizer.lr,
            "measure": settings.loss.measure,
            "style_loss": settings.loss.style_loss,
            "content_weight": settings.loss.content_weight,
            "style_weight": settings.loss.style_weight,
            "tv_weight": settings.loss.tv_weight,
            "iterations": result.steps,
        }
        found = {f"evaluation/{name}": mean(values) for name, values in fact["errors"].items()}
        found |= {"evaluation/total": mean(result.totals), "evaluation/seconds": result.seconds}
        reached = [count for count in result.equivalent if count is not None]
        if reached and len(reached) == len(result.equivalent):  # or the best would look worst
            found["evaluation/equivalent_iterations"] = mean(reached)
        rows.append((chosen, found, f"{number}_{result.name.replace('/', '_')}"))
    with SummaryWriter(folder) as writer:
        for chosen, found, name in rows:
            # one folder each, the same one again when the evaluation is repeated
            writer.add_hparams(chosen, found, run_name=name)


def _row(result: Result) -> tuple[str, ...]:
    errors = result.errors
    speed = (result.speed_up(count) for count in COMPARED)
    return (
        result.name,
        result.settings.loss_network.name,
        str(result.steps),
        _spread(errors["content"]),
        _spread(errors["style"]),
        f"{mean(errors['tv']):.5f}",
        f"{mean(result.totals):.4g}",
        _equivalent(result),
        f"{1000 * result.seconds:.1f}",
        *("-" if times is None else f"{times:.0f}" for times in speed),
    )


def _spread(values: Sequence[float]) -> str:
    return f"{mean(values):.3f} +- {stdev(values) if len(values) > 1 else 0:.3f}"


def _equivalent(result: Result) -> str:
    """Mean and range; those that were not reached count as the last iteration, and are marked."""
    counts = result.equivalent
    if not counts:
        return "-"
    last = result.optimizations[0].iterations
    reached = [last if count is None else count for count in counts]
    least = "at least " if None in counts else ""
    return f"{least}{mean(reached):.0f} ({min(reached)} to {max(reached)})"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns under each other, as wide as their longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _sheet(results: Sequence[Result], photographs: Tensor) -> Image.Image:
    """A row for each photograph that was optimised too, or else for the first ones."""
    rows = len(results[0].optimizations) or min(len(photographs), SHEET_ROWS)
    columns, pictures = ["photograph"], [[to_image(pixels) for pixels in photographs[:rows]]]
    shown: set[int] = set()
    for result in results:
        columns.append(result.name.replace("/", " / "))
        pictures.append([to_image(pixels) for pixels in result.painted[:rows]])
    for result in results:
        # several networks may have been measured by the same ones
        if result.optimizations and id(result.optimizations) not in shown:
            shown.add(id(result.optimizations))
            columns.append(
                f"{result.settings.style.name}: optimisation ({result.settings.loss.measure}), "
                f"{result.optimizations[0].iterations} iterations"
            )
            pictures.append([to_image(found.picture[0]) for found in result.optimizations])
    cells = [list(row) for row in zip(*pictures, strict=True)]
    return labelled_grid(cells, columns, [""] * rows)
