"""How long the page takes in a browser: loading, three pictures, the webcam; and its memory.

    python scripts/page_times.py            # with the Chromium that is installed, without a window

For this repository alone: it needs `make site` and Linux, where a process tells its memory.
"""

import argparse
import io
import os
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from fastnst.drawing import draw_dead_leaves
from fastnst.page import PageServer, choose, write_site

SIZES = ((512, 512), (1920, 1080), (4000, 3000))
PATIENCE = 900_000  # milliseconds
WEBCAM = 20  # seconds
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--browser", default=shutil.which("chromium"), help="default: chromium")
    browser = parser.parse_args().browser
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as program:
        site = Path(folder, "site")
        write_site(site, choose(None, []))
        with PageServer(site) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            chromium = program.chromium.launch(executable_path=browser, args=QUIET)
            print(f"Chromium {chromium.version}, {os.cpu_count()} cores\n")
            print("| what | seconds | memory of the browser |\n|---|---|---|")
            _measure(chromium, server.address)
            chromium.close()
            server.shutdown()


def _measure(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE)
    for what in ("load, first time", "load, again"):
        began = time.monotonic()
        page.goto(address)
        _says(page, "Choose a picture")
        _row(what, f"{time.monotonic() - began:.1f}", _memory())
    for width, height in SIZES:
        drawn = draw_dead_leaves(1024, 0, 0)
        picture = Image.fromarray(drawn).resize((width, height), Image.Resampling.LANCZOS)
        content = io.BytesIO()
        picture.save(content, "PNG", compress_level=1)
        file = {"name": "photo.png", "mimeType": "image/png", "buffer": content.getvalue()}
        began = time.monotonic()
        page.set_input_files("#file", [file])  # pyright: ignore[reportArgumentType]  # a table of different types
        _says(page, "This is a preview")
        _row(f"preview of {width}x{height}", f"{time.monotonic() - began:.1f}", _memory())
        began = time.monotonic()
        page.click("#paint")
        most = 0
        while not re.search("Painted at full size", page.inner_text("#status")):
            most = max(most, _memory())
            time.sleep(0.05)
        _row(f"{width}x{height}", f"{time.monotonic() - began:.1f}", most)
    page.click("#webcam")
    page.wait_for_timeout(1000 * WEBCAM)
    _row("webcam", page.inner_text("#rate"), _memory())


def _says(page: Page, text: str) -> None:
    page.locator("#status", has_text=text).wait_for(timeout=PATIENCE)


def _row(what: str, seconds: str, memory: int) -> None:
    print(f"| {what} | {seconds} | {memory / 1e9:.2f} GB |", flush=True)


def _memory() -> int:
    """Bytes that the processes of the browser have for themselves."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:  # it has ended
            continue
        if text.startswith("Name:\tchrom"):
            found = re.search(r"^RssAnon:\s+(\d+) kB", text, re.MULTILINE)
            total += 1024 * int(found[1]) if found else 0
    return total


if __name__ == "__main__":
    main()
