from collections import Counter

import pytest
import torch

from fastnst.losses.perceptual import PerceptualLoss

WEIGHTS = {"content": 2.0, "style": 30.0, "tv": 0.5}
STYLE_LAYERS = {"relu1_2": 1.0, "relu2_2": 2.0, "relu3_3": 5.0}
MEASURES = ["relative", "johnson2016"]


@pytest.fixture
def build(small_vgg, batch):
    def make(measure="relative", content=None, style=None):
        return PerceptualLoss(
            small_vgg,
            [batch(1, 48, seed=9)],
            measure,
            "gram",
            content or {"relu2_2": 1.0},
            style or STYLE_LAYERS,
            *WEIGHTS.values(),
        )

    return make


@pytest.mark.parametrize("measure", MEASURES)
def test_the_total_is_the_sum_of_the_weighted_terms(build, batch, measure):
    terms = build(measure)(batch(2, 32, seed=1), batch(2, 32))
    for term, weight in WEIGHTS.items():
        assert terms[term] > 0
        torch.testing.assert_close(terms[f"weighted_{term}"], weight * terms[term])
    torch.testing.assert_close(terms["total"], sum(terms[f"weighted_{term}"] for term in WEIGHTS))
    assert all(value.shape == () for value in terms.values())


def test_a_small_painting_takes_no_samples_from_a_large_one(small_vgg, batch):
    small, large = batch(1, 16, seed=9), batch(1, 48, seed=8)
    content, terms = {"relu2_2": 1.0}, WEIGHTS.values()
    how = "relative", "sliced_wasserstein", content, {"relu2_2": 1.0}, *terms
    torch.manual_seed(0)
    alone = PerceptualLoss(small_vgg, [large], *how).style_relu2_2
    torch.manual_seed(0)
    both = PerceptualLoss(small_vgg, [large, small], *how).style_relu2_2
    assert both.shape[0] == 2
    assert torch.equal(both[:1], alone)
    rows = both[1].unique(dim=0, return_counts=True)[1]
    assert len(rows) == 8 * 8
    assert rows.max() - rows.min() <= 1  # no part of the picture counts more than the others


@pytest.mark.parametrize("measure", MEASURES)
def test_each_picture_has_its_own_painting_and_weights(small_vgg, batch, measure):
    paintings, styles, tvs = batch(2, 48, seed=9).split(1), (3.0, 70.0), (0.1, 2.0)

    def build(*numbers):
        them = [paintings[number] for number in numbers]
        layers = measure, "gram", {"relu2_2": 1.0}, STYLE_LAYERS, 2.0
        weights = [[values[number] for number in numbers] for values in (styles, tvs)]
        return PerceptualLoss(small_vgg, them, *layers, *weights)

    output, photographs, aims = batch(3, 32, seed=1), batch(3, 32), [1, 0, 1]
    both = build(0, 1)
    found = both.each(output, both.content_target(photographs), torch.tensor(aims))
    for row, aim in enumerate(aims):
        alone = build(aim)(output[row : row + 1], photographs[row : row + 1])
        for name, value in alone.items():
            torch.testing.assert_close(found[name][row], value, msg=f"{name} of picture {row}")


@pytest.mark.parametrize(("measure", "share"), [("relative", 1 / 8), ("johnson2016", 1.0)])
def test_the_style_is_a_mean_or_a_sum_over_the_layers(build, batch, measure, share):
    terms = build(measure)(batch(1, 32, seed=1), batch(1, 32))
    layers = {layer: terms[f"style_{layer}"] for layer in STYLE_LAYERS}
    expected = share * sum(STYLE_LAYERS[layer] * value for layer, value in layers.items())
    torch.testing.assert_close(terms["style"], expected)
    assert {name for name in terms if name.startswith("style_")} == {
        f"style_{layer}" for layer in STYLE_LAYERS
    }


@pytest.mark.parametrize(("measure", "share"), [("relative", 1 / 4), ("johnson2016", 1.0)])
def test_the_content_is_a_mean_or_a_sum_over_the_layers(build, batch, measure, share):
    pair = batch(1, 32, seed=1), batch(1, 32)
    first = build(measure, {"relu1_2": 1.0})(*pair)["content"]
    second = build(measure, {"relu3_1": 1.0})(*pair)["content"]
    both = build(measure, {"relu1_2": 1.0, "relu3_1": 3.0})(*pair)["content"]
    torch.testing.assert_close(both, share * (first + 3 * second))


@pytest.mark.parametrize("measure", MEASURES)
def test_a_perfect_match_gives_zero(build, batch, measure):
    photographs = batch(2, 32)
    assert build(measure)(photographs, photographs)["content"] == 0
    style = batch(2, 48, seed=9)[:1]
    assert build(measure)(style, batch(1, 48))["style"] == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_the_gradient_reaches_the_output_and_nothing_else(build, batch, measure):
    loss = build(measure)
    output, photographs = batch(1, 32, seed=1).requires_grad_(), batch(1, 32).requires_grad_()
    loss(output, photographs)["total"].backward()
    assert output.grad.isfinite().all()
    assert output.grad.abs().sum() > 0
    assert photographs.grad is None
    assert [*loss.parameters()]
    assert all(p.grad is None and not p.requires_grad for p in loss.parameters())


def test_photographs_are_seen_no_deeper_than_the_content_layer(build, batch, small_vgg):
    loss = build(style={"relu1_2": 1.0, "relu4_3": 1.0})
    calls = Counter()
    for index, layer in enumerate(small_vgg.features):
        layer.register_forward_hook(lambda *_, index=index: calls.update([index]))
    loss(batch(1, 32, seed=1), batch(1, 32))
    assert calls == dict.fromkeys(range(9), 2) | dict.fromkeys(range(9, 23), 1)


def test_the_style_picture_may_have_another_shape_and_batch(build, batch):
    terms = build()(batch(3, 24, seed=1), batch(3, 24))
    assert all(value.isfinite() for value in terms.values())


def test_no_checkpoint_carries_it(build):
    assert build().state_dict() == {}
