"""Finding the style picture: a local file, a download that is kept, or the built-in one."""

import os
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from torch import Tensor
from tqdm import tqdm

from fastnst import __version__
from fastnst.brush_strokes import paint_brush_strokes
from fastnst.errors import UserError
from fastnst.images import SUFFIXES, flatten, read_image, resize_short_side, to_tensor

BUILTIN = "builtin:brush_strokes"
LOCAL_FOLDER = Path("data/styles")
SMALLEST_SIDE = 16


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
    if urlsplit(image).scheme not in ("http", "https"):
        path = Path(image).expanduser()
        if not path.is_file():
            raise UserError(f"There is no style image {path}: check style.image.")
        return path
    for folder in (LOCAL_FOLDER, cache_folder()):
        for path in sorted(folder.glob(f"{name}.*")):
            if path.suffix.lower() in SUFFIXES:
                return path
    return _download(name, image)


def cache_folder() -> Path:
    """Where downloaded style pictures are kept: `$XDG_CACHE_HOME/fastnst/styles`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "fastnst" / "styles"


def _download(name: str, url: str) -> Path:
    """Fetch a picture into the cache; a file that is no picture never gets its final name."""
    suffix = Path(urlsplit(url).path).suffix.lower()
    path = cache_folder() / f"{name}{suffix if suffix in SUFFIXES else '.jpg'}"
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    # Wikimedia refuses requests that do not say what program sends them
    request = urllib.request.Request(url, headers={"User-Agent": f"fastnst/{__version__}"})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            urllib.request.urlopen(request, timeout=60) as answer,
            temporary.open("wb") as file,
            tqdm(desc=f"downloading {name}", unit="B", unit_scale=True) as progress,
        ):
            while chunk := answer.read(1 << 16):
                progress.update(file.write(chunk))
        read_image(temporary)
        temporary.replace(path)
    except (OSError, urllib.error.URLError, UserError) as error:
        raise UserError(
            f"Cannot download the style image of {name} from {url} ({error}): save a picture as "
            f"{LOCAL_FOLDER / name}.jpg or name one with style.image=<file>."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return path
