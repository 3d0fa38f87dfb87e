"""A page as `make site` builds it, but tiny; small networks with styles."""

from collections.abc import Callable
from pathlib import Path

import pytest
from small.stylizing import write_small_model

from fastnst.models import ENDING, fingerprint, read_network, write_style
from fastnst.networks import style_of
from fastnst.page import site


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
