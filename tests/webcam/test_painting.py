"""The thread that paints: smoothing, and paintings that become styles."""

import numpy as np
import pytest
import torch
from PIL import Image
from small.webcam import Capture, Painter

from fastnst.drawing import draw_painting
from fastnst.models import same_network
from fastnst.networks import style_of
from fastnst.stylizing import Stylizer
from fastnst.webcam.camera import Camera
from fastnst.webcam.painting import Painting
from fastnst.webcam.taking import take_style

pytest.importorskip("cv2")


def test_what_is_painted_is_smoothed_with_the_frame_that_was_painted():
    seen = []

    class Smoother:
        def motion_to(self, frame):
            seen.append(frame)
            return "motion"

        def after(self, motion, painted):
            seen.append(painted)
            return np.full_like(painted, 77 if motion == "motion" else 0)

    with Camera(Capture(), "Camera 3") as camera:
        camera.wait()
        with Painting([Painter()], camera, Smoother()) as painting:
            found = painting.done.after(0, 10)
    assert found is not None
    assert np.unique(np.asarray(found[1].image)).tolist() == [77]
    frame, painted = seen[:2]
    assert frame.shape == painted.shape
    assert np.unique(frame).tolist() != np.unique(painted).tolist()


def test_another_style_keeps_nothing_of_the_one_before():
    told = []

    class Smoother:
        def motion_to(self, frame):
            return None

        def after(self, motion, painted):
            return painted

        def forget(self):
            told.append(painting.style)

    with Camera(Capture(), "Camera 3") as camera:
        camera.wait()
        with Painting([Painter(), Painter((0, 90, 0), "green")], camera, Smoother()) as painting:
            number, _ = painting.done.after(0, 10)
            assert told == []
            painting.style = 1
            while painting.done.item.style == 0:
                number, _ = painting.done.after(number, 10)
    assert told == [1]


def test_a_painting_that_is_held_up_while_another_is_learnt_is_learnt_too():
    first, second = Image.new("RGB", (8, 8)), Image.new("RGB", (9, 9))
    taken = []

    def take(painting, number, like):
        if not taken:
            it.to_learn = second
        taken.append(painting)
        return Painter((0, 0, 120), "blue")

    with Camera(Capture(), "Camera 3") as camera:
        it = Painting([Painter()], camera, take=take)
        it.to_learn = first
        it.step()
        assert it.to_learn is second
        it.step()
    assert taken == [first, second]
    assert it.to_learn is None


def test_the_style_that_is_taken_paints_as_the_others_do(tmp_path):
    like = Stylizer(style="irises", device="cpu", size=64, strength=0.5, style_scale=2.0)
    painting = Image.fromarray(draw_painting(96, 0, 3))
    taken = take_style(painting, 4, like)
    assert taken.style["name"] == "painting_4"
    assert (taken.size, taken.look.strength, taken.style_scale) == (64, 0.5, 2.0)
    assert same_network([like.network, taken.network])
    numbers = style_of(taken.network)
    assert not torch.equal(style_of(like.network), numbers)
    assert not torch.equal(style_of(take_style(painting, 4, like, 96).network), numbers)
