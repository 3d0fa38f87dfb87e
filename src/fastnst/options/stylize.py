"""The options of `fastnst stylize`."""

import argparse
from pathlib import Path
from typing import Any

from fastnst.losses import weights_file
from fastnst.machine import UserError, checked, number, numbers
from fastnst.models import find_painting, find_regions, find_style, listing, style_file_path
from fastnst.networks import SMALLEST_SIDE
from fastnst.options.archives import add_archives, check_archive, check_random, is_archive
from fastnst.options.files import (
    Group,
    add_machine,
    add_picture_files,
    add_targets,
    check_pipes,
    file_or_address,
)
from fastnst.stylizing import LARGEST_STYLE, STYLE_SIZE
from fastnst.video import CODECS, point_in_time


def parse_stylize(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is wrong with it ends the program with one sentence."""
    parser = argparse.ArgumentParser(
        description="Repaint pictures, videos, or what the webcam sees, with trained styles.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(as_given=False)
    _what(parser)
    _any_painting(parser.add_argument_group("the style of any painting"))
    _look(parser.add_argument_group("how it looks"))
    add_picture_files(parser.add_argument_group("picture files"))
    _videos(parser.add_argument_group("videos"))
    add_archives(parser.add_argument_group("a great many files"))
    found = parser.parse_args(arguments)
    if found.random_style is not None:
        check_random(parser, found)
        found.ckpt = []
    elif not found.ckpt:
        parser.error(
            "choose a finished style with --style (--list-styles shows them), any painting with "
            "--style-image, or your own with --ckpt"
        )
    if found.webcam is None and not found.inputs and found.save_style is None:
        parser.error("name a picture, a video or a folder, or use --webcam")
    found.archive = is_archive(found)
    if found.archive:
        check_archive(parser, found)
    else:
        check_pipes(parser, found)
    if found.weights is not None and found.finish is None:
        parser.error("--weights are for --finish")
    if found.webcam is not None and (found.inputs or found.output):
        parser.error("with --webcam there are no files to read, nor -o to write")
    return found


class _OfTheirOwn(argparse.Action):
    """Adds a file to the styles, and notes that no other network is to take its place."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        namespace.ckpt = [*(namespace.ckpt or []), values]
        namespace.as_given = True


class _ListStyles(argparse.Action):
    """Print the finished styles and end."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        try:
            print(listing())
        except UserError as error:
            parser.error(str(error))
        parser.exit()


def _what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs",
        nargs="*",
        type=file_or_address,
        metavar="FILE",
        help="pictures, videos, folders of these; - for a picture on stdin; shards of WebDataset; "
        "addresses such as s3://bucket/photos",
    )
    parser.add_argument(
        "--style",
        dest="ckpt",
        type=checked(find_style),
        action="append",
        metavar="NAME[:SHARE],...",
        help="finished style that comes with fastnst, see --list-styles; or a mixture of several "
        "that share a network, and of your own .style.safetensors, such as irises:0.6,red_fuji:0.4",
    )
    parser.add_argument(
        "--list-styles", action=_ListStyles, nargs=0, help="show the finished styles, and exit"
    )
    parser.add_argument(
        "--ckpt",
        type=Path,
        action=_OfTheirOwn,
        help="your own style: a training run's folder, model.safetensors or last.ckpt, a .onnx "
        "that fastnst export wrote, or a .pth or .model of pytorch/examples; several of --style "
        "and --ckpt with --blend, --mask or --webcam",
    )
    add_targets(parser, "<name>_<style>", file_or_address)
    parser.add_argument(
        "--webcam",
        nargs="?",
        type=number(int, 0),
        const=0,
        metavar="N",
        help="show what camera N sees, beside it painted; digits choose among the styles",
    )
    add_machine(parser, "paint in tiles of N pixels; auto: for more than 2 million pixels")


def _any_painting(group: Group) -> None:
    group.add_argument(
        "--style-image",
        dest="ckpt",
        type=checked(find_painting),
        action="append",
        metavar="FILE[:SHARE]",
        help="a painting: its style is predicted, without training; with shares it is mixed with "
        "others and with --style",
    )
    group.add_argument(
        "--style-size",
        type=number(int, SMALLEST_SIDE, LARGEST_STYLE),
        default=STYLE_SIZE,
        metavar="PIXELS",
        help="short side of the painting when it is looked at: larger for larger strokes "
        "(default %(default)s)",
    )
    group.add_argument(
        "--finish",
        type=number(float, 1, 86400),
        nargs="?",
        const=60.0,
        metavar="SECONDS",
        help="learn the style on from the prediction, so long (without a number a minute); Ctrl-C "
        "ends it earlier and keeps the best",
    )
    group.add_argument(
        "--weights",
        type=checked(weights_file),
        metavar="FILE",
        help="of VGG19, to finish with; without them those that PyTorch has downloaded before, or "
        "else the compact loss network that comes with fastnst",
    )
    group.add_argument(
        "--save-style",
        type=checked(style_file_path),
        metavar="FILE",
        help="keep the style as a .style.safetensors, which --style takes",
    )


def _look(group: Group) -> None:
    group.add_argument(
        "--size",
        type=number(int, SMALLEST_SIDE, 65535),
        help="length of the short side of the result, in pixels",
    )
    group.add_argument(
        "--style-scale",
        type=number(float, 0.1, 10),
        default=1.0,
        metavar="FACTOR",
        help="size of the strokes: 2 for twice as large",
    )
    group.add_argument(
        "--strength",
        type=number(float, 0, 1),
        default=1.0,
        help="0 to 1: how much of the style, the rest is photograph",
    )
    group.add_argument(
        "--preserve-color",
        choices=("lum", "hist"),
        help="the photograph's colours: lum takes only light and dark from the painted picture, "
        "hist gives it the photograph's palette",
    )
    group.add_argument(
        "--mask",
        type=Path,
        help="picture that is white where to paint and black where the photograph stays, or the "
        "second --ckpt paints",
    )
    group.add_argument(
        "--regions",
        type=checked(find_regions),
        default={},
        metavar="MAP=STYLE,...",
        help="pictures that are white where another style goes, of the same network, such as "
        "sky.png=irises",
    )
    group.add_argument(
        "--blend", type=numbers, metavar="A,B,...", help="shares of several --ckpt, such as 0.3,0.7"
    )


def _videos(group: Group) -> None:
    group.add_argument("--codec", choices=sorted(CODECS), help="default by the file's extension")
    group.add_argument(
        "--crf", type=number(int, 0, 63), help="quality of the video: lower is better, and larger"
    )
    group.add_argument(
        "--start", type=checked(point_in_time), metavar="TIME", help="seconds, or [h:]mm:ss"
    )
    group.add_argument("--end", type=checked(point_in_time), metavar="TIME")
    group.add_argument(
        "--temporal",
        nargs="?",
        type=number(float, 0, 1),
        const=0.7,
        default=0.0,
        metavar="AMOUNT",
        help="smooth flicker along the motion, 0 to 1 (without a number 0.7), and say how much "
        "there was",
    )
