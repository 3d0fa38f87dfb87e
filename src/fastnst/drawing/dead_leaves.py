"""Synthetic training images: a textured, shaded dead leaves model.

Opaque shapes of random size fall on one another until they hide the plane. With the density of
their radii proportional to r^-3 the result is scale invariant, as natural images are: it has
occlusion edges, large smooth areas and fine clutter at once, and its amplitude spectrum falls
roughly as 1/f.

A. B. Lee, D. Mumford, J. Huang, "Occlusion models for natural images: a statistical study of a
scale-invariant dead leaves model", International Journal of Computer Vision 41, 2001.
M. Baradad, J. Wulff, T. Wang, P. Isola, A. Torralba, "Learning to see by looking at noise",
NeurIPS 2021.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

DRAWING = 2  # change it with how they look: prepared ones of another number are not used
MIN_SIZE = 16
MAX_RADIUS = 0.6  # share of the image side
MAX_LEAVES = 600  # bounds the time per image
VERTICES = 32
TILE = 256  # side of a texture tile in texels, a power of two

# How often each tile of `_texture_tiles` is used: rough surfaces above all, patterns seldom.
TILE_WEIGHTS = np.array([6, 6, 4] + [1] * 4 + [1.5, 1.5, 1] + [1.2, 0.6, 0.6, 1] + [0.4] * 4)

# Blue to yellow and green to red, in RGB. Natural colours vary less along the second axis.
OPPONENT_AXES = np.array([[0.55, 0.15, -0.70], [0.30, -0.36, 0.06]])
# Angles between these axes: earth and skin, sky and water, leaves and grass, flowers.
HUES = (0.3, 3.45, -0.9, 1.3)
HUE_SHARES = (0.42, 0.28, 0.22, 0.08)


class _Leaves(NamedTuple):
    centre: np.ndarray  # (2, n), x and y in image sides
    slope: np.ndarray  # (2, n), of the brightness, per image side
    falloff: np.ndarray  # (n,), of the brightness, per squared image side
    texture_axis: np.ndarray  # (2, n), texels per image side
    colour: np.ndarray  # (n, 3)
    tint: np.ndarray  # (n, 3), change of colour per unit of texture
    tile: np.ndarray  # (n,), index of the texture


def draw_dead_leaves(size: int, seed: int, index: int, grain: bool = True) -> np.ndarray:
    """Draw one image of the dead leaves model.

    Args:
        size: side of the square image in pixels, at least 16.
        seed: number of the data set, at least 0.
        index: number of the image within the data set, at least 0.
        grain: whether there is noise on it, as on what sensors and film see.

    Returns:
        uint8 array of shape (size, size, 3), sRGB in 0..255. It depends on the arguments
        only, and images of one (seed, index) show the same scene at every size.

    Raises:
        ValueError: if size is below 16, or seed or index is negative.
    """
    if size < MIN_SIZE:
        raise ValueError(f"size must be at least {MIN_SIZE}, got {size}")
    rng = np.random.default_rng((seed, index))
    centres, radii, outlines = _scatter_leaves(rng)
    leaves = _leaf_appearance(rng, centres, radii)
    labels = _paint_labels(2 * size, outlines)

    # The four subsamples of a pixel are shaded one by one only where an edge crosses the pixel.
    first, *others = (labels[i::2, j::2].ravel() for i in (0, 1) for j in (0, 1))
    edges = np.flatnonzero(np.any([other != first for other in others], axis=0))
    points = (np.indices((size, size), np.float32)[::-1].reshape(2, -1) + 0.5) / np.float32(size)
    image = _shade(leaves, first, points)
    edge_points = points[:, edges]
    for other in others:
        image[edges] += _shade(leaves, other[edges], edge_points)
    image[edges] *= 0.25
    image *= _illumination(rng, first.reshape(size, size), points)[:, None]
    image *= rng.normal(1, 0.07, 3).astype(np.float32)  # lamps, shade, evening

    blur = rng.uniform(0.001, 0.003) * size * (rng.random() < 0.2)  # a few are out of focus
    noise = rng.uniform(0.003, 0.02)
    if grain:
        image += noise * rng.standard_normal(image.shape, np.float32)
    image *= 255
    image += 0.5
    picture = np.clip(image, 0, 255, out=image).astype(np.uint8).reshape(size, size, 3)
    if blur:
        picture = np.array(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(blur)))
    return picture


def _scatter_leaves(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centres (n, 2), radii (n,) and outlines (n, VERTICES, 2) in image sides."""
    smallest = np.exp(rng.uniform(np.log(0.008), np.log(0.06)))
    mean_area = 2 * np.pi * smallest**2 * np.log(MAX_RADIUS / smallest)
    # Leaves over each point on average, were the count not bounded. In some pictures they are few
    # and leave the backdrop to be seen: a sky, a wall, a floor.
    layers = rng.uniform(0.1, 4)
    count = min(MAX_LEAVES, int(layers / mean_area))
    # Inverse of the cumulative distribution of the density r^-3.
    radii = smallest / np.sqrt(rng.uniform((smallest / MAX_RADIUS) ** 2, 1, count))
    # A few large leaves at the back part the scene as sky, ground and walls do.
    large = min(count, rng.integers(0, 5))
    radii[:large] = rng.uniform(0.3, MAX_RADIUS, large)
    centres = rng.uniform(-0.15, 1.15, (count, 2))

    # Every outline has as many vertices; those of a polygon coincide at its few corners.
    kind = rng.choice(4, (count, 1), p=rng.dirichlet((3, 2, 3, 2)))
    is_blob, is_rectangle, is_polygon = kind == 1, kind == 2, kind == 3
    vertex = np.arange(VERTICES)
    corners = np.where(is_rectangle, 4, rng.integers(3, 9, (count, 1)))
    corner = vertex * corners // VERTICES
    jitter = rng.uniform(-0.4, 0.4, (2, count, 8)) * is_polygon
    turn_jitter, reach_jitter = (np.take_along_axis(table, corner, 1) for table in jitter)
    is_angular = is_rectangle | is_polygon
    theta = np.where(is_angular, (corner + 0.5 + turn_jitter) / corners, vertex / VERTICES)
    theta *= 2 * np.pi
    wobble = rng.uniform(0.05, 0.2, (2, count, 1)) * is_blob
    phase = rng.uniform(0, 2 * np.pi, (2, count, 1))
    reach = 1 + reach_jitter
    reach += wobble[0] * np.cos(3 * theta + phase[0]) + wobble[1] * np.cos(5 * theta + phase[1])
    # Dividing by the root keeps the area, so that thin leaves are long as well.
    aspect = np.sqrt(np.maximum(np.exp(-rng.exponential(0.6, (count, 1))), 0.08))
    u = radii[:, None] * reach * np.cos(theta) / aspect
    v = radii[:, None] * reach * np.sin(theta) * aspect
    turn = rng.uniform(0, 2 * np.pi, (count, 1))
    cos, sin = np.cos(turn), np.sin(turn)
    outlines = np.stack([cos * u - sin * v, sin * u + cos * v], axis=-1) + centres[:, None]
    return centres, radii, outlines


def _illumination(rng: np.random.Generator, label: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the light (n,), around 1, at points (2, n), the pixels of label (size, size)."""
    slope = rng.uniform(-0.35, 0.35, 2).astype(np.float32)
    angle, reach, depth = rng.uniform(0, (2 * np.pi, 0.03 * len(label), 0.6))
    shadow = np.zeros(label.shape, np.float32)
    # Leaves shade those beneath them, the less the farther off. Rolling wraps round: what stands
    # outside the frame is as random as what stands within.
    for distance in np.linspace(0.2, 1, 5) * reach:
        shift = np.rint([distance * np.cos(angle), distance * np.sin(angle)]).astype(int)
        shadow += np.roll(label, shift, (0, 1)) > label
    return (1 + slope @ (points - 0.5)) * (1 - np.float32(depth / 5) * shadow.ravel())


def _paint_labels(side: int, outlines: np.ndarray) -> np.ndarray:
    """Return the map (side, side) of the topmost leaf: 0 for none, else its row plus 1."""
    canvas = Image.new("I", (side, side), 0)
    draw = ImageDraw.Draw(canvas)
    for label, outline in enumerate((outlines * side).reshape(-1, 2 * VERTICES).tolist(), 1):
        draw.polygon(outline, fill=label)
    return np.asarray(canvas, np.intp)  # numpy gathers fastest by its own index type


def _leaf_appearance(rng: np.random.Generator, centres: np.ndarray, radii: np.ndarray) -> _Leaves:
    """Draw colour, shading and texture of the backdrop (first) and of each leaf."""
    centres = np.concatenate([[[0.5, 0.5]], centres])
    radii = np.concatenate([[MAX_RADIUS], radii])[:, None]
    column = radii.shape
    palette_size = rng.integers(3, 8)
    hues = rng.choice(HUES, palette_size, p=HUE_SHARES) + rng.normal(0, 0.35, palette_size)
    chromas = 0.6 * rng.beta(2, 4.5, palette_size)
    dark, bright = rng.uniform((0.08, 0.6), (0.3, 0.92))
    levels = rng.permutation(np.linspace(dark, bright, palette_size)) ** rng.uniform(0.7, 1.4)
    entry = rng.integers(palette_size, size=column)
    hue = hues[entry] + rng.normal(0, 0.15, column)
    level = levels[entry] + rng.normal(0, 0.07, column)
    chroma = chromas[entry] * rng.uniform(0.6, 1.3, column) * np.minimum(0.4 + level, 1)
    colour = level + chroma * np.concatenate([np.cos(hue), np.sin(hue)], axis=1) @ OPPONENT_AXES

    # Brightness changes linearly on some (lit planes), quadratically on others (round bodies).
    slope = rng.normal(0, 0.22, (len(radii), 2)) / radii
    falloff = rng.uniform(0, 0.35, column) * (rng.random(column) < 0.5) / radii**2
    angle = rng.uniform(0, 2 * np.pi, column)
    zoom = np.exp(rng.uniform(np.log(0.4), np.log(2.5), column))
    axis = TILE * zoom * np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    strength = np.abs(rng.normal(0, 0.14, column)) * (rng.random(column) < rng.uniform(0.1, 1))
    # A texture mostly changes lightness, and a little the colour.
    tint = strength * (1 + rng.normal(0, 0.12, (len(radii), 3))) * (0.3 + level)
    tile = rng.choice(len(TILE_WEIGHTS), len(radii), p=TILE_WEIGHTS / TILE_WEIGHTS.sum())
    tables = centres.T, slope.T, falloff[:, 0], axis.T, np.clip(colour, 0.04, 0.94), tint
    return _Leaves(*(table.astype(np.float32) for table in tables), tile=tile)


def _shade(leaves: _Leaves, label: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return RGB (n, 3) float32, nominally 0..1, of points (2, n) on the leaves label (n,)."""
    dx, dy = points - leaves.centre.take(label, axis=1)
    slope_x, slope_y = leaves.slope.take(label, axis=1)
    light = 1 + 0.35 * np.tanh(slope_x * dx + slope_y * dy)
    light -= np.minimum(leaves.falloff.take(label) * (dx * dx + dy * dy), 0.5)
    cos, sin = leaves.texture_axis.take(label, axis=1)
    x, y = points
    u = (cos * x - sin * y).astype(np.int32) & (TILE - 1)
    v = (sin * x + cos * y).astype(np.int32) & (TILE - 1)
    texture = _texture_tiles().take((leaves.tile.take(label) * TILE + v) * TILE + u)
    rgb = leaves.tint.take(label, axis=0)
    rgb *= texture[:, None]
    rgb += leaves.colour.take(label, axis=0)
    rgb *= light[:, None]
    return rgb


@lru_cache(maxsize=1)
def _texture_tiles() -> np.ndarray:
    """Return periodic textures (n, TILE, TILE) float32 of mean 0 and deviation 1, clipped at 2.5.

    The same for all images: leaves vary them by zoom, turn and strength.
    """
    rng = np.random.default_rng(0)
    fy, fx = np.meshgrid(np.fft.fftfreq(TILE) * TILE, np.fft.rfftfreq(TILE) * TILE, indexing="ij")
    frequency = np.hypot(fx, fy)
    frequency[0, 0] = np.inf
    one_over_f = [frequency**-slope for slope in (0.9, 1.2, 1.7)]
    bands = [np.exp(-2 * np.log2(frequency / peak) ** 2) for peak in (6, 14, 32, 60)]
    # Long along one axis: wood, grass, hair, brushed metal.
    grain = [
        np.exp(-((fy / spread) ** 2) - np.log2((fx + 1e-3) / peak) ** 2)
        for spread, peak in ((2, 12), (6, 30), (3, 60))
    ]
    noise = np.fft.rfft2(rng.standard_normal((10, TILE, TILE)))
    tiles = [np.fft.irfft2(noise[i] * s) for i, s in enumerate((*one_over_f, *bands, *grain))]
    tiles = [tile / tile.std() for tile in tiles]
    # Hard-edged versions: foliage, gravel, bark.
    tiles += [np.tanh(4 * tile) for tile in (tiles[1], tiles[4], tiles[5], tiles[8])]
    ramp = np.arange(TILE) * 2 * np.pi / TILE
    for lines in (8, 20):
        stripes = np.tanh(3 * np.sin(lines * ramp))
        tiles += [np.tile(stripes, (TILE, 1)), np.outer(stripes, stripes)]
    tiles = [(tile - tile.mean()) / tile.std() for tile in tiles]
    return np.clip(tiles, -2.5, 2.5).astype(np.float32)
