"""The stylizing command: one network, any number of pictures and folders."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from fastnst.errors import UserError, one_sentence_errors
from fastnst.hardware import keep_freed_memory
from fastnst.images import SUFFIXES, list_images
from fastnst.networks import SMALLEST_SIDE
from fastnst.painting import Job, paint_files
from fastnst.stylizer import Stylizer


def find_pictures(inputs: list[Path]) -> Iterator[tuple[Path, Path]]:
    """Each picture with its place relative to the input that named it.

    Raises:
        UserError: if a folder holds no picture.
    """
    for path in inputs:
        if not path.is_dir():
            yield path, Path(path.name)
            continue
        files = list_images(path)
        if not files:
            raise UserError(f"There are no images in the folder {path}.")
        yield from ((file, file.relative_to(path)) for file in files)


def plan(inputs: list[Path], output: Path | None, style: str) -> list[Job]:
    """Decide where each painted picture goes.

    Without an output it goes beside its photograph, as `<name>_<style>.<extension>`. An output
    that ends in a picture's extension is a file, for one photograph; any other is a folder.

    Raises:
        UserError: if two pictures would go to one file, or one over a photograph.
    """
    pictures = list(find_pictures(inputs))
    if output is None:
        jobs = [(path, _writable(path.with_stem(f"{path.stem}_{style}"))) for path, _ in pictures]
    elif output.suffix.lower() in SUFFIXES and not output.is_dir():
        if len(pictures) != 1:
            raise UserError(f"{len(pictures)} pictures cannot all go to {output}: give a folder.")
        jobs = [(pictures[0][0], output)]
    else:
        jobs = [(path, _writable(output / place)) for path, place in pictures]
    taken = {path.resolve(): path for path, _ in jobs}
    for path, target in jobs:
        if other := taken.get(target.resolve()):
            raise UserError(f"{path} would be written over {other}: give another output with -o.")
        taken[target.resolve()] = path
    return [Job(path, target) for path, target in jobs]


def _writable(path: Path) -> Path:
    """The same with `.png` if Pillow may read the format but not write it."""
    return path if path.suffix.lower() in SUFFIXES else path.with_suffix(".png")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Repaint photographs with a trained style.")
    parser.add_argument("pictures", nargs="+", type=Path, help="photographs, or folders of them")
    parser.add_argument(
        "--ckpt", required=True, type=Path, help="model.safetensors or last.ckpt of a training run"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="file or folder to write; without it <name>_<style> beside each photograph",
    )
    parser.add_argument(
        "--size", type=_side, help="work at this length of the short side, in pixels"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    return parser.parse_args(arguments)


def _side(text: str) -> int:
    if not text.isdecimal() or int(text) < SMALLEST_SIDE:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least {SMALLEST_SIDE}")
    return int(text)


def main() -> None:
    """Run the command line; the exit code is 1 if any picture had to be skipped."""
    arguments = parse()
    with one_sentence_errors():
        stylizer = Stylizer(arguments.ckpt, arguments.device, size=arguments.size)
        if stylizer.device.type == "cpu":
            keep_freed_memory()
        jobs = plan(arguments.pictures, arguments.output, stylizer.style["name"])
        skipped = 0
        with tqdm(total=len(jobs), unit="picture", disable=len(jobs) == 1) as progress:
            for job, error in paint_files(stylizer, jobs):
                if error is None:
                    progress.write(f"{job.source} -> {job.target}")
                else:
                    skipped += 1
                    progress.write(f"skipped: {error}", file=sys.stderr)
                progress.update()
    if skipped:
        print(f"{len(jobs) - skipped} painted, {skipped} skipped", file=sys.stderr)
        sys.exit(1)
