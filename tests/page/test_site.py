"""The page as a folder: what is in it, and what it never takes the place of."""

import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from safetensors import safe_open

from fastnst.machine import UserError
from fastnst.models import ENDING, MODELS, TRUNK, fingerprint, read_network, read_style
from fastnst.page import choose, site, write_site


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def index(folder: Path) -> dict:
    return json.loads((folder / "styles" / "index.json").read_text())


def test_a_site_is_what_was_built_and_the_styles(
    built: Path, tmp_path: Path, light_folder: Path
) -> None:
    folder = tmp_path / "new" / "page"
    size = write_site(folder, choose(["irises", "great_wave"], []))
    names = [f"irises{ENDING}", f"great_wave{ENDING}"]
    shared = fingerprint(read_network(folder / "styles" / TRUNK.name).network)
    full = {"network": TRUNK.name, "fingerprint": shared, "styles": names}
    assert index(folder) == full | {"light": None, "gpu": False}
    styles = {f"styles/{name}" for name in (*names, TRUNK.name, "index.json")}
    assert files(folder) == files(built) | styles
    for name in (*names, TRUNK.name):
        assert (folder / "styles" / name).read_bytes() == (MODELS / name).read_bytes()
    assert size == sum((folder / name).stat().st_size for name in files(folder))
    assert [path.name for path in folder.parent.iterdir()] == ["page"]


def test_a_runtime_is_unpacked_and_one_for_the_card_is_told(built: Path, tmp_path: Path) -> None:
    (built / "assets" / "gpu.jspi.wasm.xz").write_bytes(lzma.compress(b"\0asm for cards"))
    write_site(tmp_path / "page", choose(["irises"], []))
    assert (tmp_path / "page" / "assets" / "gpu.jspi.wasm").read_bytes() == b"\0asm for cards"
    assert not (tmp_path / "page" / "assets" / "gpu.jspi.wasm.xz").exists()
    assert index(tmp_path / "page")["gpu"] is True


def test_the_light_network_lies_beside_with_its_styles(
    built: Path, tmp_path: Path, light_folder: Path, write_light: Callable[..., None]
) -> None:
    write_light(light_folder, ["irises", "red_fuji"])
    write_site(tmp_path / "page", choose(["irises", "great_wave"], []))
    folder, name = tmp_path / "page" / "styles" / "light", f"irises{ENDING}"
    shared = fingerprint(read_network(folder / TRUNK.name).network)
    listed = {"network": TRUNK.name, "fingerprint": shared, "styles": [name]}
    assert index(tmp_path / "page")["light"] == listed
    assert files(folder) == {TRUNK.name, name}
    assert (folder / name).read_bytes() == (light_folder / name).read_bytes()
    assert read_style(folder / name).network == shared


def test_an_own_style_is_in_it_without_what_it_says_of_the_machine(
    built: Path, tmp_path: Path, own_style: Callable[..., Path]
) -> None:
    path = own_style(TRUNK, "irises")
    write_site(tmp_path / "page", choose(["irises"], [path]))
    written = tmp_path / "page" / "styles" / f"irises_2{ENDING}"
    assert b"secret" in path.read_bytes()
    assert b"secret" not in written.read_bytes()
    mine, there = read_style(path), read_style(written)
    assert torch.equal(mine.numbers, there.numbers)
    assert there.style == {"name": "irises_2", "title": "Irises"}
    assert there.network == mine.network
    assert there.network == fingerprint(read_network(written.parent / TRUNK.name).network)


@pytest.mark.parametrize("rounded", [False, True])
def test_a_network_of_ones_own_stays_the_one_of_its_styles(
    built: Path, tmp_path: Path, run_folder: Path, own_style: Callable[..., Path], rounded: bool
) -> None:
    if rounded:  # as one that was learnt in a published network, whose weights are float16
        path = run_folder / "model.safetensors"
        model = read_network(path)
        model.network.half().float()
        site.write_model(path, model.network, model.architecture, {"name": "m", "image": "secret"})
        own_style(run_folder, "one")
    write_site(tmp_path / "page", choose(["one"], [run_folder]))
    folder = tmp_path / "page" / "styles"
    assert index(tmp_path / "page")["styles"] == [f"one{ENDING}"]
    written = folder / index(tmp_path / "page")["network"]
    assert b"secret" not in written.read_bytes()
    style = read_style(folder / f"one{ENDING}")
    assert fingerprint(read_network(written).network) == style.network
    with safe_open(written, "pt") as file:
        dtypes = {file.get_tensor(name).dtype for name in file.keys()}  # noqa: SIM118
    assert dtypes == {torch.float16 if rounded else torch.float32}


def test_an_earlier_page_is_replaced_whole(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    write_site(folder, choose(["irises"], []))
    (built / "assets" / "runtime-1.wasm").rename(built / "assets" / "runtime-2.wasm")
    write_site(folder, choose(["red_fuji"], []))
    assert files(folder) >= files(built)
    assert not (folder / "assets" / "runtime-1.wasm").exists()
    assert index(folder)["styles"] == [f"red_fuji{ENDING}"]
    assert not (folder / "styles" / f"irises{ENDING}").exists()
    assert {*tmp_path.iterdir()} == {built, folder}


def test_a_page_of_earlier_versions_is_one(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    write_site(folder, choose(["irises"], []))
    before = {key: it for key, it in index(folder).items() if key not in ("light", "gpu")}
    (folder / "styles" / "index.json").write_text(json.dumps(before))
    write_site(folder, choose(["red_fuji"], []))
    assert index(folder)["styles"] == [f"red_fuji{ENDING}"]


@pytest.mark.parametrize("fails", ["copyfile", "rename"])
def test_what_was_there_stays_if_something_goes_wrong(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    folder = tmp_path / "page"
    write_site(folder, choose(["irises"], []))
    before = files(folder)
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError("no space left")
        return rename(path, target)

    def full(source: Path, target: Path) -> None:
        if str(source).endswith(ENDING):
            raise OSError("no space left")

    if fails == "rename":
        monkeypatch.setattr(Path, "rename", refuse)
    else:
        monkeypatch.setattr(site.shutil, "copyfile", full)
    for target in (folder, tmp_path / "other"):
        with pytest.raises(OSError, match="no space left"):
            write_site(target, choose(["red_fuji"], []))
    assert files(folder) == before
    assert index(folder)["styles"] == [f"irises{ENDING}"]
    assert {*tmp_path.iterdir()} == {built, folder}


def test_nothing_else_is_ever_replaced(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choice = choose(["irises"], [])
    (tmp_path / "file").write_text("mine")
    for name in ("full", "website", "listed", "page"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    (tmp_path / "website" / "index.html").write_text("mine")
    (tmp_path / "website" / "styles").mkdir()
    (tmp_path / "website" / "styles" / "index.json").write_text('{"colour": "red"}')
    (tmp_path / "listed" / "index.html").write_text("mine")
    (tmp_path / "listed" / "styles").mkdir()
    (tmp_path / "listed" / "styles" / "index.json").write_text("[[")
    write_site(tmp_path / "page", choice)  # an empty one is taken
    (tmp_path / "page" / "ort-0123abcd").mkdir()  # and one with the runtime of an earlier release
    write_site(tmp_path / "page", choice)
    (tmp_path / "page" / "CNAME").write_text("mine")
    before = files(tmp_path)
    for name, told in (
        ("file", "file is a file: name a folder"),
        ("full", "full is neither empty nor an earlier page"),
        ("website", "website is neither empty nor an earlier page"),
        ("listed", "listed is neither empty nor an earlier page"),
        ("page", "page has CNAME beside an earlier page"),
    ):
        with pytest.raises(UserError, match=told):
            write_site(tmp_path / name, choice)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(UserError, match="here is where you are"):
        write_site(Path(), choice)
    assert files(tmp_path) == before


def test_a_link_to_a_folder_stays_a_link(built: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_site(tmp_path / "link", choose(["irises"], []))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "index.html").is_file()


def test_a_protected_package_gives_a_page_that_can_be_changed(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    for path in (built / "index.html", built / "assets", built):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        write_site(folder, choose(["irises"], []))
    finally:
        for path in (built, built / "assets"):
            path.chmod(0o755)
    assert (folder / "index.html").stat().st_mode & 0o200
    assert (folder / "assets").stat().st_mode & 0o200
    assert folder.stat().st_mode & 0o777 == tmp_path.joinpath("built").stat().st_mode & 0o777


def test_without_the_built_page_a_sentence_says_what_to_do(built: Path, tmp_path: Path) -> None:
    (built / "index.html").unlink()
    with pytest.raises(UserError, match=r"came without the page: run make page .* Node\.js 20"):
        write_site(tmp_path / "page", choose(["irises"], []))
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize("builder", [WheelBuilder, SdistBuilder])
def test_the_built_page_is_packed_though_git_ignores_it(
    builder: type, root: Path, tmp_path: Path
) -> None:
    for name in ("pyproject.toml", ".gitignore", "README.md", "LICENSE"):
        (tmp_path / name).write_bytes((root / name).read_bytes())
    package = tmp_path / "src" / "fastnst"
    (package / "page" / "site" / "assets").mkdir(parents=True)
    (package / "version.py").write_text('VERSION = "0"\n')
    (package / "page" / "site" / "index.html").touch()
    (package / "page" / "site" / "assets" / "runtime.wasm").touch()
    packed = {file.path for file in builder(str(tmp_path)).recurse_selected_project_files()}
    assert str(package / "page" / "site" / "index.html") in packed
    # the wheel has it packed: scripts/pack_page.py
    runtime = str(package / "page" / "site" / "assets" / "runtime.wasm")
    assert (runtime in packed) == (builder is SdistBuilder)
