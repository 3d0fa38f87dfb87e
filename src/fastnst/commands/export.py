"""`fastnst export`: a trained network as one ONNX file, checked against PyTorch."""

import argparse
from pathlib import Path

from fastnst.machine import one_sentence_errors, readable_size
from fastnst.models import CHECKED_SIZES, OPSET, export_onnx


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line `fastnst export --ckpt model.safetensors -o model.onnx`."""
    parser = argparse.ArgumentParser(description="Export a trained network to ONNX.")
    parser.add_argument(
        "--ckpt",
        required=True,
        type=Path,
        metavar="FILE",
        help="a run: its folder, model.safetensors or last.ckpt",
    )
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE.onnx")
    parser.add_argument(
        "--uint8",
        action="store_true",
        help="pictures as uint8 (N, H, W, 3) in and out, instead of float32 (N, 3, H, W) in [0, 1]",
    )
    parser.add_argument(
        "--float16", action="store_true", help="compute in float16; half the size, made for GPUs"
    )
    parser.add_argument(
        "--any-style",
        action="store_true",
        help="the numbers of the style are a second input: one file for all that share the network",
    )
    return parser.parse_args(arguments)


def main() -> None:
    """Run the command line."""
    with one_sentence_errors():
        wanted = parse()
        difference = export_onnx(
            wanted.ckpt, wanted.output, wanted.uint8, wanted.float16, wanted.any_style
        )
        size = readable_size(wanted.output.stat().st_size)
        print(
            f"{wanted.output}: {size}, ONNX opset {OPSET}; differs from PyTorch by at most "
            f"{difference:.1e} of [0, 1] on pictures of {len(CHECKED_SIZES)} sizes"
        )
