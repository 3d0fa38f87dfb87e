"""Pictures of the sizes that cameras make: no seams, and little memory."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastnst import Stylizer
from fastnst.drawing.dead_leaves import draw_dead_leaves
from fastnst.models import write_model
from fastnst.networks import build_network
from fastnst.stylizing.canvas import Canvas
from fastnst.stylizing.stylizer import TILE_SIDE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_six_megapixels_have_no_seams(painting_model):
    leaves = Image.fromarray(draw_dead_leaves(1024, 0, 0))
    picture = leaves.resize((3000, 3000)).crop((0, 500, 3000, 2500))
    stylizer = Stylizer(painting_model())
    tiled = np.asarray(stylizer(picture)).astype(int)
    whole = np.asarray(Stylizer(painting_model(), tile=None)(picture)).astype(int)
    assert whole.std() > 10
    distance = np.abs(tiled - whole)
    assert distance.mean() < 1
    canvas = Canvas(picture.size, picture.size, stylizer.device)
    rows = canvas.tiles(TILE_SIDE, stylizer.reach)
    columns = [tile.kept[2] for tile in rows[0][:-1]]
    lines = [row[0].kept[3] for row in rows[:-1]]
    assert len(columns) > 2
    across = distance[:, [column + k for column in columns for k in (-1, 0)]]
    down = distance[[line + k for line in lines for k in (-1, 0)]]
    assert max(across.mean(), down.mean()) < 1.3 * distance.mean() + 0.02
    steps = np.abs(np.diff(tiled, axis=1)).mean((0, 2))
    assert steps[[column - 1 for column in columns]].mean() < 1.2 * steps.mean()


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_thirty_megapixels_take_little_memory(tmp_path):
    # of which nothing but the picture has the full resolution: what is measured is all around it
    light = {"name": "light", "width": 4, "blocks": 1}
    write_model(tmp_path / "light.safetensors", build_network(light), light, {"name": "dots"})
    huge, small = tmp_path / "huge.png", tmp_path / "small.png"
    leaves = Image.fromarray(draw_dead_leaves(256, 0, 0))
    leaves.resize((6000, 5000)).save(huge, compress_level=1)
    leaves.save(small)
    peaks = []
    for source in (small, huge):
        command = [
            sys.executable,
            ROOT / "stylize.py",
            "--ckpt",
            tmp_path / "light.safetensors",
            source,
            "-o",
            tmp_path / "out.png",
        ]
        child = os.posix_spawn(sys.executable, [*map(str, command)], os.environ)
        _, status, usage = os.wait4(child, 0)
        assert status == 0
        peaks.append(usage.ru_maxrss * 1024)
    with Image.open(tmp_path / "out.png") as painted:
        assert painted.size == (6000, 5000)
    # Pillow's own picture has 0.12 GB; one as a tensor alone would have 0.36 GB more
    assert peaks[1] - peaks[0] < 0.35e9
