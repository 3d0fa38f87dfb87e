"""Pictures as programs have them: files, bytes, Pillow images, arrays and tensors."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image
from torch import Tensor

from fastnst.images import as_read, read_image, to_image
from fastnst.machine import UserError

Picture = Image.Image | np.ndarray | Tensor | str | Path | bytes | BinaryIO


class _Content(BytesIO):
    """Of a file without a name, for sentences."""

    def __str__(self) -> str:
        return "what was given as bytes"


def one_picture(picture: object) -> Image.Image:
    """RGB, or RGBA where there is transparency, upright, in sRGB.

    Args:
        picture: as `Stylizer` takes it; a tensor has one picture, `(3, H, W)`.

    Raises:
        UserError: if it is no picture.
    """
    if isinstance(picture, str | Path):
        return read_image(picture)
    if isinstance(picture, Image.Image):
        return as_read(picture)
    if isinstance(picture, np.ndarray):
        return as_read(_from_array(picture))
    if isinstance(picture, Tensor):
        return _from_tensor(picture)
    read = getattr(picture, "read", None)
    content = read() if callable(read) else picture
    if isinstance(content, bytes | bytearray | memoryview):
        return read_image(_Content(content))
    raise UserError(
        f"{_named(content)} is no picture: give a Pillow image, an array, a tensor, a file or its "
        f"bytes."
    )


def several_pictures(pictures: object) -> list[Picture] | None:
    """Those of a list, a tuple or a tensor `(N, 3, H, W)`; None if it is one picture."""
    if isinstance(pictures, list | tuple):
        return list(pictures)
    if isinstance(pictures, Tensor) and pictures.ndim == 4:
        return list(pictures)
    return None


def _from_array(values: np.ndarray) -> Image.Image:
    if (
        values.dtype != np.uint8
        or values.ndim not in (2, 3)
        or values.shape[2:] not in ((), (3,), (4,))
        or 0 in values.shape
    ):
        raise UserError(
            f"An array of {values.dtype} and shape {values.shape} is no picture: give uint8, "
            f"(H, W, 3)."
        )
    return Image.fromarray(values)


def _from_tensor(values: Tensor) -> Image.Image:
    shape = tuple(values.shape)
    if not values.is_floating_point() or values.ndim != 3 or shape[0] != 3 or 0 in shape:
        kind = str(values.dtype).removeprefix("torch.")
        raise UserError(
            f"A tensor of {kind} and shape {shape} is no picture: give floats in [0, 1], "
            f"(3, H, W) or (N, 3, H, W)."
        )
    least, largest = values.detach().float().aminmax()
    # a little more, as interpolation gives, is clipped
    if not (least >= -0.5 and largest <= 1.5):  # or not a number
        raise UserError(
            f"The tensor has values from {least:g} to {largest:g}: a picture's are in [0, 1]."
        )
    return to_image(values)


def _named(value: object) -> str:
    return "None" if value is None else f"A {type(value).__name__}"
