"""`fastnst gallery`: photographs, and what trained networks make of them, on one labelled sheet."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from fastnst.data import BUNDLED
from fastnst.images import (
    check_writable,
    crop_center,
    flatten,
    labelled_grid,
    read_image,
    write_image,
)
from fastnst.machine import UserError, one_sentence_errors, readable_size
from fastnst.models import finished_model, finished_styles
from fastnst.networks import SMALLEST_SIDE
from fastnst.stylizing import Stylizer

PHOTOGRAPHS = tuple(BUNDLED / f"{name}.jpg" for name in ("astronaut", "chelsea", "coffee"))
PAINTED = 512  # pixels: the side from which on strokes look natural
SIDE = 384  # pixels: of what is shown
QUALITY = 85  # of JPEG: the sheet is part of the README


def gallery(models: Sequence[Path], photographs: Sequence[Path], side: int) -> Image.Image:
    """Paint photographs with networks, each by itself.

    Args:
        models: of a column each, after the first with the photographs as they are.
        photographs: of a row each.
        side: in pixels, of the squares that are shown. They are painted at 512 pixels or, if they
            are larger, at their size.

    Raises:
        UserError: if one of the files cannot be read.
    """
    large = max(side, PAINTED)
    squares = [crop_center(flatten(read_image(path)), large) for path in photographs]
    names = {finished_model(card.name): card.label for card in finished_styles()}
    labels, columns = ["photograph"], [squares]
    for model in tqdm(models, "painting", unit="style"):
        paint = Stylizer(model)
        labels.append(names.get(model, paint.style["title"]))
        columns.append([paint(square) for square in squares])
    rows = [
        [picture.resize((side, side), Image.Resampling.LANCZOS) for picture in row]
        for row in zip(*columns, strict=True)
    ]
    return labelled_grid(rows, labels, [""] * len(rows))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is wrong with it ends the program with one sentence."""
    parser = argparse.ArgumentParser(
        description="Put photographs and what networks make of them on one sheet."
    )
    parser.add_argument(
        "photographs", nargs="*", type=Path, metavar="FILE", help="default: three of fastnst's own"
    )
    parser.add_argument(
        "--ckpt",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="network that is none of them, for the first columns",
    )
    parser.add_argument(
        "--style", action="append", metavar="NAME", help="finished style; default: all of them"
    )
    parser.add_argument(
        "--size", type=int, default=SIDE, help=f"side of each picture in pixels (default {SIDE})"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="picture file, such as gallery.jpg"
    )
    return parser.parse_args(arguments)


def main() -> None:
    """Run the command line `fastnst gallery -o gallery.jpg`."""
    options = parse()
    with one_sentence_errors():
        if options.size < SMALLEST_SIDE:
            raise UserError(f"--size {options.size}: give at least {SMALLEST_SIDE}.")
        names = options.style or [card.name for card in finished_styles()]
        models = [*options.ckpt, *map(finished_model, names)]
        photographs = options.photographs or PHOTOGRAPHS
        sides = options.size * (1 + len(models)), options.size * len(photographs)
        check_writable(options.output, sides)  # now, and not when all is painted
        sheet = gallery(models, photographs, options.size)
        write_image(sheet, options.output, quality=QUALITY)
        print(f"{options.output}: {readable_size(options.output.stat().st_size)}")
