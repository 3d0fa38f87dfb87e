"""Ways of painting that need no painter, each with marks of its own.

Each takes random numbers, a size and a palette from dark to bright, and returns float32
`(size, size, 3)`, sRGB in 0..255.
"""

from collections.abc import Callable

import numpy as np

from fastnst.drawing.brush_strokes import lay_strokes
from fastnst.drawing.fields import at, direction, level, motif, noise, places, share_out
from fastnst.drawing.palettes import blend, pick

Medium = Callable[[np.random.Generator, int, np.ndarray], np.ndarray]


def strokes(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """Curved brush strokes in layers from large to small."""
    order = palette if rng.random() < 0.5 else rng.permutation(palette)
    widest = np.exp(rng.uniform(np.log(0.04), np.log(0.13)))
    long = rng.uniform(1.5, 6)
    layers = [
        (widest * 0.66**step, long * rng.uniform(0.8, 1.2), rng.uniform(0.7, 1.2))
        for step in range(3)
    ]
    return lay_strokes(rng, size, order, layers, int(rng.integers(0, 7))).astype(np.float32)


def dots(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """Round touches of unmixed paint, now and then of the opposite colour."""
    scene = motif(rng, size)
    picture = pick(palette, scene)
    for _ in range(rng.integers(2, 5)):
        count = int(rng.integers(28, 100))
        cells = share_out(rng, size, count, rng.uniform(0.3, 1))
        found = at(scene, cells.centres) + rng.normal(0, 0.12, len(cells.centres))
        found = np.where(rng.random(len(found)) < 0.12, 1 - found, found)
        reach = rng.uniform(0.35, 0.7) / count
        cover = np.clip((reach - cells.nearest) * size, 0, 1)[..., None]
        picture = picture + cover * (pick(palette, found)[cells.owner] - picture)
    return picture


def mosaic(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """Stones or panes of glass with joints between."""
    count = int(np.exp(rng.uniform(np.log(6), np.log(60))))
    cells = share_out(rng, size, count, rng.uniform(0.2, 1))
    found = at(motif(rng, size), cells.centres) + rng.normal(0, 0.1, len(cells.centres))
    shades = rng.normal(1, 0.07, (len(found), 1)).astype(np.float32)
    picture = (pick(palette, found) * shades)[cells.owner]
    slope = rng.normal(0, 0.25, (len(found), 2)).astype(np.float32)[cells.owner]
    x, y = places(size)
    from_centre = np.stack([x, y], -1) - cells.centres.astype(np.float32)[cells.owner]
    picture = picture * (1 + count * (slope * from_centre).sum(-1))[..., None]
    joint = palette[0 if rng.random() < 0.7 else -1] * 0.9
    width = rng.uniform(0.04, 0.2) / count
    stone = np.clip((cells.border - width) * size / 2, 0, 1)[..., None]
    return joint + stone * (picture - joint)


def washes(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """Transparent water colour, darker where it dried, on paper."""
    picture = np.full((size, size, 3), 246, np.float32) * rng.normal(1, 0.02, 3).astype(np.float32)
    scene, grain = motif(rng, size), noise(rng, size, 120)
    for _ in range(rng.integers(6, 18)):
        form = level(noise(rng, size, int(rng.integers(2, 9)), octaves=4)) - rng.uniform(0.4, 0.9)
        form = form + rng.uniform(0, 0.8) * (scene - 0.5)
        soft = np.exp(rng.uniform(np.log(0.008), np.log(0.1)))
        wet = np.clip(form / soft, 0, 1)
        dried = np.exp(-((form / 0.02 - 1) ** 2)) * (form > 0)
        amount = rng.uniform(0.25, 0.8) * wet * (1 + 0.1 * grain) + rng.uniform(0, 0.35) * dried
        paint = pick(palette, rng.random(1))[0]
        picture = picture * (1 - np.clip(amount, 0, 1)[..., None] * (1 - paint / 255))
    return picture


def hatching(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """Pen or burin: parallel lines, crossed where it is dark."""
    scene, inks = motif(rng, size), palette[: int(rng.integers(1, 4))]
    picture = np.broadcast_to(palette[-1], (size, size, 3)) + 4 * noise(rng, size, 100)[..., None]
    if rng.random() < 0.4:  # tinted
        picture = 0.5 * picture + 0.5 * blend(palette, scene)
    bend, along = noise(rng, size, 4), rng.uniform(0, np.pi)
    x, y = places(size)
    count = int(rng.integers(2, 5))
    for step in range(count):
        angle = along + step * rng.uniform(0.4, 1.2)
        lines = rng.uniform(35, 110)
        phase = lines * (x * np.cos(angle) + y * np.sin(angle)) + rng.uniform(0, 3) * bend
        from_line = np.abs(phase % 1 - 0.5)
        dark = np.clip((1 - step / count - scene) * 1.6 + 0.1 * noise(rng, size, 40), 0, 1)
        ink = np.clip((0.4 * dark - from_line) * size / lines, 0, 1)[..., None]
        picture = picture + 0.9 * ink * (inks[step % len(inks)] - picture)
    return picture


def woodcut(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """Flat colours with dark outlines, some shaded off, some cut into lines."""
    scene = motif(rng, size)
    count = len(palette) - 1
    colours = rng.permutation(palette[1:]) if rng.random() < 0.5 else palette[1:]
    picture = pick(colours, scene)
    shading = level(noise(rng, size, 2))[..., None]
    picture = picture + rng.uniform(0, 0.5) * shading * (palette[-1] - picture)
    slope_y, slope_x = np.gradient(scene)
    steps = scene * count
    to_edge = np.abs(steps - np.round(steps)) / (count * np.hypot(slope_x, slope_y) + 1e-4)
    lines = np.clip(rng.uniform(0.001, 0.005) * size + 0.5 - to_edge, 0, 1)
    if rng.random() < 0.6:
        phase = rng.uniform(20, 70) * level(noise(rng, size, int(rng.integers(2, 5)), octaves=2))
        width = rng.uniform(0.1, 0.35) * (scene < rng.uniform(0.3, 0.7))
        lines = np.maximum(lines, np.clip((width - np.abs(phase % 1 - 0.5)) * 8, 0, 1))
    return picture + lines[..., None] * (0.7 * palette[0] - picture)


def marbling(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """Paint that floated on water and was combed."""
    x, y = places(size)
    field = noise(rng, size, int(rng.integers(2, 6)), octaves=int(rng.integers(1, 4)))
    for _ in range(rng.integers(1, 4)):
        angle, teeth = rng.uniform(0, np.pi), rng.uniform(2, 14)
        across = x * np.cos(angle) + y * np.sin(angle)
        field = field + rng.uniform(0.1, 0.8) * np.sin(2 * np.pi * teeth * across + field)
    order = rng.permutation(palette)
    veins = rng.uniform(1.5, 8) * level(field)
    picture = pick(order, veins % 1)
    if rng.random() < 0.5:
        edge = np.abs((veins * len(order)) % 1 - 0.5) > 0.5 - rng.uniform(0.02, 0.12)
        picture = np.where(edge[..., None], order[0], picture)
    return picture


def ornament(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """A pattern that repeats: printed cloth, tiles, wallpaper."""
    x, y = places(size)
    repeats = rng.uniform(2, 9)
    shift = rng.choice([0.0, 0.5]) * np.floor(y * repeats)
    u, v = (x * repeats + shift) % 1, (y * repeats) % 1
    if rng.random() < 0.7:  # mirrored
        u = 2 * np.abs(u - 0.5)
    if rng.random() < 0.5:
        v = 2 * np.abs(v - 0.5)
    tile = level(noise(rng, 256, int(rng.integers(2, 6)), octaves=2))
    found = at(tile, np.stack([u.ravel(), v.ravel()], 1)).reshape(size, size)
    picture = pick(rng.permutation(palette), found)
    edge = np.abs((found * len(palette)) % 1 - 0.5) > 0.5 - rng.uniform(0.02, 0.15)
    return np.where(edge[..., None], palette[0 if rng.random() < 0.6 else -1], picture)


def facets(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """Planes cut by straight lines, each shaded off to one side."""
    x, y = places(size)
    scene = motif(rng, size)
    code, slope = np.zeros((size, size), int), np.zeros((size, size), np.float32)
    for _ in range(rng.integers(6, 20)):
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(-0.4, 0.4)
        side = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle) - far
        within = np.hypot(x - rng.random(), y - rng.random()) < rng.uniform(0.3, 1)
        code = np.where(within, 2 * code + (side > 0), code) % 9973
        slope = slope + within * np.exp(-np.abs(side) * 9) * np.sign(side) * rng.uniform(0, 0.3)
    own = rng.normal(0, 0.15, 9973).astype(np.float32)[code]
    return blend(palette, 0.6 * scene + 0.2 + own + slope)


def weave(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """Stripes and zigzags of cloth, thread by thread."""
    x, y = places(size)
    if rng.random() < 0.5:
        x, y = y, x
    zigzag = np.abs((x * rng.uniform(2, 9)) % 1 - 0.5) * rng.uniform(0, 2)
    bands = rng.uniform(5, 25) * y + zigzag
    if rng.random() < 0.5:
        bands = bands + np.floor(4 * np.abs((x * rng.uniform(1, 4)) % 1 - 0.5)) * rng.uniform(0, 2)
    colours = palette[rng.integers(0, len(palette), 97)]
    picture = colours[bands.astype(int) % 97]
    threads = rng.uniform(60, 130)
    relief = np.sin(2 * np.pi * threads * x) * np.sin(2 * np.pi * threads * y)
    return picture * (1 + 0.1 * relief + 0.05 * noise(rng, size, 90))[..., None]


def haze(rng: np.random.Generator, size: int, palette: np.ndarray) -> np.ndarray:
    """Soft light: colours that melt into each other, with the touch of a dry brush."""
    scene = motif(rng, size) + 0.1 * noise(rng, size, int(rng.integers(8, 30)), octaves=2)
    angle = direction(rng, size)
    x, y = places(size)
    touch = np.sin(rng.uniform(60, 200) * (x * np.cos(angle) + y * np.sin(angle)))
    return blend(palette, scene + rng.uniform(0, 0.06) * touch * noise(rng, size, 40))


MEDIA: tuple[Medium, ...] = (
    *(strokes, strokes, dots, mosaic, washes, hatching, woodcut, marbling),
    *(ornament, facets, weave, haze),
)
