"""Files of photographs as they are found in data sets: damaged ones, and odd ones that are fine."""

import io

import numpy as np
from PIL import Image, ImageDraw

LONGEST = 255  # bytes: what file systems allow for a name


def draw(width=60, height=40, mode="RGB"):
    """A picture whose corners differ, so that turning it shows."""
    image = Image.new("RGB", (width, height), (40, 90, 160))
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height // 2), (220, 60, 30))
    return image.convert(mode)


def content(image, format="JPEG", **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    return content(draw(), exif=exif)


def sixteen_bits():
    values = np.linspace(0, 65535, 60 * 40).astype(np.uint16).reshape(40, 60)
    return content(Image.fromarray(values), "PNG")


def animation():
    frames = [draw(), Image.new("RGB", (60, 40), "black")]
    return content(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)


noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))

BAD = {
    "truncated.jpg": content(noise)[:-800],
    "header_only.jpg": content(noise)[:20],
    "empty.jpg": b"",
    "text.jpg": b"<html>404 Not Found</html>",
}

ODD = {
    "cmyk.jpg": content(draw(mode="CMYK")),
    "sixteen_bits.png": sixteen_bits(),
    "dot.png": content(draw(1, 1), "PNG"),
    "line.png": content(draw(1, 5000), "PNG"),
    "lying_line.jpg": content(draw(5000, 1)),
    "animation.gif": animation(),
    "turned.jpg": turned(),
    "雪 and 🎨.jpg": content(draw()),
    "é" * ((LONGEST - 5) // 2) + "x.jpg": content(draw()),
}
