"""`fastnst publish`: a training run becomes one of the finished styles in `models/`."""

import argparse
import copy
import hashlib
import io
import json
from collections.abc import Collection
from pathlib import Path
from statistics import mean
from typing import Any

from PIL import Image

from fastnst.commands.gallery import PAINTED
from fastnst.config import recipe_command
from fastnst.data import BUNDLED
from fastnst.evaluation import NUMBERS, Run, read_runs
from fastnst.images import crop_center, read_image, write_image
from fastnst.machine import UserError, one_sentence_errors, whole_file
from fastnst.models import (
    CALM,
    ENDING,
    LIGHT,
    MODELS,
    OTHERS,
    TRUNK,
    Card,
    cards_page,
    fingerprint,
    read_cards,
    read_network,
    read_style,
    thumbnail_file,
    write_model,
    write_style,
)
from fastnst.networks import style_of
from fastnst.stylizing import Stylizer

EXPERIMENT = "zoo"
THUMBNAIL = BUNDLED / "chelsea.jpg"
THUMBNAIL_SIDE, ICON_SIDE = 256, 64  # pixels
ICON_BYTES = 2_000  # at most; with them a style of 3,200 numbers has 9,500
LOSS_NETWORK = "vgg19"
UNPUBLISHED = ("image", "style_weight", "tv_weight")  # of what a run knows of its style
FREE = ("public domain (", "CC0 (")  # and not "public domain where ..."


def publish(
    run: Run, evaluation: Path, folder: Path, together: Collection[str] | None = None
) -> Card:
    """Write a network, its thumbnail and its card.

    Args:
        run: that trained it.
        evaluation: what `fastnst evaluate` wrote about it, `evaluation.json`.
        folder: for the files `<name>.safetensors`, `.jpg` and `.json`, and `README.md`; of one of
            many styles `<name>.style.safetensors`, and `many_styles.safetensors` for all of them.
            Those of the light and of the calm network have no pictures.
        together: styles of the run that are published, one after the other; default: all of them.

    Raises:
        UserError: if the training pictures or the painting are not free, it was not trained to its
            end against VGG19, it was not evaluated, or no short command repeats it.
    """
    settings, style = run.settings, run.settings.style
    _check(run)
    found, photographs, size = _measured(run, evaluation)
    command = recipe_command(run.whole, EXPERIMENT)
    photograph = crop_center(read_image(THUMBNAIL), PAINTED)
    folder.mkdir(exist_ok=True)
    pictured = folder.name not in OTHERS
    # Where the painting lay on this machine is nobody's business. Weights that the style's file had
    # need not be those of the training, which the recipe tells.
    facts = {key: value for key, value in run.model.style.items() if key not in UNPUBLISHED}
    if settings.styles is None:
        path = folder / f"{style.name}.safetensors"
        write_model(path, run.model.network, run.model.architecture, facts, "float16")
        painted = Stylizer(path)(photograph)
    else:
        path, numbers = folder / f"{style.name}{ENDING}", style_of(run.model.network)
        network = _shared(run, folder, together)
        write_style(path, numbers, facts, network)
        painted = Stylizer(path)(photograph)
        if pictured:
            write_style(path, numbers, facts, network, _icon(painted))
        if (folder / f"{style.name}.safetensors").is_file():  # whose card it is: the better one
            return next(card for card in read_cards(folder) if card.name == style.name)
    if pictured:
        thumbnail = painted.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
        write_image(thumbnail, thumbnail_file(style.name, folder), quality=78)
    card = Card(
        **style.model_dump(include={"name", "title", "artist", "year"}),
        recipe=command,
        iterations=run.steps,
        content=round(mean(found["errors"]["content"]), 3),
        style=round(mean(found["errors"]["style"]), 3),
        photographs=photographs,
        size=size,
        equivalent_iterations=found["equivalent_iterations"],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    _write(folder / f"{style.name}.json", card.model_dump_json(indent=2) + "\n")
    _write(folder / "README.md", cards_page(read_cards(folder), folder))
    return card


def _place(run: Run) -> Path:
    """The folder of the network that a run has trained, among the finished ones.

    Raises:
        UserError: if it is light or calm, and not all that such a network is to be.
    """
    light, moves = run.settings.network.name == "light", run.settings.motion.name != "none"
    if not light and not moves:
        return MODELS
    if run.settings.styles is None or not moves:
        raise UserError(
            f"{run.name}: the light and the calm network have many styles and have learnt from "
            f"motion; train them with styles=[...] motion=synthetic."
        )
    return LIGHT if light else CALM


def _icon(painted: Image.Image) -> bytes:
    """A picture so small that it fits into a style file."""
    small = painted.resize((ICON_SIDE, ICON_SIDE), Image.Resampling.LANCZOS)
    icons = (_webp(small, quality) for quality in (70, 40, 10))
    return next(icon for icon in icons if len(icon) <= ICON_BYTES)


def _webp(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=quality)
    return file.getvalue()


def _shared(run: Run, folder: Path, together: Collection[str] | None) -> str:
    """Write the network that many styles share; returns its fingerprint."""
    facts = {"name": TRUNK.stem, "title": "Many styles"}
    names = together or [style.name for style in run.whole.paintings]
    model = read_network(run.folder)
    new = fingerprint(copy.deepcopy(model.network).half())  # as it is written
    others = {*folder.glob(f"*{ENDING}")} - {folder / f"{name}{ENDING}" for name in names}
    lost = [file.name for file in sorted(others) if read_style(file).network != new]
    if lost:
        raise UserError(
            f"{', '.join(lost)}: of another network than {run.name}, which would take its place; "
            f"delete them, publish them too, or train them again with init=many_styles."
        )
    write_model(folder / TRUNK.name, model.network, model.architecture, facts, "float16")
    return new


def _check(run: Run) -> None:
    """Refuse what the page would tell untruths of."""
    settings = run.settings
    if settings.data.name != "dead_leaves":
        raise UserError(
            f"{run.name} has learnt from {settings.data.name}: finished styles are free for any "
            f"use, so train with data=dead_leaves."
        )
    for style in run.whole.paintings:  # all of which the network has seen
        if not style.rights.startswith(FREE):
            told = f"{run.name} has the style of a painting that not everybody may use"
            raise UserError(f"{told}: {style.rights}.")
    if run.whole.trunk is not None and run.whole.styles is None:
        raise UserError(
            f"{run.name} is a style learnt in {run.whole.trunk}, of which there is a style file; "
            f"finished styles are trained with styles=[...]."
        )
    if settings.loss_network.name != LOSS_NETWORK:
        raise UserError(
            f"{run.name} was trained against {settings.loss_network.name}: finished styles are "
            f"trained with loss_network={LOSS_NETWORK}."
        )
    if run.steps != settings.trainer["max_steps"]:
        raise UserError(
            f"{run.name} was trained for {run.steps} of {settings.trainer['max_steps']} "
            f"iterations: train it to the end with resume=auto."
        )


def _measured(run: Run, evaluation: Path) -> tuple[dict[str, Any], int, int]:
    """What an evaluation found of the network; on how many photographs, of which size."""
    advice = f"measure it: fastnst evaluate --ckpt <last.ckpt> -o {evaluation.parent}"
    try:
        everything = json.loads(evaluation.read_text())
        (found,) = [
            network
            for network in everything["networks"]
            if (network["run"], network["iterations"]) == (run.name, run.steps)
        ]
        return found, everything["photographs"], everything["size"]
    except OSError as error:
        raise UserError(f"{evaluation} cannot be read: {advice}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{evaluation} does not tell of {run.name} after {run.steps} iterations: {advice}."
        ) from error


def _write(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is wrong with it ends the program with one sentence."""
    parser = argparse.ArgumentParser(
        description="Make a training run that was evaluated one of the finished styles in models/."
    )
    parser.add_argument("--ckpt", type=Path, required=True, help="the run: its folder or last.ckpt")
    parser.add_argument(
        "--style",
        action="append",
        metavar="NAME",
        help="of a run of many styles; default: all of them",
    )
    parser.add_argument(
        "--evaluation",
        type=Path,
        metavar="FOLDER",
        help="that fastnst evaluate wrote; default: evaluation in the run's folder",
    )
    return parser.parse_args(arguments)


def main() -> None:
    """Run the command line `fastnst publish --ckpt last.ckpt`."""
    options = parse()
    with one_sentence_errors():
        runs = read_runs(options.ckpt)
        names = [run.settings.style.name for run in runs]
        chosen = options.style or names
        if unknown := {*chosen} - {*names}:
            raise UserError(
                f"--style {', '.join(sorted(unknown))}: {options.ckpt} has {', '.join(names)}."
            )
        runs = [run for run in runs if run.settings.style.name in chosen]
        folder = options.evaluation or runs[0].folder / "evaluation"
        for run in runs:  # before the first is written
            _check(run)
            _measured(run, folder / NUMBERS)
        for run in runs:
            card = publish(run, folder / NUMBERS, _place(run), chosen)
            print(f"{card.label}: content {card.content}, style {card.style}")
        print(f"recipe: {recipe_command(runs[0].whole, EXPERIMENT)}")
        print(f"models: {_place(runs[0])}")
