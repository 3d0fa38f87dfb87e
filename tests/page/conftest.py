"""A page as `make site` builds it, but tiny; networks with styles; the real page in a browser."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import torch
from small.browser import PATIENCE, STYLES, launched, says, serving
from small.stylizing import write_small_model

from fastnst.models import (
    ENDING,
    TRUNK,
    fingerprint,
    read_network,
    write_model,
    write_style,
)
from fastnst.networks import build_network, style_of
from fastnst.page import PageServer, choose, site, write_site
from fastnst.page import choice as choosing

LIGHT = {"name": "light", "width": 4, "blocks": 1}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "built"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "sw.js").write_text("// offline")
    (folder / "page.webmanifest").write_text("{}")
    (folder / "assets" / "run time-1.mjs").write_text("export default 1")
    (folder / "assets" / "runtime-1.wasm").write_bytes(b"\0asm")
    monkeypatch.setattr(site, "BUILT", folder)
    return folder


@pytest.fixture
def own_style(tmp_path: Path) -> Callable[..., Path]:
    """Writes a style file that belongs to the network of a path."""

    def write(
        network: Path, name: str = "me", file: str | None = None, count: int | None = None
    ) -> Path:
        model = read_network(network)
        beside = network if network.is_dir() else tmp_path
        path = beside / f"{file or name}{ENDING}"
        facts = {"name": name, "title": name.title(), "image": "/home/me/secret.jpg"}
        numbers = (style_of(model.network) + 0.25)[:count]
        write_style(path, numbers, facts, fingerprint(model.network))
        return path

    return write


@pytest.fixture
def run_folder(tmp_path: Path, own_style: Callable[..., Path]) -> Path:
    """What a training of the styles `one` and `two` leaves."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_small_model(folder / "model.safetensors")
    for name in ("one", "two"):
        own_style(folder, name)
    return folder


@pytest.fixture(scope="session")
def write_light() -> Callable[[Path, Iterable[str]], None]:
    """Writes a light network of a few channels, and styles in it, as they lie in `models/light`."""

    def write(folder: Path, names: Iterable[str]) -> None:
        folder.mkdir(exist_ok=True)
        torch.manual_seed(0)
        network = build_network(LIGHT)
        network.to_rgb.weight.data *= 8  # contrast, which a network without training has not
        write_model(folder / TRUNK.name, network, LIGHT, {"name": "many_styles"})
        for name in names:
            numbers = style_of(network) + torch.rand_like(style_of(network))
            write_style(folder / f"{name}{ENDING}", numbers, {"name": name}, fingerprint(network))

    return write


@pytest.fixture
def light_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the light network is looked for, in place of what comes with fastnst; not there yet."""
    monkeypatch.setattr(choosing, "LIGHT", tmp_path / "light")
    return tmp_path / "light"


@pytest.fixture(scope="module")
def real_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    folder = tmp_path_factory.mktemp("page") / "site"
    write_site(folder, choose(STYLES, []))
    with serving(folder) as server:
        yield server


@pytest.fixture(scope="module")
def light_page(
    tmp_path_factory: pytest.TempPathFactory, write_light: Callable[..., None]
) -> Iterator[PageServer]:
    """Of the same styles; all but the last are in a light network too, which lies beside."""
    folder = tmp_path_factory.mktemp("light_page")
    write_light(folder / "light", STYLES[:-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "LIGHT", folder / "light")
        write_site(folder / "site", choose(STYLES, []))
    with serving(folder / "site") as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with launched("--disable-gpu") as browser:
        yield browser


@pytest.fixture
def visit(browser, real_page: PageServer):
    """Opens the page; at the end nothing may have gone wrong in it, or out of it."""
    contexts, wrong = [], []

    def visit(host: PageServer = real_page, **how):
        def note_request(request) -> None:
            if not request.url.startswith((host.address, "blob:", "data:")):
                wrong.append(request.url)

        context = browser.new_context(accept_downloads=True, **how)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda it: wrong.append(it.text) if it.type == "error" else None)
        page.on("request", note_request)
        page.goto(host.address)
        says(page, "Choose a picture")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert wrong == []
