"""`Upscaler`: pictures of all kinds in, larger ones out; and what is refused."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from small.upscaling import SIDE, small_enlarger, write_small_enlarger

from fastnst import Upscaler
from fastnst.machine import UserError
from fastnst.models import zoo
from fastnst.upscaling import upscaler as room


@pytest.fixture
def model(tmp_path):
    return write_small_enlarger(tmp_path / "model.safetensors")


@pytest.fixture
def upscaler(model, monkeypatch):
    monkeypatch.setattr(room, "bears_bf16", lambda *_: False)
    return Upscaler(model, "cpu")


def values(picture):
    return np.asarray(picture).astype(int)


def test_it_gives_what_the_network_makes_of_the_picture(upscaler, photograph):
    picture = photograph(40, 30)
    large = upscaler(picture)
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        expected = small_enlarger()(pixels)[0].permute(1, 2, 0).mul(255)
    assert (large.mode, large.size) == ("RGB", (160, 120))
    assert np.abs(np.asarray(large) - expected.numpy()).max() < 0.502
    assert np.abs(values(large) - values(picture.resize(large.size))).mean() > 1


def test_all_kinds_of_pictures(upscaler, photograph, tmp_path):
    picture = photograph(20, 16)
    expected = upscaler(picture).tobytes()
    content = io.BytesIO()
    picture.save(content, "PNG")
    (tmp_path / "a.png").write_bytes(content.getvalue())
    tensor = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
    for given in (tmp_path / "a.png", content.getvalue(), np.asarray(picture), tensor):
        assert upscaler(given).tobytes() == expected
    several = upscaler([picture, photograph(17, 33)])
    assert several[0].tobytes() == expected
    assert several[1].size == (68, 132)
    assert [one.size for one in upscaler(tensor[None])] == [(80, 64)]
    with pytest.raises(UserError, match="None is no picture"):
        upscaler(None)


def test_tiles_are_pasted_where_they_belong(upscaler, model, photograph):
    picture = photograph(70, 50)
    tiled = Upscaler(model, "cpu", tile=SIDE)
    tiled._in_bf16 = False
    assert np.abs(values(tiled(picture)) - values(upscaler(picture))).max() <= 1


def test_large_pictures_are_tiled_and_small_ones_go_together(upscaler, monkeypatch):
    assert upscaler._side((512, 512)) is None
    assert upscaler._side((513, 512)) == 512
    assert upscaler.together((512, 512)) == 1
    assert upscaler.together((64, 64)) == 64
    assert upscaler.together((600, 600)) == 1
    # of a network that sees farther than usual tiles go
    monkeypatch.setattr(upscaler.network, "reach", 300)
    assert upscaler._side((600, 600)) == 1216


def test_pictures_painted_at_once_are_those_alone(upscaler, photograph):
    pictures = [photograph(24, 18, seed) for seed in range(3)]
    together = upscaler.paint(pictures)
    for picture, large in zip(pictures, together, strict=True):
        assert np.abs(values(large) - values(upscaler(picture))).max() <= 1


def test_transparency_is_kept_and_what_is_below_does_not_show(upscaler, photograph):
    picture = photograph(48, 40)
    alpha = Image.new("L", picture.size)
    alpha.paste(255, (0, 0, 24, 40))
    for below in ("black", "white"):
        one = picture.copy()
        one.paste(below, (24, 0, 48, 40))
        one.putalpha(alpha)
        large = upscaler(one)
        assert (large.mode, large.size) == ("RGBA", (192, 160))
        opaque = values(large)[..., 3] > 200
        assert opaque[:, :90].all()
        assert not opaque[:, 102:].any()
        # beside the edge it is as bright as it would be without one
        near = values(large)[:, 84:96, :3].mean(0)
        assert np.abs(near - values(large)[:, 70:82, :3].mean(0)).max() < 45, below


def test_colours_are_matched_with_the_picture(model, upscaler, photograph):
    picture = photograph(40, 40)
    matched = Upscaler(model, "cpu", match_colors=True)(picture)
    apart = [
        np.abs(values(one).mean((0, 1)) - values(picture).mean((0, 1))).max()
        for one in (upscaler(picture), matched)
    ]
    assert apart[0] > 2
    assert apart[1] < 0.7
    picture.putalpha(Image.new("L", picture.size, 200))
    again = Upscaler(model, "cpu", match_colors=True)(picture)
    assert again.convert("RGB").tobytes() == matched.tobytes()
    assert again.getchannel("A").getextrema() == (200, 200)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"scale": 3}, r"^The scale is 3: give 2, 4 or 8\.$"),
        ({"scale": 2}, r"model\.safetensors enlarges 4 times, not 2: leave out the scale"),
        ({"tile": 35}, r"too small for this network: give at least 36"),
        ({"tile": "all"}, "The tile is all"),
        ({"device": "tpu"}, "tpu is no device"),
    ],
)
def test_wishes_that_cannot_be_met(model, how, sentence):
    with pytest.raises(UserError, match=sentence):
        Upscaler(model, **{"device": "cpu"} | how)


def test_the_scale_of_the_network_may_be_named(tmp_path, photograph):
    model = write_small_enlarger(tmp_path / "x2.safetensors", 2)
    for scale in (None, 2):
        assert Upscaler(model, "cpu", scale=scale)(photograph(16, 16)).size == (32, 32)


def test_without_a_checkpoint_it_is_the_one_that_comes_with_fastnst(model, monkeypatch, tmp_path):
    monkeypatch.setattr(zoo, "ENLARGER", model)
    assert Upscaler(device="cpu").scale == 4
    monkeypatch.setattr(zoo, "ENLARGER", tmp_path / "gone.safetensors")
    with pytest.raises(UserError, match=r"No network for super-resolution comes with.*--ckpt\.$"):
        Upscaler(device="cpu")


def test_networks_that_paint_are_refused():
    with pytest.raises(UserError, match="paints in a style"):
        Upscaler(zoo.MODELS / "great_wave.safetensors", "cpu")


def test_too_small_and_too_large_pictures(upscaler, photograph, monkeypatch):
    with pytest.raises(UserError, match="it has 15x40 pixels, and at least 16x16 are needed"):
        upscaler(photograph(15, 40))
    monkeypatch.setattr(room, "free_memory", lambda: 5 * 64 * 64 - 1)
    with pytest.raises(UserError, match=r"would have 64x64 pixels.* 0\.0 MB free; enlarge parts"):
        upscaler(photograph(16, 16))
    for free in (5 * 64 * 64, None):
        monkeypatch.setattr(room, "free_memory", lambda free=free: free)
        upscaler(photograph(16, 16))


def test_a_full_memory_is_one_sentence(upscaler, photograph, monkeypatch):
    def full(_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(upscaler.network, "forward", full)
    with pytest.raises(UserError, match="memory is full: give a smaller --tile"):
        upscaler(photograph(16, 16))
