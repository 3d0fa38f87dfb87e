"""The layer study: what the choice of layers does to a picture that is optimised, on one sheet."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from tqdm import tqdm

from fastnst.config import Loss
from fastnst.images import labelled_grid, stack, to_image, write_image
from fastnst.machine import UserError, measure_in_float32
from fastnst.optimization.layer_study_settings import LayerStudySettings
from fastnst.optimization.problem import Problem, paint
from fastnst.optimization.settings import OptimizeSettings

TO_COME = "gainsboro"  # colour of a cell that is not painted yet


class Cell(NamedTuple):
    """One picture of the table.

    Attributes:
        row, column: where it is.
        name: what it is, for the progress bar.
        loss: what it is optimised for.
        init: what it begins with, as in `configs/optimize.yaml`.
    """

    row: int
    column: int
    name: str
    loss: Loss
    init: str


def table(settings: LayerStudySettings) -> list[Cell]:
    """A row for each content layer and a column for each number of style layers; in the last column
    content without style, in the last row style without content, both from noise."""
    cells: list[Cell] = []
    for row, content in enumerate([*settings.content_layers, None]):
        for column, count in enumerate([*settings.style_counts, None]):
            if content is None and count is None:
                continue
            styles = settings.style_layers[:count] if count else None
            changes: dict[str, object] = {
                # what has no weight is measured where the network is computed anyway
                "content_layers": {content or settings.style_layers[0]: 1.0},
                "style_layers": dict.fromkeys(styles or [str(content)], 1.0),
            }
            if content is None:
                changes["content_weight"] = 0.0
            if styles is None:
                changes["style_weight"] = 0.0
            name = f"content {content or '-'}, style {' '.join(styles or '-')}"
            init = settings.init if content and styles else "noise"
            cells.append(Cell(row, column, name, settings.loss.model_copy(update=changes), init))
    return cells


def labels(settings: LayerStudySettings) -> tuple[list[str], list[str]]:
    """Of the table's columns and rows."""
    columns = [
        f"style layer{f's 1-{count}' if count > 1 else ' 1'}: "
        + ", ".join(settings.style_layers[:count])
        for count in settings.style_counts
    ]
    rows = [f"content layer\n{layer}" for layer in settings.content_layers]
    return [*columns, "content alone, from noise"], [*rows, "style alone,\nfrom noise"]


def study_layers(settings: LayerStudySettings, folder: Path) -> None:
    """Paint the table cell by cell, and write `layers.png` after each.

    Args:
        settings: of `configs/study_layers.yaml`.
        folder: for this file.

    Raises:
        UserError: for anything in the settings that cannot be had, or if a loss is no number.
        SystemExit: after Ctrl-C, when what there is has been written.
    """
    problem = _problem(settings)
    measure_in_float32(problem.device)
    photograph = to_image(problem.photograph_at(settings.size)[0])
    style = to_image(problem.styles_at(settings.size)[0][0])
    names = ["photograph", f"style: {settings.style.title}"]
    originals = labelled_grid([[photograph, style]], names, [""])
    columns, rows = labels(settings)
    cells = table(settings)
    pictures: list[list[Image.Image | None]] = [[None] * len(columns) for _ in rows]
    for cell in cells:
        pictures[cell.row][cell.column] = Image.new("RGB", photograph.size, TO_COME)
    result, stopped = folder / "layers.png", False
    with tqdm(total=len(cells) * settings.iterations, desc="layers") as bar:
        try:
            for cell in cells:
                write_image(stack([originals, labelled_grid(pictures, columns, rows)]), result)
                pictures[cell.row][cell.column] = _painted(problem, cell, bar)
        except KeyboardInterrupt:
            bar.write(f"Stopped after {bar.n // settings.iterations} of {len(cells)} pictures.")
            stopped = True
        write_image(stack([originals, labelled_grid(pictures, columns, rows)]), result)
    print(f"result: {result}")
    if stopped:
        sys.exit(130)


def _problem(settings: LayerStudySettings) -> Problem:
    shared = settings.model_dump(exclude={"content_layers", "style_layers", "style_counts", "size"})
    return Problem(
        OptimizeSettings(
            **shared,
            method="lbfgs",
            lr=None,
            scales=[settings.size],
            masks=None,
            styles=None,
            preserve_color=None,
            normalize_network=False,
            save_every=settings.iterations,
        )
    )


def _painted(problem: Problem, cell: Cell, bar: "tqdm[Any]") -> Image.Image:
    bar.set_postfix_str(cell.name)
    before, step = bar.n, None
    for step, _ in paint(problem.varied(cell.loss, cell.init)):
        if not step.terms["total"] < float("inf"):
            raise UserError(
                f"{cell.name}: after iteration {step.number} the loss is {step.terms['total']}: "
                "set smaller loss.content_weight and loss.style_weight."
            )
        bar.update(before + step.number - bar.n)
    assert step is not None  # what it begins with, at least
    return to_image(step.picture[0])
