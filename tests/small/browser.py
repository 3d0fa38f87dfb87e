"""A browser with the page in it: what people do there, for tests."""

import io
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fastnst.drawing import draw_dead_leaves
from fastnst.page import PageServer
from fastnst.page.site import BUILT

BROWSER = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
STYLES = ["irises", "red_fuji", "starry_night"]
PATIENCE = 120_000  # milliseconds
QUIET = [
    *("--no-sandbox", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
]
# a graphics card that is computed by the processor: slow, but it is one to the page
CARD = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"]
MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium: apt-get install chromium"),
    pytest.mark.skipif(not BUILT.is_dir(), reason="the page is not built: make site"),
]

Page = Any  # of playwright, which need not be there


@contextmanager
def launched(*flags: str) -> Generator[Any]:
    """Start a browser for many tests."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with (
        playwright.sync_playwright() as program,
        program.chromium.launch(executable_path=BROWSER, args=[*QUIET, *flags]) as browser,
    ):
        yield browser


@contextmanager
def unwatched(profile: Path, address: str) -> Generator[None]:
    """Visit the page in one that nobody looks into.

    Where a program does, Chromium now and then keeps a service worker for ever that is to go.
    """
    where = ("--headless=new", f"--user-data-dir={profile}", address)
    with subprocess.Popen(
        [BROWSER or "", *QUIET, *where], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def note_requests(server: PageServer) -> list[str]:
    """What it is asked from now on, such as `GET /sw.js`."""
    asked = []

    class Noting(server.RequestHandlerClass):
        def log_request(self, code: object = "-", size: object = "-") -> None:
            asked.append(f"{self.command} {self.path}")

    server.RequestHandlerClass = Noting
    return asked


@contextmanager
def serving(folder: Path) -> Generator[PageServer]:
    """Serve a page meanwhile."""
    with PageServer(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def says(page: Page, text: str) -> None:
    """Wait until the page says so."""
    page.locator("#status", has_text=text).wait_for(timeout=PATIENCE)


def until(page: Page, expression: str) -> None:
    """Wait until it is true in the page, whose policy forbids that scripts ask again and again."""
    end = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            if page.evaluate(expression):
                return
        except Exception as error:  # of playwright: the page has just loaded itself again
            if "context was destroyed" not in str(error):
                raise
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def drawn(width: int, height: int) -> Image.Image:
    return Image.fromarray(draw_dead_leaves(max(width, height), 3, 0)[:height, :width])


def as_file(picture: Image.Image, name: str = "photo.png", **how: Any) -> dict[str, Any]:
    content = io.BytesIO()
    picture.save(content, Path(name).suffix[1:].replace("jpg", "jpeg"), **how)
    return {"name": name, "mimeType": "image/*", "buffer": content.getvalue()}


def open_picture(page: Page, file: dict[str, Any]) -> None:
    page.set_input_files("#file", [file])
    says(page, "This is a preview")


def saved(page: Page, button: str = "#save-png") -> tuple[str, Image.Image]:
    """Name and painting, at full size, which is painted if it is not there yet."""
    with page.expect_download() as found:
        page.click(button)
    says(page, "Saved as")
    with Image.open(found.value.path()) as picture:
        return found.value.suggested_filename, picture.copy()


def set_slider(page: Page, slider: str, value: float) -> None:
    page.eval_on_selector(
        slider,
        "(it, value) => { it.value = value; it.dispatchEvent(new Event('input')); }",
        value,
    )


def choose_style(page: Page, title: str) -> None:
    page.locator("#gallery label").filter(has_text=title).click()


def apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of pixels, in 255ths."""
    assert one.size == other.size
    values = (np.asarray(it.convert("RGB"), np.float64) for it in (one, other))
    return float(np.abs(np.subtract(*values)).mean())
