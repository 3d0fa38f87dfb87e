"""How calm a painter is: told from a restless one, and from the source."""

import sys

import numpy as np
import pytest
from PIL import Image
from small.clips import write_clip
from small.stylizing import write_small_model

from fastnst.commands.evaluate import main
from fastnst.drawing import draw_dead_leaves
from fastnst.evaluation import measure_video
from fastnst.machine.errors import UserError

SIDE = 128
pytest.importorskip("cv2")


class Painter:
    """Negatives, with as much noise of their own in each frame."""

    def __init__(self, noise: float) -> None:
        self.noise, self.random = noise, np.random.default_rng(0)

    def fit(self, picture: Image.Image) -> Image.Image:
        return picture

    def paint(self, pictures, to_come):
        noise = self.random.normal(0, self.noise, (SIDE, SIDE, 3))
        return [
            Image.fromarray((255 - np.asarray(it) + noise).clip(0, 255).astype(np.uint8))
            for it in pictures
        ]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Something that goes by, a pixel a frame."""
    scene = draw_dead_leaves(2 * SIDE, 0, 2)
    frames = [scene[40 : 40 + SIDE, 20 + t : 20 + t + SIDE] for t in range(9)]
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, rate=25)


def test_noise_is_flicker_and_smoothing_less_of_it(clip):
    painters = {"calm": Painter(0), "restless": Painter(20)}
    source, calm, _, restless, smoothed = measure_video(painters, clip, None)
    names = [source.name, calm.name, restless.name, smoothed.name]
    assert names == ["the source itself", "calm", "restless", "restless, --temporal 0.7"]
    # negatives are as calm as what they are of
    assert calm.next_frame == pytest.approx(source.next_frame, rel=0.1)
    assert calm.later == pytest.approx(source.later, rel=0.1)
    assert calm.sharpness == pytest.approx(source.sharpness, rel=0.1)
    # two noises of deviation 20 differ by 22.6 on average
    assert restless.next_frame == pytest.approx(22.6, rel=0.2)
    assert restless.sharpness > calm.sharpness
    assert smoothed.next_frame < 0.6 * restless.next_frame


def test_what_is_too_short_ends_in_a_sentence(tmp_path):
    clip = write_clip(tmp_path / "one.mp4", [np.zeros((SIDE, SIDE, 3), np.uint8)])
    with pytest.raises(UserError, match=r"one\.mp4 has 1 frames: to see it flicker takes two"):
        measure_video({"a": Painter(0)}, clip, None)


def test_the_command_shows_a_table_of_each_video(clip, tmp_path, monkeypatch, capsys):
    model = write_small_model(tmp_path / "dots.safetensors")
    arguments = ["evaluate", "--ckpt", model, "--video", clip, "--video", clip, "--size", 64]
    monkeypatch.setattr(sys, "argv", [*map(str, arguments)])
    main()
    rows = capsys.readouterr().out.splitlines()
    assert rows.count(str(clip)) == 2
    assert sum(row.startswith(f"{model}, --temporal") for row in rows) == 2


@pytest.mark.parametrize("words", [("--judge", "."), ("--iterations", 3), ("-o", "there")])
def test_what_has_no_meaning_for_videos_is_refused(words, clip, monkeypatch, capsys):
    arguments = ["evaluate", "--ckpt", "a", "--video", clip, "--photographs", ".", *words]
    monkeypatch.setattr(sys, "argv", [*map(str, arguments)])
    with pytest.raises(SystemExit):
        main()
    assert "--video takes no --" in capsys.readouterr().err
