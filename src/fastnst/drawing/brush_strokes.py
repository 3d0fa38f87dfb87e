"""A procedural painting: the built-in style that needs no picture file.

Curved brush strokes follow the streamlines of a swirling flow and are laid in layers from large
to small, as in A. Hertzmann, "Painterly rendering with curved brush strokes of multiple sizes",
SIGGRAPH 1998. A height map is painted along with the colours and lit from the side, so that
bristle marks and stroke edges stand out as in impasto.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fastnst.drawing.palettes import pick

MIN_SIZE = 16
MAX_TURN = 0.9  # radians from the middle of a stroke to its end

VORTICES = 4  # beside the large one

# From the outer flow to the hearts of the vortices: navy to teal, then ochre to cream.
PALETTE = np.frombuffer(
    bytes.fromhex("142054 18347a 265ca4 1e8094 70b0a6 ce9c3c de6826 f0b446 f6e4b2"), np.uint8
).reshape(-1, 3)

# Per layer: stroke width as share of the image side, length in widths, spacing in widths.
LAYERS = ((0.100, 4.0, 0.75), (0.066, 4.5, 0.85), (0.044, 5.0, 1.1))


def paint_brush_strokes(size: int, seed: int = 0) -> np.ndarray:
    """Paint a picture of thick strokes along a swirling flow.

    Args:
        size: side of the square picture in pixels, at least 16.
        seed: number of the picture, at least 0.

    Returns:
        uint8 array of shape (size, size, 3), sRGB in 0..255. It depends on the arguments only,
        and pictures of one seed show the same composition at every size.

    Raises:
        ValueError: if size is below 16 or seed is negative.
    """
    if size < MIN_SIZE:
        raise ValueError(f"size must be at least {MIN_SIZE}, got {size}")
    return lay_strokes(np.random.default_rng(seed), size, PALETTE, LAYERS, VORTICES)


def lay_strokes(
    rng: np.random.Generator,
    size: int,
    palette: np.ndarray,
    layers: Sequence[tuple[float, float, float]],
    vortices: int,
) -> np.ndarray:
    """`paint_brush_strokes` with other paint and brushes.

    Args:
        rng: decides all else.
        size: side of the square picture in pixels.
        palette: `(n, 3)`, 0..255, from the outer flow to the hearts of the vortices.
        layers: as `LAYERS`.
        vortices: how many small ones.
    """
    flow = _Flow(rng, vortices)
    bristles = _bristle_texture(rng)
    pixels = np.stack(np.meshgrid(*[(np.arange(size) + 0.5) / size] * 2), axis=-1).reshape(-1, 2)
    canvas = np.zeros((size, size, 4), np.float32)  # red, green, blue, height of the paint
    canvas[..., :3] = pick(palette, flow.level(pixels)).reshape(size, size, 3)
    for width, length, spacing in layers:
        centres = _jittered_grid(rng, spacing * width)
        angles, curvatures = flow.direction(centres, step=0.5 * width)
        colours = _stroke_colours(rng, palette, flow.level(centres))
        half_widths = 0.5 * width * rng.uniform(0.75, 1.15, len(centres))
        half_lengths = length * half_widths * rng.uniform(0.8, 1.2, len(centres))
        # Short strokes where the flow turns sharply, since a parabola bends only so far.
        shortening = np.abs(curvatures) * half_lengths / MAX_TURN
        half_lengths = np.maximum(half_lengths / np.maximum(shortening, 1), 1.5 * half_widths)
        bends = np.clip(curvatures, -MAX_TURN / half_lengths, MAX_TURN / half_lengths)
        offsets = rng.integers(len(bristles), size=(len(centres), 2))
        columns = (centres, angles, bends, half_lengths, half_widths, colours, offsets)
        for stroke in zip(*columns, strict=True):
            _lay_stroke(canvas, bristles, _Stroke(*stroke))
    return _light(canvas)


class _Stroke(NamedTuple):
    centre: np.ndarray  # (2,), lengths in image sides
    angle: float
    curvature: float
    half_length: float
    half_width: float
    colour: np.ndarray  # (3,)
    offset: np.ndarray  # (2,), its place in the bristle texture


class _Flow:
    """An incompressible flow on the unit square, given by its stream function."""

    def __init__(self, rng: np.random.Generator, vortices: int) -> None:
        self.radii = np.array([0.2, *rng.uniform(0.09, 0.16, vortices)])
        # Vortices too close together would merge: each takes the freest of some random places.
        self.spots = rng.uniform(0.08, 0.92, (1, 2))
        while len(self.spots) < len(self.radii):
            places = rng.uniform(0.08, 0.92, (20, 2))
            gaps = np.linalg.norm(places[:, None] - self.spots, axis=2).min(axis=1)
            self.spots = np.concatenate([self.spots, places[[gaps.argmax()]]])
        self.waves = rng.normal(0, 1, (4, 2)) * 4.0
        self.phases = rng.uniform(0, 2 * np.pi, 4)
        ticks = (np.arange(64) + 0.5) / 64
        grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
        self.ranked = np.sort(self.stream(grid))

    def stream(self, points: np.ndarray) -> np.ndarray:
        """Return the stream function (n,) at points (n, 2)."""
        waves = np.sin(points @ self.waves.T + self.phases).sum(axis=1)
        squared = ((points[:, None] - self.spots) ** 2).sum(axis=2)
        return np.exp(-0.5 * squared / self.radii**2).sum(axis=1) + 0.16 * waves

    def level(self, points: np.ndarray) -> np.ndarray:
        """Return the share of the picture (n,), 0..1, where the stream function is lower.

        It is constant along streamlines and uniformly distributed, whatever the vortices.
        """
        return np.searchsorted(self.ranked, self.stream(points)) / self.ranked.size

    def angle(self, points: np.ndarray) -> np.ndarray:
        """Return the direction of the flow (n,) in radians."""
        step = 1e-4
        slope_x, slope_y = (
            self.stream(points + shift) - self.stream(points - shift) for shift in step * np.eye(2)
        )
        return np.arctan2(-slope_x, slope_y)

    def direction(self, points: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
        """Return direction (n,) in radians and curvature (n,) in radians per image side."""
        angle = self.angle(points)
        ahead = step * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        turn = self.angle(points + ahead) - self.angle(points - ahead)
        turn = (turn + np.pi) % (2 * np.pi) - np.pi
        return angle, turn / (2 * step)


def _jittered_grid(rng: np.random.Generator, spacing: float) -> np.ndarray:
    """Return points (n, 2) in random order that cover the unit square and a margin evenly."""
    ticks = np.arange(-spacing, 1 + 2 * spacing, spacing)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    return rng.permutation(grid + rng.uniform(-0.5, 0.5, grid.shape) * spacing)


def _stroke_colours(rng: np.random.Generator, palette: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return RGB (n, 3), 0..255: broken colour around the palette entry of each level (n,)."""
    count = level.size
    colours = pick(palette, level + rng.normal(0, 0.08, count))
    return colours * rng.normal(1, 0.12, (count, 1)) + rng.normal(0, 7, (count, 3))


def _bristle_texture(rng: np.random.Generator) -> np.ndarray:
    """Return a periodic texture (512, 512), 0..1, fine across strokes (axis 0), long along them."""
    side = 512
    across = np.abs(np.fft.fftfreq(side) * side)[:, None]
    along = (np.fft.rfftfreq(side) * side)[None]
    spectrum = np.exp(-((across / 110) ** 2)) * np.exp(-((along / 7) ** 2)) * (across > 8)
    texture = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((side, side))) * spectrum)
    return (0.5 + 0.5 * np.tanh(0.9 * texture / texture.std())).astype(np.float32)


def _lay_stroke(canvas: np.ndarray, bristles: np.ndarray, stroke: _Stroke) -> None:
    """Blend one stroke into canvas (size, size, 4)."""
    size = len(canvas)
    half_length, half_width = stroke.half_length, stroke.half_width
    cos, sin = np.cos(stroke.angle), np.sin(stroke.angle)
    sag = half_width + 0.5 * abs(stroke.curvature) * half_length**2
    reach = np.abs([[cos, sin], [sin, cos]]) @ [half_length, sag]
    x0, y0 = np.clip(np.floor((stroke.centre - reach) * size), 0, size).astype(int)
    x1, y1 = np.clip(np.ceil((stroke.centre + reach) * size), 0, size).astype(int)
    x = ((np.arange(x0, x1) + 0.5) / size - stroke.centre[0]).astype(np.float32)[None]
    y = ((np.arange(y0, y1) + 0.5) / size - stroke.centre[1]).astype(np.float32)[:, None]
    along = cos * x + sin * y
    across = cos * y - sin * x - 0.5 * stroke.curvature * along**2  # parabola for the arc
    u, v = along / half_length, across / half_width
    row = (20 * v + stroke.offset[0]).astype(np.int32) % len(bristles)
    column = (40 * u + stroke.offset[1]).astype(np.int32) % len(bristles)
    bristle = bristles[row, column]

    # Bristles leave the canvas one by one, so that the ends are ragged, the sides hardly.
    alpha = np.clip((1 - np.abs(u) - 0.35 * bristle) * half_length * size / 4, 0, 1)
    alpha *= np.clip((1 - np.abs(v) - 0.10 * bristle) * half_width * size, 0, 1)
    # The brush runs dry towards its end and shows what lies beneath.
    alpha *= np.clip(1.25 - 0.5 * np.maximum(u, 0) * (0.4 + bristle), 0, 1)
    paint = np.empty((*alpha.shape, 4), np.float32)
    paint[..., :3] = stroke.colour * (0.78 + 0.40 * bristle)[..., None]
    paint[..., 3] = 0.35 + 0.55 * bristle + 0.5 * np.abs(v) ** 4  # paint piles up at the rims
    patch = canvas[y0:y1, x0:x1]
    patch += alpha[..., None] * (paint - patch)


def _light(canvas: np.ndarray) -> np.ndarray:
    """Return canvas (size, size, 4) lit from the upper left, as uint8 RGB."""
    size = len(canvas)
    height = canvas[..., 3]
    slope_y, slope_x = np.gradient(height)
    # Slopes are per image side, so that the relief looks the same at every size.
    slope = -(slope_x + slope_y) * size / 130
    shading = 1 + 0.28 * np.tanh(slope)
    gloss = 38 * np.clip(np.tanh(slope) - 0.45, 0, 1)
    rgb = canvas[..., :3] * shading[..., None] + gloss[..., None]
    return np.clip(rgb + 0.5, 0, 255).astype(np.uint8)
