"""Paintings without limit, drawn by the program: what a predictor of styles learns from.

The built-in style `brush_strokes` is one of their kind.
"""

import numpy as np
from PIL import Image

from fastnst.drawing.fields import noise, places
from fastnst.drawing.media import MEDIA
from fastnst.drawing.palettes import draw_palette

MIN_SIZE = 16
FINER = 1.5  # drawn so much larger and scaled down, so that edges are smooth


def draw_painting(size: int, seed: int, index: int) -> np.ndarray:
    """Draw a painting in one of several media, with a palette of its own.

    Args:
        size: side of the square picture in pixels, at least 16.
        seed: number of the collection, at least 0.
        index: number of the painting in it, at least 0.

    Returns:
        uint8 array of shape (size, size, 3), sRGB in 0..255. It depends on the arguments only.

    Raises:
        ValueError: if size is below 16, or seed or index is negative.
    """
    if size < MIN_SIZE:
        raise ValueError(f"size must be at least {MIN_SIZE}, got {size}")
    rng = np.random.default_rng((seed, index, 1))  # other numbers than those of dead leaves
    side = round(FINER * size)
    palette = draw_palette(rng)
    picture = MEDIA[rng.integers(len(MEDIA))](rng, side, palette)
    if rng.random() < 0.5:
        picture = picture * _ground(rng, side)[..., None]
    whole = Image.fromarray(np.clip(picture + 0.5, 0, 255).astype(np.uint8))
    return np.array(whole.resize((size, size), Image.Resampling.LANCZOS))


def _ground(rng: np.random.Generator, size: int) -> np.ndarray:
    """What paper or canvas does to the light, around 1."""
    strength = rng.uniform(0.01, 0.07)
    if rng.random() < 0.5:
        return 1 + strength * noise(rng, size, int(rng.integers(80, 250)))
    x, y = places(size)
    threads = 2 * np.pi * rng.uniform(60, 150)
    return 1 + strength * (np.sin(threads * x) + np.sin(threads * y))
