"""Trained networks as files: writing `model.safetensors`, and reading it or a checkpoint."""

import json
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import safetensors
import torch
from safetensors.torch import save
from torch import Tensor, nn

from fastnst.machine import UserError, durable_file, from_home, load_plain
from fastnst.models.zoo import ENDING, MODELS
from fastnst.networks import (
    ENLARGERS,
    EnlargingNetwork,
    TransformationNetwork,
    build_enlarger,
    build_network,
    convert,
    find_theirs,
    set_style,
)

PREFIX = "network."  # of the transformation network's weights in a training checkpoint
STYLES = "styles"  # there: numbers of the styles that share the network, `(S, K)`
LONGEST_NAME = 64  # letters of the name of a style
LONGEST_STYLE = 20_000  # letters of all that is said about one

Network = TypeVar("Network", bound=nn.Module)
Read = tuple[dict[str, Any], dict[str, Any], dict[str, Tensor]]  # architecture, style, weights


class Model(NamedTuple):
    """A trained transformation network in `eval()` mode and float32, its plain description as
    `build_network` takes it, and the style it learned."""

    network: TransformationNetwork
    architecture: dict[str, Any]
    style: dict[str, Any]


class Enlarger(NamedTuple):
    """A trained network for super-resolution in `eval()` mode and float32, and its plain
    description as `build_enlarger` takes it."""

    network: EnlargingNetwork
    architecture: dict[str, Any]


def write_model(
    path: Path,
    network: nn.Module,
    architecture: Mapping[str, Any],
    style: Mapping[str, Any],
    dtype: Literal["float32", "float16"] = "float32",
) -> None:
    """Write what stylizing needs and nothing else: weights, architecture and style.

    Args:
        path: of the `.safetensors` file; it appears whole or not at all.
        network: the transformation network.
        architecture: its plain description, as `build_network` takes it.
        style: plain facts about the style.
        dtype: of the stored weights; float16 halves the file.
    """
    state = {
        name: value.detach().cpu().to(getattr(torch, dtype)).contiguous()
        if value.is_floating_point()
        else value.detach().cpu()
        for name, value in network.state_dict().items()
    }
    metadata = {
        "format": "fastnst",
        "architecture": json.dumps(dict(architecture)),
        "style": json.dumps(dict(style)),
    }
    with durable_file(path) as temporary:
        temporary.write_bytes(save(state, metadata))


def read_network(path: str | Path) -> Model:
    """Read a `model.safetensors`, a training checkpoint, or a network that fast_neural_style of
    pytorch/examples saved, in whatever dictionary, or as `.safetensors`; no code in the file is
    ever run.

    Args:
        path: the file, or the folder of a run, of which the newer of `model.safetensors` and
            `checkpoints/last.ckpt` is taken; the former where there are styles, which belong to it.
            Of many styles it paints what is between them all.

    Raises:
        UserError: if the file is not there or is none of these.
    """
    path = _there(path)
    with _no_checkpoint(path):
        architecture, style, state = _read(path)
        if architecture["name"] in ENLARGERS:
            raise UserError(f"{path} enlarges pictures: fastnst upscale --ckpt takes it.")
        check_style(style)
        styles = state.pop(STYLES, None)
        network = _built(build_network, architecture, state)
        if styles is not None:
            set_style(network, styles.mean(0))
        return Model(network.eval(), architecture, style)


def read_enlarger(path: str | Path) -> Enlarger:
    """Read a network for super-resolution: a `model.safetensors`, or a checkpoint of its training.

    Args:
        path: the file, or the folder of a run, as in `read_network`.

    Raises:
        UserError: if the file is not there or is none of these.
    """
    path = _there(path)
    with _no_checkpoint(path):
        architecture, _, state = _read(path)
        if architecture["name"] not in ENLARGERS:
            raise UserError(f"{path} paints in a style: fastnst stylize --ckpt takes it.")
        return Enlarger(_built(build_enlarger, architecture, state).eval(), architecture)


def is_enlarger(path: str | Path) -> bool:
    """Whether a file, or the folder of a run, has a network for super-resolution; not if it cannot
    be read, of which `read_network` says why."""
    try:
        path = _there(path)
        with _no_checkpoint(path):
            return _read(path)[0]["name"] in ENLARGERS
    except UserError:
        return False


def _there(path: str | Path) -> Path:
    path = in_run_folder(from_home(path))
    if not path.is_file():
        raise UserError(f"There is no checkpoint {path}: {_advice(path)}.")
    return path


@contextmanager
def _no_checkpoint(path: Path) -> Generator[None]:
    """Say so in one sentence of whatever a file that is none does to its reader."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError, OSError,
            safetensors.SafetensorError) as error:  # fmt: skip
        raise UserError(
            f"{path} is not a fastnst checkpoint: give a last.ckpt or model.safetensors that "
            f"fastnst train wrote, or a network of pytorch/examples."
        ) from error


def _read(path: Path) -> Read:
    return (_read_safetensors if path.suffix == ".safetensors" else _read_checkpoint)(path)


def in_run_folder(path: Path) -> Path:
    """The network of the styles in a run folder, else its newest, else a `UserError`; or a file."""
    if not path.is_dir():
        return path
    names = (path / name for name in ("model.safetensors", "checkpoints/last.ckpt", "last.ckpt"))
    if there := [*filter(Path.is_file, names)]:
        # a run that was resumed and then killed has an older network than checkpoint
        newest = max(there, key=lambda file: file.stat().st_mtime_ns)
        return there[0] if any(path.glob(f"*{ENDING}")) else newest
    raise UserError(
        f"The folder {path} is no run: there is neither a model.safetensors nor a "
        f"checkpoints/last.ckpt in it."
    )


def _advice(path: Path) -> str:
    """What to do about a file that is not there."""
    name = path.stem if path.suffix == ".safetensors" else path.name
    if any((MODELS / f"{name}{ending}").is_file() for ending in (".safetensors", ENDING)):
        return f"the finished style of this name is had with --style {name}"
    return "check the name"


def check_style(style: Any) -> None:
    """Raise an exception if what a file says about a style is more than a few plain values."""
    # the name becomes part of file names
    if not re.fullmatch(rf"[\w-]{{1,{LONGEST_NAME}}}", style["name"]):
        raise ValueError("the name of the style is not a plain word")
    plain = all(isinstance(value, str | int | float | None) for value in style.values())
    if not plain or len(json.dumps(style)) > LONGEST_STYLE:
        raise ValueError("the style is not described by a few plain values")


def _built(
    build: Callable[[dict[str, Any]], Network],
    architecture: dict[str, Any],
    state: dict[str, Tensor],
) -> Network:
    with torch.device("meta"):  # no memory yet: it may be larger than the file
        network = build(architecture)
    needed = {name: value.shape for name, value in network.state_dict().items()}
    if {name: value.shape for name, value in state.items()} != needed:
        raise ValueError("the weights are of another network")
    network = build(architecture)
    network.load_state_dict(state)
    return network


def _read_safetensors(path: Path) -> Read:
    with readable_name(path) as name, safetensors.safe_open(name, "pt") as file:
        metadata = file.metadata() or {}
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    theirs = find_theirs(state)
    if theirs is not None and "architecture" not in metadata:
        return _convert(path, theirs)
    return json.loads(metadata["architecture"]), json.loads(metadata["style"]), state


@contextmanager
def readable_name(path: Path) -> Generator[str]:
    """For safetensors, which takes names in UTF-8 only."""
    if re.search("[\ud800-\udfff]", str(path)) is None:
        yield str(path)
    else:  # bytes that are no text, which only POSIX allows
        with path.open("rb") as file:
            yield f"/dev/fd/{file.fileno()}"


def _read_checkpoint(path: Path) -> Read:
    checkpoint = load_plain(path)
    theirs = find_theirs(checkpoint)
    if theirs is not None:
        return _convert(path, theirs)
    settings = checkpoint["hyper_parameters"]
    state = {
        name.removeprefix(PREFIX): value
        for name, value in checkpoint["state_dict"].items()
        if name.startswith(PREFIX) or name == STYLES
    }
    if "scale" in settings:  # it enlarges
        return settings["network"] | {"scale": settings["scale"]}, {}, state
    return settings["network"], settings["style"], state


def _convert(path: Path, theirs: Mapping[str, Tensor]) -> Read:
    # all that the file says about it
    style = {"name": re.sub(r"[^\w-]+", "_", path.stem)[:LONGEST_NAME]}
    return {"name": "pytorch_examples"}, style, convert(theirs)
