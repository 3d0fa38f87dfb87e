"""The mark in a painted picture that says from which file it was painted, so that a folder with
results in it can be painted again without painting those."""

import hashlib
import math
import os

from PIL import Image
from PIL.ExifTags import Base

from fastnst.images.formats import open_picture
from fastnst.machine import UserError

MARK = "fastnst, painted from "
UNMARKED = frozenset({".gif", ".bmp", ".ppm"})  # what has no place for it


def origin(name: str) -> str:
    """The mark of what is painted from a file; of its name no more than a number is in it."""
    return MARK + hashlib.sha256(os.fsencode(name)).hexdigest()[:16]


def read_origin(path: str | os.PathLike[str]) -> str | None:
    """The mark in a file; None if it has none, as photographs do, or cannot be read."""
    try:
        with open_picture(os.fspath(path), math.inf) as image:
            # not with the PNG's own method, which decodes the picture
            mark = Image.Image.getexif(image).get(Base.ProcessingSoftware)
    except (UserError, MemoryError):
        return None
    return mark if isinstance(mark, str) and mark.startswith(MARK) else None
