"""Finding the style picture: a local file, a download that is kept, or the built-in one."""

import hashlib
import http.client
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from fastnst.drawing import paint_brush_strokes
from fastnst.images import SUFFIXES, flatten, list_images, read_image, resize_short_side, to_tensor
from fastnst.machine import UserError, from_home, readable_size, whole_file
from fastnst.networks import SMALLEST_SIDE
from fastnst.version import VERSION

log = logging.getLogger(__name__)

BUILTIN = "builtin:brush_strokes"
NOT_LOCAL = ("http://", "https://", BUILTIN)
LOCAL_FOLDER = Path("data/styles")
LARGEST = 200_000_000  # bytes of a download

# from where on a picture gets a warning
FLAT = 0.03  # standard deviation of the channel that varies most; paintings have 0.2 and more
ENLARGED = 1.5  # times
CLEAR = 0.05  # share of the picture that is transparent


def load_style_image(
    name: str,
    image: str | None,
    size: int,
    max_megapixels: float | None = None,
    option: str = "style.size=",
) -> Tensor:
    """Read the style picture, and warn of one that will not make a good style.

    Args:
        name: of the style; `data/styles/<name>.*` is taken instead of a download.
        image: a file, an `http(s)` address, `builtin:brush_strokes`, or None if there is only that.
        size: length of the short side in pixels, aspect kept.
        max_megapixels: as `read_image` takes it.
        option: what sets the size, for a warning.

    Returns:
        `(1, 3, H, W)`, RGB in [0, 1].

    Raises:
        UserError: if there is no picture, or it is too small or damaged.
    """
    if image == BUILTIN:
        return to_tensor(Image.fromarray(paint_brush_strokes(size)))[None]
    path = _find(name, image)
    read = read_image(path, max_megapixels=max_megapixels)
    picture = flatten(read)
    if min(picture.size) < SMALLEST_SIDE:
        raise UserError(
            f"The style image {path} is {picture.width}x{picture.height} pixels; "
            f"at least {SMALLEST_SIDE}x{SMALLEST_SIDE} are needed."
        )
    style = to_tensor(resize_short_side(picture, size))[None]
    _warn(path, read, style, option)
    return style


def paintings_in(folder: str) -> Iterator[Image.Image]:
    """Every painting of a folder, RGB, in the order of their names.

    Raises:
        UserError: if there is none, or one cannot be read.
    """
    root = from_home(folder)
    files = list_images(root) if root.is_dir() else []
    if not files:
        raise UserError(f"paintings={folder}: there are no pictures; name a folder of paintings.")
    return (flatten(read_image(file)) for file in files)


def _warn(path: Path, read: Image.Image, style: Tensor, option: str) -> None:
    """Say why a picture, as it was read and as it will be used, will not work well."""
    alpha = np.asarray(read.getchannel("A")) if read.mode == "RGBA" else np.uint8(255)
    clear = 1 - alpha.mean() / 255
    if clear > CLEAR:
        log.warning(
            "The style image %s is transparent in %.0f %% of it, which is taken as white: the "
            "painted pictures will be pale; cut it out or put it on a background of its own.",
            *(path, 100 * clear),
        )
    side, size = min(read.size), min(style.shape[2:])
    if size > ENLARGED * side:
        log.warning(
            "The style image %s is %dx%d pixels and is enlarged to %d on its short side: strokes "
            "will be blurred; take a larger picture, or set %s%d.",
            *(path, *read.size, size, option, side),
        )
    if style.std((2, 3)).max() < FLAT:
        log.warning(
            "The style image %s is nearly flat: there is hardly a texture in it that its Gram "
            "matrices could hold, and the painted pictures will only take on its colour; choose "
            "a picture with visible strokes.",
            path,
        )


def _find(name: str, image: str | None) -> Path:
    if image is not None and not image.startswith(("http://", "https://")):
        path = from_home(image)
        if not path.is_file():
            raise UserError(f"There is no style image {path}: check style.image.")
        return path
    local = _local_copy(name)
    if local is not None:
        return local
    if image is None:
        raise UserError(_without(name))
    # Pillow looks at the bytes, not at the name, which therefore needs no extension of its own
    cached = cache_folder() / f"{name}-{hashlib.sha256(image.encode()).hexdigest()[:12]}"
    if not cached.is_file():
        _download(name, image, cached)
    return cached


def cache_folder() -> Path:
    """Where downloaded style pictures are kept: `$XDG_CACHE_HOME/fastnst/styles`."""
    base = os.environ.get("XDG_CACHE_HOME")
    if not base:
        try:
            base = from_home("~/.cache")
        except UserError as error:
            raise UserError(
                "There is no home folder here to keep downloads in: set XDG_CACHE_HOME=<folder> in "
                "the environment, or name a picture with style.image=<file>."
            ) from error
    return Path(base) / "fastnst" / "styles"


class _ToWebOnly(urllib.request.HTTPRedirectHandler):
    """Follows no redirect to anything else, such as FTP."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.startswith(("http://", "https://")):
            raise urllib.error.HTTPError(newurl, code, f"sent on to {newurl}", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(name: str, url: str, path: Path) -> None:
    """Fetch a picture; a file that is no picture never gets its final name."""
    try:
        # Wikimedia refuses requests that do not say what program sends them
        request = urllib.request.Request(url, headers={"User-Agent": f"fastnst/{VERSION}"})
        opener = urllib.request.build_opener(_ToWebOnly)
        with whole_file(path) as temporary:
            with (
                opener.open(request, timeout=60) as answer,
                temporary.open("wb") as file,
                tqdm(desc=f"downloading {name}", unit="B", unit_scale=True) as progress,
            ):
                while chunk := answer.read(1 << 16):
                    progress.update(file.write(chunk))
                    if max(progress.n, answer.length or 0) > LARGEST:
                        raise ValueError(f"it is larger than {readable_size(LARGEST)}")
            read_image(temporary)
    except (OSError, ValueError, http.client.HTTPException, UserError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it is also the answer, with an open connection
        raise UserError(
            f"Cannot download the style image of {name} from {url} ({error}): save a picture as "
            f"{LOCAL_FOLDER / name}.jpg or name one with style.image=<file>."
        ) from error


def check_picture(name: str, image: str | None) -> None:
    """Refuse a style that names no picture, if there is none in `data/styles` either.

    Raises:
        UserError: saying what to do.
    """
    if image is None and _local_copy(name) is None:
        raise UserError(_without(name))


def _local_copy(name: str) -> Path | None:
    files = sorted(LOCAL_FOLDER.glob(f"{name}.*"))
    return next((file for file in files if file.suffix.lower() in SUFFIXES), None)


def _without(name: str) -> str:
    return (
        f"The style {name} has no picture of its own: save one as {LOCAL_FOLDER / name}.jpg, or, "
        f"if it is trained alone, name it with style.image=<file>."
    )


def local_picture(picture: str | None) -> str | None:
    """The file of a style picture, if it is one."""
    return None if picture is None or picture.startswith(NOT_LOCAL) else picture


def given_away(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts about a style for whoever gets its file: not where the picture lay on this machine."""
    local = local_picture(facts["image"]) is not None
    return {**facts, "image": None} if local else {**facts}
