"""Pictures with transparency, made larger: their colours and their transparency apart."""

from PIL import Image

from fastnst.images import spread_colors


def colors(picture: Image.Image) -> Image.Image:
    """The colours of a picture, whatever its transparency.

    What is wholly transparent gets the colours beside it: it may have any in the file, often black,
    which a network that sees it would draw into the edges.

    Args:
        picture: RGB or RGBA.

    Returns:
        RGB, of the same size.
    """
    return picture if picture.mode == "RGB" else spread_colors(picture).convert("RGB")


def larger_alpha(picture: Image.Image, size: tuple[int, int]) -> Image.Image | None:
    """The transparency of a picture, L, at a larger size, by bicubic interpolation; None of RGB."""
    if picture.mode == "RGB":
        return None
    return picture.getchannel("A").resize(size, Image.Resampling.BICUBIC)
