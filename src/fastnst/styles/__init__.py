"""Paintings: the file of a style in `configs/style/`, and its picture, local or downloaded.

In: a style's name and where its picture is. Out: `(1, 3, H, W)`, RGB in [0, 1].
"""

from fastnst.styles.file import find_style_file, write_tv_weight
from fastnst.styles.image import check_picture, load_style_image, local_picture

__all__ = [
    "check_picture",
    "find_style_file",
    "load_style_image",
    "local_picture",
    "write_tv_weight",
]
