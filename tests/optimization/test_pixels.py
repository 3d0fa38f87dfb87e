"""Style transfer by optimisation: that the loss falls, and what of."""

from itertools import pairwise

import pytest
import torch

from fastnst.losses.normalized import normalize_network
from fastnst.losses.perceptual import PerceptualLoss
from fastnst.optimization.pixels import optimize


@pytest.fixture
def build(small_vgg, batch):
    def make(style_loss="gram", network=None, regions=None, styles=1, **weights):
        usual = {"content_weight": 1.0, "style_weight": 10.0, "tv_weight": 1.0}
        return PerceptualLoss(
            network or small_vgg,
            [batch(1, 32, seed=9 + number) for number in range(styles)],
            "relative",
            style_loss,
            {"relu2_2": 1.0},
            {"relu1_2": 1.0, "relu2_2": 1.0},
            **usual | weights,
            regions=regions,
        )

    return make


@pytest.mark.slow
@pytest.mark.parametrize("style_loss", ["gram", "mmd_linear", "mmd_poly", "bn_statistics"])
def test_lbfgs_never_raises_the_loss(style_loss, build, batch):
    photograph = batch(1, 24)
    steps = [*optimize(build(style_loss), photograph, photograph, 25)]
    assert [step.number for step in steps] == [*range(26)]
    totals = [step.terms["total"] for step in steps]
    assert all(after <= before for before, after in pairwise(totals))
    assert totals[-1] < 0.5 * totals[0]


@pytest.mark.slow
def test_the_loss_reported_is_that_of_the_picture_given(build, batch):
    loss, photograph = build(), batch(1, 24)
    for step in optimize(loss, photograph, batch(1, 24, seed=3), 12):
        terms = loss(step.picture, photograph)
        assert step.terms == pytest.approx({key: value.item() for key, value in terms.items()})
        assert 0 <= step.picture.min() <= step.picture.max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lbfgs", "adam"])
@pytest.mark.parametrize("style_loss", ["gram", "mmd_gaussian"])
def test_each_method_lowers_each_kind_of_loss(method, style_loss, build, batch):
    photograph = batch(1, 24)
    steps = [*optimize(build(style_loss), photograph, photograph, 40, method)]
    assert steps[-1].terms["total"] < 0.7 * steps[0].terms["total"]


@pytest.mark.slow
def test_what_is_drawn_depends_on_nothing_else(build, batch):
    photograph, loss = batch(1, 24), build("mmd_gaussian")
    torch.manual_seed(0)
    first = [step.terms for step in optimize(loss, photograph, photograph, 4)]
    torch.manual_seed(1)
    before = torch.get_rng_state()
    again = [step.terms for step in optimize(loss, photograph, photograph, 4)]
    assert first == again
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.slow
def test_a_pixel_that_was_driven_out_comes_back(build, batch):
    photograph = batch(1, 24)
    beyond = photograph.clone()
    beyond[..., :8] = 1.5
    loss = build(style_weight=0.0, tv_weight=0.0)
    before, *_, after = optimize(loss, photograph, beyond, 60)
    assert before.picture[..., :8].min() == 1
    off = [(step.picture - photograph)[..., :8].abs().mean() for step in (before, after)]
    assert off[1] < 0.85 * off[0]


@pytest.mark.slow
def test_the_start_is_left_alone(build, batch):
    photograph = batch(1, 24)
    start = photograph.clone()
    assert len([*optimize(build(), photograph, start, 3)]) == 4
    assert torch.equal(start, photograph)


@pytest.mark.slow
def test_each_region_takes_its_own_style(build, batch):
    photograph = batch(1, 32)
    regions = torch.zeros(2, 1, 32, 32)
    regions[0, ..., :16], regions[1, ..., 16:] = 1, 1
    weights = {"content_weight": 0.0, "tv_weight": 0.0}
    loss = build(regions=regions, styles=2, **weights)
    *_, last = optimize(loss, photograph, photograph, 40)
    halves = last.picture[..., :14], last.picture[..., 18:]  # away from the border
    for number, half in enumerate(halves):
        distances = []
        for style in (0, 1):
            alone = build(**weights)
            for layer in alone.style_layers:
                target = alone.style_loss.target(
                    alone.loss_network(batch(1, 32, seed=9 + style), [layer])[layer]
                )
                setattr(alone, f"style_{layer}", target)
            distances.append(alone(half, half)["style"].item())
        assert distances[number] < 0.5 * distances[1 - number]


def test_regions_count_by_their_area(build, batch):
    photograph = batch(1, 32)
    everywhere, nowhere = torch.ones(1, 1, 32, 32), torch.full((1, 1, 32, 32), 1e-6)
    plain = build()(photograph, photograph)["style"]
    one = build(regions=torch.cat([everywhere, nowhere]), styles=2)(photograph, photograph)
    torch.testing.assert_close(one["style"], plain, rtol=1e-4, atol=0)


def test_a_normalized_network_is_equally_active_everywhere(small_vgg, batch):
    pictures = [batch(2, 32), batch(1, 48, seed=1)]
    before = small_vgg(pictures[0], small_vgg.layers)
    before = {name: features.clone() for name, features in before.items()}
    normalize_network(small_vgg, pictures)
    for name in small_vgg.layers:
        seen = [small_vgg(picture, [name])[name] for picture in pictures]
        mean = sum(one.sum((0, 2, 3)) for one in seen) / sum(one[:, 0].numel() for one in seen)
        alive = mean > 0
        torch.testing.assert_close(mean[alive], torch.ones_like(mean[alive]))
        assert alive.sum() > len(alive) / 2
        # up to the factor of each channel the same features
        alive = seen[0].sum((0, 2, 3)) > 0
        ratio = (before[name].sum((0, 2, 3)) / seen[0].sum((0, 2, 3)))[alive]
        torch.testing.assert_close(
            seen[0][:, alive] * ratio[:, None, None], before[name][:, alive], rtol=1e-4, atol=1e-4
        )


@pytest.mark.slow
@pytest.mark.parametrize("init", ["content", "noise"])
def test_real_weights(init, vgg19, shared, batch):
    from fastnst.images.pixels import crop_center, to_tensor
    from fastnst.images.read import read_image

    photograph = to_tensor(crop_center(read_image(shared / "content" / "chicago.jpg"), 64))[None]
    style = to_tensor(crop_center(read_image(shared / "styles" / "starry_night.jpg"), 64))[None]
    layers = dict.fromkeys(("relu1_2", "relu2_2", "relu3_3", "relu4_3"), 1.0)
    loss = PerceptualLoss(
        vgg19, [style], "relative", "gram", {"relu2_2": 1.0}, layers, 1.0, 10.0, 1.0
    )
    start = photograph if init == "content" else torch.rand(1, 3, 64, 64)
    totals = [step.terms["total"] for step in optimize(loss, photograph, start, 40)]
    assert all(after <= before for before, after in pairwise(totals))
    assert totals[-1] < 0.4 * totals[0]
