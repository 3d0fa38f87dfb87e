"""Finding the style picture: a local file, a download that is kept, or the built-in one."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from PIL import Image
from torch import Tensor
from tqdm import tqdm

from fastnst import __version__
from fastnst.brush_strokes import paint_brush_strokes
from fastnst.errors import UserError
from fastnst.files import whole_file
from fastnst.images import SUFFIXES, flatten, read_image, resize_short_side, to_tensor
from fastnst.networks import SMALLEST_SIDE

BUILTIN = "builtin:brush_strokes"
LOCAL_FOLDER = Path("data/styles")


def load_style_image(name: str, image: str | None, size: int) -> Tensor:
    """Read the style picture.

    Args:
        name: of the style; `data/styles/<name>.*` is taken instead of a download.
        image: a file, an `http(s)` address, or `builtin:brush_strokes`.
        size: length of the short side in pixels, aspect kept.

    Returns:
        `(1, 3, H, W)`, RGB in [0, 1].

    Raises:
        UserError: if there is no picture, or it is too small or damaged.
    """
    if image is None:
        raise UserError(f"The style {name} has no picture: give one with style.image=<file>.")
    if image == BUILTIN:
        return to_tensor(Image.fromarray(paint_brush_strokes(size)))[None]
    path = _find(name, image)
    picture = flatten(read_image(path))
    if min(picture.size) < SMALLEST_SIDE:
        raise UserError(
            f"The style image {path} is {picture.width}x{picture.height} pixels; "
            f"at least {SMALLEST_SIDE}x{SMALLEST_SIDE} are needed."
        )
    return to_tensor(resize_short_side(picture, size))[None]


def _find(name: str, image: str) -> Path:
    if not image.startswith(("http://", "https://")):
        path = Path(image).expanduser()
        if not path.is_file():
            raise UserError(f"There is no style image {path}: check style.image.")
        return path
    for path in sorted(LOCAL_FOLDER.glob(f"{name}.*")):
        if path.suffix.lower() in SUFFIXES:
            return path
    # Pillow looks at the bytes, not at the name, which therefore needs no extension of its own
    cached = cache_folder() / f"{name}-{hashlib.sha256(image.encode()).hexdigest()[:12]}"
    if not cached.is_file():
        _download(name, image, cached)
    return cached


def cache_folder() -> Path:
    """Where downloaded style pictures are kept: `$XDG_CACHE_HOME/fastnst/styles`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "fastnst" / "styles"


def _download(name: str, url: str, path: Path) -> None:
    """Fetch a picture; a file that is no picture never gets its final name."""
    try:
        # Wikimedia refuses requests that do not say what program sends them
        request = urllib.request.Request(url, headers={"User-Agent": f"fastnst/{__version__}"})
        with whole_file(path) as temporary:
            with (
                urllib.request.urlopen(request, timeout=60) as answer,
                temporary.open("wb") as file,
                tqdm(desc=f"downloading {name}", unit="B", unit_scale=True) as progress,
            ):
                while chunk := answer.read(1 << 16):
                    progress.update(file.write(chunk))
            read_image(temporary)
    except (OSError, ValueError, http.client.HTTPException, UserError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it is also the answer, with an open connection
        raise UserError(
            f"Cannot download the style image of {name} from {url} ({error}): save a picture as "
            f"{LOCAL_FOLDER / name}.jpg or name one with style.image=<file>."
        ) from error
