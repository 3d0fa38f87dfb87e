"""The page as a folder of files, for any web host.

index.html, assets/, ...        what `make site` built from `web/`
styles/index.json               which network and which styles there are
styles/many_styles.safetensors  the network
styles/<name>.style.safetensors a style
styles/light/...                the light network and its styles, in files of the same names
"""

import copy
import json
import lzma
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from torch import nn

from fastnst.machine import UserError, from_home
from fastnst.models import (
    ENDING,
    LIGHT,
    TRUNK,
    Model,
    StyleFile,
    fingerprint,
    write_model,
    write_style,
)
from fastnst.page.choice import FULL_KIND, Choice, LightStyles

BUILT = Path(__file__).parent / "site"
FIRST = "index.html"
RUNTIME = re.compile("ort-[0-9a-f]{8}")  # its folder, see web/vite.config.ts
STYLES, INDEX = "styles", "index.json"
PACKED = ".xz"  # as the wheel has what is large
FOR_GPU = "*.jspi.wasm"  # the runtime for graphics cards, which the wheel has not
PRIVATE = ("image",)  # of what is known of a style: where its painting lies on this machine


def write_site(folder: Path, choice: Choice) -> int:
    """Write the page; it appears whole or not at all.

    Args:
        folder: it is new, empty, or an earlier page, whose place this one takes.
        choice: what it paints with.

    Returns:
        How many bytes it has.

    Raises:
        UserError: if the folder is none of these, or fastnst came without the page.
    """
    if not (BUILT / FIRST).is_file():
        raise UserError(
            "This fastnst came without the page: run make page in a clone of the repository (it "
            "needs Node.js 20)."
        )
    folder = from_home(folder).resolve()
    _check_place(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(
        prefix=f".{folder.name}.", dir=folder.parent, ignore_cleanup_errors=True
    ) as temporary:
        new, old = Path(temporary, "new"), Path(temporary, "old")
        _copy(BUILT, new)
        _write_styles(new / STYLES, choice, gpu=any(new.rglob(FOR_GPU)))
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except BaseException:
            if old.exists():
                old.rename(folder)
            raise
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _check_place(folder: Path) -> None:
    """Refuse to write over anything but an earlier page."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UserError(f"{folder} is a file: name a folder for the page.")
    if Path.cwd().is_relative_to(folder):
        raise UserError(f"{folder} is where you are, and would be replaced: name a folder in it.")
    there = {path.name for path in folder.iterdir()}
    if there and not _is_page(folder):
        raise UserError(f"{folder} is neither empty nor an earlier page: name another folder.")
    ours = {STYLES} | {path.name for path in BUILT.iterdir()}
    lost = {name for name in there - ours if not RUNTIME.fullmatch(name)}
    if lost:
        raise UserError(
            f"{folder} has {', '.join(sorted(lost))} beside an earlier page, which would be lost: "
            f"move it elsewhere, or name another folder."
        )


def _is_page(folder: Path) -> bool:
    try:
        index = json.loads((folder / STYLES / INDEX).read_bytes())
    except (OSError, ValueError):
        return False
    # earlier ones said nothing of a light network, nor of graphics cards
    ours = isinstance(index, dict) and {*index} - {"light", "gpu"} == {*_listing("", ())}
    return ours and (folder / FIRST).is_file()


def _copy(source: Path, target: Path) -> None:
    """Copy files alone: an installed package may be write-protected, and its copy must not be."""
    for path in source.rglob("*"):
        if path.is_file():
            copied = target / path.relative_to(source)
            copied.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == PACKED:
                copied.with_suffix("").write_bytes(lzma.decompress(path.read_bytes()))
            else:
                shutil.copyfile(path, copied)


def _write_styles(folder: Path, choice: Choice, gpu: bool) -> None:
    folder.mkdir(exist_ok=True)
    if isinstance(choice.network, Path):
        shutil.copyfile(choice.network, folder / TRUNK.name)
    else:
        _write_network(folder / TRUNK.name, choice.network)
    for name, style in choice.styles.items():
        path = folder / f"{name}{ENDING}"
        if isinstance(style, Path):
            shutil.copyfile(style, path)
        else:
            _write_style(path, name, style)
    light = None if choice.light is None else _write_light(folder / LIGHT.name, choice.light)
    index = _listing(choice.fingerprint, choice.styles) | {"light": light, "gpu": gpu}
    (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n")


def _write_light(folder: Path, light: LightStyles) -> dict[str, Any]:
    folder.mkdir()
    shutil.copyfile(light.network, folder / TRUNK.name)
    for name, path in light.styles.items():
        shutil.copyfile(path, folder / f"{name}{ENDING}")
    return _listing(light.fingerprint, light.styles)


def _listing(shared: str, names: Iterable[str]) -> dict[str, Any]:
    """What the index says of a network, by its fingerprint, and of the styles in it."""
    files = [f"{name}{ENDING}" for name in names]
    return {"network": TRUNK.name, "fingerprint": shared, "styles": files}


def _write_network(path: Path, model: Model) -> None:
    facts = {"name": TRUNK.stem, "title": "Many styles"}
    # what the description leaves open is as it always was
    architecture = {"width": 32, "blocks": 5, **FULL_KIND, **model.architecture}
    write_model(path, model.network, architecture, facts, _smallest(model.network))


def _smallest(network: nn.Module) -> Literal["float16", "float32"]:
    """float16 where it is the same network to its styles, as after a training in one that was
    stored so."""
    rounded = copy.deepcopy(network).half().float()
    return "float16" if fingerprint(rounded) == fingerprint(network) else "float32"


def _write_style(path: Path, name: str, style: StyleFile) -> None:
    facts: dict[str, Any] = {key: it for key, it in style.style.items() if key not in PRIVATE}
    write_style(path, style.numbers, facts | {"name": name}, style.network, style.thumbnail)
