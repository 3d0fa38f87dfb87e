"""What the judge says of several networks: measured, as a table, as numbers, and to look at."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from fastnst.evaluation.judge import LAYERS, Judge, Verdict
from fastnst.evaluation.results import table
from fastnst.images import (
    flatten,
    labelled_grid,
    list_images,
    read_image,
    resize_short_side,
    to_image,
    to_tensor,
    write_image,
)
from fastnst.losses import LossNetwork
from fastnst.machine import UserError, whole_file
from fastnst.stylizing import Stylizer

PAINTING = 512  # pixels: short side at which paintings are compared
# what the columns of the table are of, and whether less is better
MEASURES: dict[str, tuple[Callable[[Verdict], float], bool]] = {
    **{f"near {layer}": ((lambda v, layer=layer: v.near[layer]), True) for layer in LAYERS},
    **{f"afar {layer}": ((lambda v, layer=layer: v.afar[layer]), True) for layer in LAYERS},
    "recognised": (lambda v: v.recognized, False),
    "rank": (lambda v: v.rank, True),
    "self-similarity": (lambda v: v.self_similarity, True),
    "structure": (lambda v: v.structure, True),
    "lattice": (lambda v: v.lattice, True),
    "frame": (lambda v: v.frame, True),
}


class Judged(NamedTuple):
    """A network and what it came to.

    Attributes:
        name: its path, from the folder on that all networks lie in.
        painted: `(N, 3, S, S)`, RGB in [0, 1].
        verdict: the judge's.
    """

    name: str
    painted: Tensor
    verdict: Verdict


def judge_networks(
    checkpoints: Sequence[Path], folder: Path, photographs: Tensor, network: LossNetwork
) -> list[Judged]:
    """Let networks paint as `fastnst stylize` does, and judge them.

    Args:
        checkpoints: as `Stylizer` takes them.
        folder: of paintings, among them `<style>.jpg` or the like for the style of each network.
        photographs: `(N, 3, S, S)`, RGB in [0, 1].
        network: a VGG, on the device that is to work.

    Raises:
        UserError: if a checkpoint is none, or its painting is not in the folder, twice in it, or
            among the photographs.
    """
    files: dict[str, Path] = {}
    for file in list_images(folder):
        if file.stem in files:
            raise UserError(
                f"{files[file.stem]} and {file} are both paintings of the style {file.stem}: leave "
                f"one of them in the folder of --judge."
            )
        files[file.stem] = file
    device = network.mean.device
    stylizers = [Stylizer(path, device) for path in checkpoints]
    for path, stylizer in zip(checkpoints, stylizers, strict=True):
        name = stylizer.style["name"]
        if name not in files:
            raise UserError(
                f"{path} has learnt {name}, and {folder} has no picture of that name: add it as "
                f"{name}.jpg, the painting, or check --judge."
            )
    paintings = {
        name: to_tensor(flatten(resize_short_side(read_image(file), PAINTING)))[None]
        for name, file in files.items()
    }
    judge = Judge(network, paintings, photographs)
    for stylizer in stylizers:  # before any of them paints
        judge.check(stylizer.style["name"])
    pictures = [to_image(pixels) for pixels in photographs]
    names = _names(checkpoints)
    found: list[Judged] = []
    for path, name, stylizer in zip(checkpoints, names, stylizers, strict=True):
        every = tqdm(pictures, path.stem, unit="picture", leave=False)
        painted = torch.stack([to_tensor(stylizer(picture)) for picture in every])
        verdict = judge(stylizer.style["name"], painted)
        found.append(Judged(name, painted, verdict))
    return found


def _names(files: Sequence[Path]) -> list[str]:
    """Their paths, from the folder on that all lie in."""
    whole = [Path(os.path.abspath(file)) for file in files]  # noqa: PTH100  # links keep their names
    try:
        above = os.path.commonpath([file.parent for file in whole])
    except ValueError:  # on two drives
        return [*map(str, whole)]
    return [file.relative_to(above).as_posix() for file in whole]


def verdict_table(judged: Sequence[Judged]) -> str:
    """A row for each network, with how to read it."""
    rows = [("network", *MEASURES)]
    rows += [
        (one.name, *(f"{value(one.verdict):.3f}" for value, _ in MEASURES.values()))
        for one in judged
    ]
    return table(rows) + (
        "\n\nnear, afar: distance to the painting as a share of the photograph's own, afar at a "
        "quarter of the size;\nrecognised: share of photographs whose nearest painting is the "
        "right one, and its mean rank; self-similarity,\nstructure: what is lost of the "
        "photograph, 0 is nothing; lattice 0.035 and frame 1: there is none."
    )


def write_verdicts(folder: Path, judged: Sequence[Judged], photographs: Tensor) -> str:
    """Write `judge.json`, and `judge.png`: by each measure, the networks from best to worst.

    Returns:
        Where the files are.
    """
    numbers, sheet = folder / "judge.json", folder / "judge.png"
    facts = [{"network": one.name, **one.verdict._asdict()} for one in judged]
    with whole_file(numbers) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n")
    write_image(_sheet(judged, photographs), sheet)
    return f"pictures:    {sheet}\nnumbers:     {numbers}"


def _sheet(judged: Sequence[Judged], photographs: Tensor) -> Image.Image:
    cells: list[list[Image.Image | None]] = []
    labels: list[str] = []
    for row, (name, (value, less_is_better)) in enumerate(MEASURES.items()):
        number = row % len(photographs)  # another one each time, as far as there are
        best = sorted(
            judged, key=lambda one, value=value: value(one.verdict), reverse=not less_is_better
        )
        pictures = [to_image(one.painted[number]) for one in best]
        cells.append([to_image(photographs[number]), *pictures])
        labels.append("\n".join([f"{name}:", *(one.name for one in best)]))
    columns = ["photograph", "best", *(f"{place}." for place in range(2, len(judged) + 1))]
    return labelled_grid(cells, columns, labels)
