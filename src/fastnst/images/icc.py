"""Pictures with an ICC profile, in the colours of sRGB."""

from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
SPACES = {"1": "GRAY", "L": "GRAY", "LA": "GRAY", "CMYK": "CMYK", "LAB": "Lab "}  # others: RGB
ROUNDING = 2  # of 255: by so much the sRGB profiles of different makers differ


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert a picture from the colours of its profile.

    Relative colorimetric with black point compensation: colours that sRGB has are not changed for
    the sake of those it has not, white becomes white and black black. Transparency stays as it is.
    A profile that is damaged, or for another kind of picture, is ignored.

    Args:
        image: 8-bit, of any mode; changed in place where it can be.
        profile: the bytes in the file; None if there is no profile.

    Returns:
        RGB, or RGBA where there is transparency.
    """
    opaque = not image.has_transparency_data
    target = "RGB" if opaque else "RGBA"
    space = SPACES.get(image.mode, "RGB ")
    if space == "Lab ":  # the same everywhere, and nothing that Pillow converts otherwise
        profile = LAB
    # a long one is not kept: memory would fill with thirty of them
    transform_of = _transform if len(profile or b"") < 2**21 else _transform.__wrapped__
    source, transform = transform_of(profile, target) if profile else (None, None)
    if transform is None or source not in (space, "RGB ") or (source, space) == ("RGB ", "CMYK"):
        return image if image.mode == target else image.convert(target)
    if source == "RGB ":  # of grey pictures too
        if image.mode != target or image.readonly:  # mapped from the file
            image = image.convert(target)
        return transform.apply_in_place(image)
    converted = transform.apply(image if transform.input_mode == image.mode else image.convert("L"))
    if not opaque:
        converted.putalpha(image.convert("RGBA").getchannel("A"))
    return converted


@lru_cache(maxsize=32)
def _transform(profile: bytes, target: str) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """The profile's colour space, and no transform where there is nothing to do, or no way to."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        inside: Any = source.profile  # to the type checker maybe a file
        space: str = inside.xcolor_space
        mode = {"RGB ": target, "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}[space]
        transform = ImageCms.ImageCmsTransform(
            source,
            SRGB,
            mode,
            target if space == "RGB " else "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC,
        )
    except Exception:  # the bytes are foreign
        return "", None
    return space, None if space == "RGB " and _changes_nothing(transform) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether the profile is sRGB, which has many names and makers."""
    levels = np.linspace(0, 255, 18).astype(np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(18, -1, 3)
    before = Image.fromarray(colors).convert(transform.input_mode)
    after = transform.apply(before)
    return np.abs(np.asarray(after, int) - np.asarray(before, int)).max() <= ROUNDING
