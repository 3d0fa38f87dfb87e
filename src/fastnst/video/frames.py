"""Frames as FFmpeg decodes them, made upright pictures in RGB."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from fastnst.images import flatten, without_needless_alpha

if TYPE_CHECKING:
    from av import VideoFrame

# Numbers of matrices, ranges and so on are those of ITU-T H.273, which FFmpeg uses as well.
BT709, BT601 = 1, 6
LIMITED, FULL = 1, 2
UNSPECIFIED = 2  # primaries and transfer
# those that FFmpeg's converter computes, by its own numbers: it knows BT.601 as 5 alone
MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
# its flags for bilinear, chroma of every pixel both ways, exact rounding: without them colours
# become darker by one in 255
CONVERSION = 0x2 | 0x2000 | 0x4000 | 0x40000


class Frame(NamedTuple):
    """A frame and when it is shown, in units of the reader's `time_base`."""

    picture: Image.Image
    pts: int
    duration: int


class Colours(NamedTuple):
    """How a video's numbers mean colours."""

    matrix: int
    range: int
    primaries: int
    transfer: int


class Upright:
    """Makes pictures of all frames as it has to be done with the first of them.

    Attributes:
        colours: of the first frame.
        transposed: whether width and height of what is stored are exchanged.

    Args:
        first: the first frame.
        keep_alpha: give RGBA where there is transparency, instead of white behind it.
    """

    def __init__(self, first: "VideoFrame", keep_alpha: bool) -> None:
        self.colours = _colours(first)
        self.transposed, *self._flips = _turns(first)
        self._size, self._keep_alpha = (first.width, first.height), keep_alpha

    def __call__(self, frame: "VideoFrame") -> Image.Image:
        """Frame -> RGB or RGBA."""
        clear = any(part.is_alpha for part in frame.format.components)
        pixels = frame.to_ndarray(
            format="rgba" if clear else "rgb24",
            width=self._size[0],  # should the size change on the way
            height=self._size[1],
            src_colorspace=MATRICES[self.colours.matrix],
            src_color_range=frame.color_range,
            interpolation=CONVERSION,
        )
        pixels = pixels.swapaxes(0, 1) if self.transposed else pixels
        picture = Image.fromarray(np.ascontiguousarray(pixels[tuple(self._flips)]))
        return without_needless_alpha(picture) if self._keep_alpha else flatten(picture)


def colours_of_rgb(width: int, height: int) -> Colours:
    """How to write pictures that are RGB as a video: as players take it for, of this size."""
    return Colours(_usual_matrix(width, height), LIMITED, UNSPECIFIED, UNSPECIFIED)


def _usual_matrix(width: int, height: int) -> int:
    return BT709 if height >= 720 or width >= 1280 else BT601


def _colours(frame: "VideoFrame") -> Colours:
    """How a frame's numbers mean colours; what is not said is what players take it for."""
    matrix = frame.colorspace
    if matrix not in MATRICES:
        matrix = _usual_matrix(frame.width, frame.height)
    full = frame.color_range == FULL and not frame.format.is_rgb
    return Colours(matrix, FULL if full else LIMITED, frame.color_primaries, frame.color_trc)


def _turns(frame: "VideoFrame") -> tuple[bool, slice, slice]:
    """What the display matrix does: whether it transposes, and then which way to read rows and
    columns. FFmpeg has x' = a x + c y and y' = b x + d y."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return False, slice(None), slice(None)
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
    transposed = abs(b) > abs(a)
    x, y = (c, b) if transposed else (a, d)
    return transposed, slice(None, None, -1 if y < 0 else 1), slice(None, None, -1 if x < 0 else 1)
