"""Pictures with transparency, made larger: their colours and their transparency apart."""

from PIL import Image, ImageChops, ImageFilter

SPREAD = (1, 2, 4, 8)  # pixels: how far colours go into what is transparent, step by step
FEWEST = 16  # of 255: share of a neighbourhood that has to have colours; of fewer 8 bits are few


def colors(picture: Image.Image) -> Image.Image:
    """The colours of a picture, whatever its transparency.

    What is wholly transparent gets the colours beside it: it may have any in the file, often black,
    which a network that sees it would draw into the edges.

    Args:
        picture: RGB or RGBA.

    Returns:
        RGB, of the same size.
    """
    if picture.mode == "RGB":
        return picture
    filled = picture.copy()
    known = picture.getchannel("A").point([0] + [255] * 255)
    for radius in SPREAD:
        filled.putalpha(known)
        # in RGBa colours are weighed: there are none where nothing is known
        spread = filled.convert("RGBa").filter(ImageFilter.BoxBlur(radius)).convert("RGBA")
        reached = spread.getchannel("A").point([0] * FEWEST + [255] * (256 - FEWEST))
        filled.paste(spread, mask=ImageChops.subtract(reached, known))
        known = ImageChops.lighter(reached, known)
    return filled.convert("RGB")


def larger_alpha(picture: Image.Image, size: tuple[int, int]) -> Image.Image | None:
    """The transparency of a picture, L, at a larger size, by bicubic interpolation; None of RGB."""
    if picture.mode == "RGB":
        return None
    return picture.getchannel("A").resize(size, Image.Resampling.BICUBIC)
