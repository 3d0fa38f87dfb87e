"""A style as a file of a few kilobytes: its numbers, for a network that many styles share.

`<style>.style.safetensors` holds `numbers`, see `fastnst.networks.conditional`, and says what they
are of and which network they belong to.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import safetensors
from safetensors.torch import save
from torch import Tensor, nn

from fastnst.machine import UserError, from_home, whole_file
from fastnst.models.model_file import check_style, readable_name
from fastnst.models.zoo import ENDING
from fastnst.networks import has_styles, split_style, style_of

LARGEST = 2**18  # bytes of a file; `resnet` with its default settings has 3,200 numbers


class StyleFile(NamedTuple):
    """A style.

    Attributes:
        numbers: float32 `(K,)`.
        style: plain facts about it, `name` among them.
        network: fingerprint of the network that it belongs to.
        thumbnail: an encoded picture of a photograph painted in it, if there is one.
    """

    numbers: Tensor
    style: dict[str, Any]
    network: str
    thumbnail: bytes | None


def fingerprint(network: nn.Module) -> str:
    """A hash of all that the styles in a network share, 64 letters."""
    own = split_style(network, style_of(network)).keys()
    digest = hashlib.sha256()
    for name, values in network.state_dict().items():
        if name not in own:
            plain = values.detach().cpu().float().contiguous()
            digest.update(f"{name}{tuple(plain.shape)}".encode() + plain.numpy().tobytes())
    return digest.hexdigest()


def same_network(networks: Sequence[nn.Module]) -> bool:
    """Whether networks differ in nothing but their styles, and have such."""
    if not all(has_styles(network) for network in networks):
        return False
    return len({fingerprint(network) for network in networks}) == 1


def style_file_path(text: str) -> Path:
    """The path of a style file that is to be written, its ending added if it lacks it.

    Raises:
        UserError: if it is the name of a folder, or none.
    """
    path = from_home(text)
    if not text.strip() or path.is_dir():
        raise UserError(f"{text!r} is no name for a file, such as me{ENDING}.")
    return path if path.name.endswith(ENDING) else path.with_name(f"{path.name}{ENDING}")


def write_style(
    path: Path,
    numbers: Tensor,
    style: Mapping[str, Any],
    network: str,
    thumbnail: bytes | None = None,
) -> None:
    """Write a style file; it appears whole or not at all.

    Args:
        path: of the file.
        numbers: `(K,)`, which are rounded to float16.
        style, network, thumbnail: as in `StyleFile`.
    """
    metadata = {"format": "fastnst style", "style": json.dumps(dict(style)), "network": network}
    if thumbnail is not None:
        metadata["thumbnail"] = base64.b64encode(thumbnail).decode()
    with whole_file(path) as temporary:
        # half precision, as published networks have
        temporary.write_bytes(save({"numbers": numbers.detach().cpu().half()}, metadata))


def styles_beside(source: Path, network: nn.Module) -> dict[Path, StyleFile]:
    """The style files that lie beside a network and belong to it, by their paths, in order.

    Args:
        source: its file, or the folder that it lies in.
        network: the network.

    Raises:
        UserError: if one of the files there is damaged, or has not as many numbers as it should.
    """
    folder, shared = source if source.is_dir() else source.parent, fingerprint(network)
    read = {path: read_style(path) for path in sorted(folder.glob(f"*{ENDING}"))}
    found = {path: style for path, style in read.items() if style.network == shared}
    for path, style in found.items():
        check_numbers(path, style, network)
    return found


def check_numbers(path: Path, style: StyleFile, network: nn.Module) -> None:
    """Refuse a style file whose numbers are not as many as those of a style of its network.

    Raises:
        UserError: naming the file.
    """
    needed = len(style_of(network))
    if len(style.numbers) != needed:
        raise UserError(
            f"{path} has {len(style.numbers)} numbers, and a style of its network {needed}: it was "
            f"changed; take it away, or learn the style again."
        )


def read_style(path: Path) -> StyleFile:
    """Read a style file; no code in it is run.

    Raises:
        UserError: if it is not there, or is none.
    """
    if not path.is_file():
        raise UserError(f"There is no style file {path}: check the name.")
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        with readable_name(path) as name, safetensors.safe_open(name, "pt") as file:
            metadata, numbers = file.metadata() or {}, file.get_tensor("numbers").float()
        style = json.loads(metadata["style"])
        check_style(style)
        if numbers.dim() != 1 or not numbers.isfinite().all():
            raise ValueError("its numbers are none")
        packed = metadata.get("thumbnail")
        thumbnail = None if packed is None else base64.b64decode(packed, validate=True)
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError, OSError,
            safetensors.SafetensorError) as error:  # fmt: skip
        raise UserError(
            f"{path} is no style file, or is cut off or damaged: give one that fastnst train wrote."
        ) from error
    return StyleFile(numbers, style, str(metadata.get("network")), thumbnail)
