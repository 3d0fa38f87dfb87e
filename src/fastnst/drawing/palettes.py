"""Palettes of painters who do not exist: few colours that go together."""

import numpy as np

# how far apart the hues of a palette are, in turns, and how often such a palette comes
SCHEMES = (
    ((0.0, 0.03, 0.08), 0.22),  # hardly more than one colour
    ((0.0, 0.08, 0.16), 0.26),  # neighbours
    ((0.0, 0.06, 0.5), 0.28),  # against their complement
    ((0.0, 0.33, 0.67), 0.12),
    ((0.0, 0.25, 0.5, 0.75), 0.12),
)

# from OKLab to linear RGB, by way of the cones (B. Ottosson, "A perceptual color space for image
# processing", 2020)
TO_CONES = np.array([[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728],
                     [1, -0.0894841775, -1.2914855480]])  # fmt: skip
TO_RGB = np.array([[4.0767416621, -3.3077115913, 0.2309699292],
                   [-1.2684380046, 2.6097574011, -0.3413193965],
                   [-0.0041960863, -0.7034186147, 1.7076147010]])  # fmt: skip


def draw_palette(rng: np.random.Generator) -> np.ndarray:
    """Draw a palette.

    Returns:
        float32 `(n, 3)`, sRGB in 0..255, 4 to 9 colours from dark to bright.
    """
    count = rng.integers(4, 10)
    hues, shares = zip(*SCHEMES, strict=True)
    scheme = np.array(hues[rng.choice(len(SCHEMES), p=shares)])
    hue = rng.random() + rng.choice(scheme, count) + rng.normal(0, 0.02, count)
    dark, bright = rng.uniform(0.08, 0.4), rng.uniform(0.72, 0.97)
    light = np.linspace(dark, bright, count) + rng.normal(0, 0.04, count)
    # colours are strongest in the middle of the scale; some painters hardly use any
    strength = rng.uniform(0.02, 0.2) * rng.uniform(0.5, 1.2, count)
    strength *= np.sin(np.pi * np.clip(light, 0.12, 0.95))
    angle = 2 * np.pi * hue
    lab = np.stack([light, strength * np.cos(angle), strength * np.sin(angle)], 1)
    linear = np.clip((lab @ TO_CONES.T) ** 3 @ TO_RGB.T, 0, 1)
    curved = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return (255 * np.where(linear > 0.0031308, curved, 12.92 * linear)).astype(np.float32)


def blend(palette: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Colours `(..., 3)` of levels 0..1, which go over into each other along the palette."""
    place = np.clip(level, 0, 1) * (len(palette) - 1)
    low = np.minimum(place.astype(int), len(palette) - 2)
    share = (place - low).astype(np.float32)[..., None]
    return palette[low] * (1 - share) + palette[low + 1] * share


def pick(palette: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Colours `(..., 3)` of levels 0..1, each one of the palette's own."""
    entry = np.floor(level * len(palette)).astype(int)
    return palette[np.clip(entry, 0, len(palette) - 1)]
