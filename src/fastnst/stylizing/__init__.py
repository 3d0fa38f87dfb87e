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
from fastnst.stylizing.sources import one_mixture
from fastnst.stylizing.stylizer import Stylizer

__all__ = [
    "LARGEST_STYLE",
    "STYLE_SIZE",
    "Files",
    "Job",
    "Mask",
    "Painting",
    "Stylizer",
    "finish_style",
    "one_mixture",
    "paint_files",
    "predict_style",
    "read_painting",
]
