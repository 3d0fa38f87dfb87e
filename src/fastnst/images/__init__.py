"""Picture files and pixels.

In: files and Pillow images of any kind. Out: upright 8-bit sRGB; batches as all rooms know them,
float, RGB, [0, 1], `(N, 3, H, W)`; and back into files of any format, whole or not at all.
"""

from fastnst.images.animated import (
    ANIMATED,
    Animation,
    count_frames,
    is_animated,
    read_frames,
    read_plays,
)
from fastnst.images.colors import (
    ColorMap,
    PreserveColor,
    keep_chrominance,
    luminance,
    match_colors,
)
from fastnst.images.detail import noise
from fastnst.images.enlarge import enlarge, shrink
from fastnst.images.folders import each_image, list_images
from fastnst.images.formats import SUFFIXES, open_picture
from fastnst.images.grid import labelled_grid, stack
from fastnst.images.metadata import Metadata, read_metadata
from fastnst.images.origin import UNMARKED, origin, read_origin
from fastnst.images.pixels import (
    SPREAD,
    crop_center,
    flatten,
    resize_short_side,
    spread_colors,
    to_bytes,
    to_image,
    to_tensor,
    with_short_side,
    without_needless_alpha,
)
from fastnst.images.read import as_read, read_image, read_size
from fastnst.images.write import check_writable, write_image

__all__ = [
    "ANIMATED",
    "SPREAD",
    "SUFFIXES",
    "UNMARKED",
    "Animation",
    "ColorMap",
    "Metadata",
    "PreserveColor",
    "as_read",
    "check_writable",
    "count_frames",
    "crop_center",
    "each_image",
    "enlarge",
    "flatten",
    "is_animated",
    "keep_chrominance",
    "labelled_grid",
    "list_images",
    "luminance",
    "match_colors",
    "noise",
    "open_picture",
    "origin",
    "read_frames",
    "read_image",
    "read_metadata",
    "read_origin",
    "read_plays",
    "read_size",
    "resize_short_side",
    "shrink",
    "spread_colors",
    "stack",
    "to_bytes",
    "to_image",
    "to_tensor",
    "with_short_side",
    "without_needless_alpha",
    "write_image",
]
