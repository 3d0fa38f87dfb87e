"""Pictures in, painted pictures out, of any size.

In: trained networks; pictures as files, Pillow images or arrays. Out: Pillow images or files.
"""

from fastnst.stylizing.any_style import (
    LARGEST_STYLE,
    STYLE_SIZE,
    Painting,
    finish_style,
    predict_style,
    read_painting,
)
from fastnst.stylizing.files import Files, Job, paint_files
from fastnst.stylizing.mask import Mask
from fastnst.stylizing.painter import PAYS_AFTER
from fastnst.stylizing.pictures import Picture, one_picture, several_pictures
from fastnst.stylizing.precision import trial_picture
from fastnst.stylizing.protocol import PaintsPictures
from fastnst.stylizing.sources import one_mixture
from fastnst.stylizing.stylizer import Stylizer
from fastnst.stylizing.tiling import Box, Tile, check_tile, plan_tiles, smallest_side

__all__ = [
    "LARGEST_STYLE",
    "PAYS_AFTER",
    "STYLE_SIZE",
    "Box",
    "Files",
    "Job",
    "Mask",
    "Painting",
    "PaintsPictures",
    "Picture",
    "Stylizer",
    "Tile",
    "check_tile",
    "finish_style",
    "one_mixture",
    "one_picture",
    "paint_files",
    "plan_tiles",
    "predict_style",
    "read_painting",
    "several_pictures",
    "smallest_side",
    "trial_picture",
]
