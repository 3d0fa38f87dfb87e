"""Paintings: the picture of a style, local or downloaded.

In: a style's name and where its picture is. Out: `(1, 3, H, W)`, RGB in [0, 1].
"""

from fastnst.styles.image import (
    check_picture,
    given_away,
    load_style_image,
    local_picture,
    paintings_in,
)

__all__ = [
    "check_picture",
    "given_away",
    "load_style_image",
    "local_picture",
    "paintings_in",
]
