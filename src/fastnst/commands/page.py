"""`fastnst page`: a page that paints in the browser, served on this machine or as a folder."""

import argparse
import threading
import webbrowser
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from fastnst.machine import like_ctrl_c, number, one_sentence_errors, readable_size
from fastnst.page import Choice, PageServer, choose, write_site


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; what is wrong with it ends the program with one sentence."""
    parser = argparse.ArgumentParser(
        description="Paint in the browser: photographs and the webcam; nothing leaves the machine."
    )
    parser.add_argument(
        "--build",
        type=Path,
        metavar="FOLDER",
        help="write the page into a folder, for any web host, instead of serving it here",
    )
    parser.add_argument(
        "--style",
        action="append",
        metavar="NAME",
        help="finished style, or style of the run that --ckpt names; default: all of them",
    )
    parser.add_argument(
        "--ckpt",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="your own .style.safetensors, shown first; or the folder of a run of many styles, in "
        "place of the network and the styles that come with fastnst",
    )
    parser.add_argument(
        "--port", type=number(int, 1, 65535), metavar="N", help="default: a free one"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="only print the address of the page"
    )
    found = parser.parse_args(arguments)
    if found.build is not None and (found.port is not None or found.no_browser):
        parser.error("with --build nothing is served: leave out --port and --no-browser")
    return found


def main() -> None:
    """Run the command line `fastnst page`."""
    options = parse()
    with one_sentence_errors(), like_ctrl_c():
        choice = choose(options.style, options.ckpt)
        if options.build is None:
            _serve(choice, options.port or 0, not options.no_browser)
            return
        size = readable_size(write_site(options.build, choice))
        print(f"{options.build}: {len(choice.styles)} styles, {size}")


def _serve(choice: Choice, port: int, show: bool) -> None:
    """Serve the page until Ctrl-C."""
    with TemporaryDirectory(prefix="fastnst_") as folder:
        site = Path(folder, "site")
        write_site(site, choice)
        with PageServer(site, port) as server, suppress(KeyboardInterrupt):
            # at once also where a program reads it
            print(f"page: {server.address}", "Ctrl-C ends it", sep="\n", flush=True)
            if show:
                # beside: a browser in the terminal returns when it is left
                threading.Thread(target=_open, args=(server.address,), daemon=True).start()
            server.serve_forever()


def _open(address: str) -> None:
    with suppress(webbrowser.Error):  # the address is printed
        webbrowser.open(address)
