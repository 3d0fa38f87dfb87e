"""`fastnst <command>`: which commands there are, and where each begins."""

import argparse
import importlib
import sys
from importlib.util import find_spec

from fastnst.streams import prepare_streams
from fastnst.version import VERSION

COMMANDS = {
    "train": "train a style",
    "stylize": "repaint pictures, videos, or what the webcam sees",
    "page": "paint in the browser, with a page of this machine or for a web host",
    "optimize": "repaint one photograph the slow way, without training",
    "upscale": "enlarge pictures, by super-resolution",
    "evaluate": "measure trained networks, against each other and against optimisation",
    "export": "write a trained network as an ONNX file",
    "prepare": "decode and scale the training pictures beforehand",
    "study-layers": "show what the choice of layers does, on one sheet",
    "search-tv": "choose a style's weight of total variation by cross-validation",
    "distill": "make the weights of the compact loss network from a VGG",
    "train-predictor": "make what predicts a style from its painting, without training",
    "publish": "make a training run one of the finished styles",
    "gallery": "put photographs and what networks make of them on one sheet",
}


def main() -> None:
    """Run the command that the command line names."""
    prepare_streams()
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:{width}}  {what}" for name, what in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="fastnst",
        usage="fastnst <command> ...",
        description="Train and use fast neural style transfer networks.",
        epilog=f"commands:\n{listing}\n\nfastnst <command> --help tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=True,
    )
    parser.add_argument("--version", action="version", version=f"fastnst {VERSION}")
    parser.add_argument("command", choices=COMMANDS, metavar="command", help=argparse.SUPPRESS)
    if len(sys.argv) == 1:
        parser.error("name a command; fastnst --help lists them")
    name = parser.parse_args(sys.argv[1:2]).command
    sys.argv[:2] = [f"fastnst {name}"]
    module = f"fastnst.commands.{name.replace('-', '_')}"
    # Lightning starts the other processes of a training by the name of what was started here, and
    # with the arguments that are left
    sys.modules["__main__"].__spec__ = find_spec(module)
    importlib.import_module(module).main()


if __name__ == "__main__":
    main()
