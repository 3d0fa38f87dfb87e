import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def fading(photograph):
    """RGBA, transparent at the left, opaque at the right."""
    image = photograph(48, 32).convert("RGBA")
    alpha = np.tile(np.linspace(0, 255, 48).round().astype(np.uint8), (32, 1))
    image.putalpha(Image.fromarray(alpha))
    return image
