"""Whether two pictures are the same."""

import numpy as np
from PIL import Image


def assert_same(image: Image.Image, expected: Image.Image) -> None:
    """Their kind, their size, and each of their pixels."""
    assert image.mode == expected.mode
    assert image.size == expected.size
    np.testing.assert_array_equal(np.array(image), np.array(expected))
