"""A painting that is held before the camera becomes a style."""

from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from fastnst.stylizing import STYLE_SIZE, Stylizer


def take_style(
    painting: Image.Image, number: int, like: Stylizer, size: int = STYLE_SIZE
) -> Stylizer:
    """Predict the style of a painting.

    Args:
        painting: what the camera sees.
        number: of the style, for its name.
        like: paints in the same manner, in another style.
        size: short side at which the painting is looked at, in pixels.

    Raises:
        UserError: if it is too small.
    """
    with TemporaryDirectory(prefix="fastnst_") as folder:
        file = Path(folder, f"painting_{number}.png")
        painting.save(file)
        return Stylizer(
            style=str(file),
            style_size=size,
            device=like.device,
            size=like.size,
            style_scale=like.style_scale,
            strength=like.look.strength,
            preserve_color=like.look.preserve_color,
            mask=like.look.mask,
        )
