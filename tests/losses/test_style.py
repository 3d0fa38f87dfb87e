"""The family of style losses against their definitions, written as sums over pairs of positions."""

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fastnst.losses import functional as losses
from fastnst.losses import style as style_losses
from fastnst.losses.style import STYLE_LOSSES, build_style_loss

MEASURES = ["relative", "johnson2016"]


@pytest.fixture
def features():
    generator = torch.Generator().manual_seed(3)
    return torch.rand(1, 5, 4, 6, generator=generator), torch.rand(1, 5, 3, 7, generator=generator)


@pytest.fixture
def same_directions(monkeypatch):
    """Those of the sliced Wasserstein distance, in every call."""
    drawn = torch.nn.functional.normalize(
        torch.randn(64, 5, generator=torch.Generator().manual_seed(0)), dim=1
    )
    monkeypatch.setattr(style_losses, "_directions", lambda _: drawn)


def positions(features):
    """`(1, C, H, W)` -> `(H W, C)`."""
    return features[0].flatten(1).T


def discrepancy(kernel, x, y):
    """Squared MMD, biased: means over all pairs."""
    return kernel(x, x).mean() + kernel(y, y).mean() - 2 * kernel(x, y).mean()


def linear(x, y):
    return x @ y.T


def polynomial(x, y):
    return (x @ y.T).square()


@pytest.mark.parametrize(("name", "kernel"), [("mmd_linear", linear), ("mmd_poly", polynomial)])
def test_they_are_discrepancies_with_their_kernels(name, kernel, features):
    painted, style = features
    x, y = map(positions, features)
    ours = build_style_loss(name, "johnson2016")
    entries = ours.target(style).numel()
    expected = discrepancy(kernel, x, y)
    torch.testing.assert_close(entries * ours(painted, ours.target(style))[0], expected)
    ours = build_style_loss(name, "relative")
    (value,) = ours(painted, ours.target(style))
    torch.testing.assert_close(value, expected / kernel(y, y).mean())


@pytest.mark.parametrize(("measure", "factor"), [("relative", 1), ("johnson2016", 5**2)])
def test_the_polynomial_one_is_that_of_gram_matrices(measure, factor, features):
    painted, style = features
    gram, poly = (build_style_loss(name, measure) for name in ("gram", "mmd_poly"))
    torch.testing.assert_close(
        poly(painted, poly.target(style)), factor * gram(painted, gram.target(style))
    )


def test_bn_statistics_by_hand():
    features = torch.tensor([[[[1.0, 3.0]], [[2.0, 2.0]]]])
    statistics = style_losses.feature_statistics(features)
    torch.testing.assert_close(statistics, torch.tensor([[[2.0, 2.0], [1.0, 0.0001]]]))
    style = torch.tensor([[[[2.0, 2.0]], [[0.0, 4.0]]]])  # means 2, 2, deviations 0, 2
    ours = build_style_loss("bn_statistics", "johnson2016")
    expected = torch.tensor([(1 + 4) / 4])
    torch.testing.assert_close(ours(features, ours.target(style)), expected, rtol=1e-3, atol=0)


def gaussian(x, y, sigma2):
    distances = (x[:, None] - y[None]).square().sum(2)
    return (-distances / (2 * sigma2)).exp()


def of_different(values):
    count = len(values)
    return (values.sum() - values.diagonal().sum()) / (count * (count - 1))


@pytest.mark.parametrize("measure", MEASURES)
def test_the_gaussian_one_with_all_positions(measure, features):
    painted, style = features
    x, y = map(positions, features)
    sigma2 = of_different((y[:, None] - y[None]).square().sum(2))
    own, wanted, across = (gaussian(a, b, sigma2) for a, b in ((x, x), (y, y), (x, y)))
    expected = of_different(own) + of_different(wanted) - 2 * across.mean()
    expected = expected / of_different(wanted) if measure == "relative" else expected
    ours = build_style_loss("mmd_gaussian", measure)
    torch.testing.assert_close(ours(painted, ours.target(style))[0], expected)


@pytest.mark.slow
def test_the_gaussian_one_is_right_on_average(features, monkeypatch):
    painted, style = features
    ours = build_style_loss("mmd_gaussian", "johnson2016")
    target = ours.target(style)
    whole = ours(painted, target)
    monkeypatch.setattr(style_losses, "SAMPLES", 6)
    torch.manual_seed(0)
    drawn = torch.stack([ours(painted, target) for _ in range(4000)])
    error = drawn.std() / len(drawn) ** 0.5
    assert abs(drawn.mean() - whole) < 4 * error < 0.3 * whole
    assert drawn.std() > 0


@pytest.mark.parametrize("measure", MEASURES)
def test_the_sliced_one_is_the_mean_over_directions(measure, monkeypatch):
    generator = torch.Generator().manual_seed(3)
    painted, style = (torch.rand(1, 5, 4, 6, generator=generator) for _ in range(2))
    monkeypatch.setattr(style_losses, "DIRECTIONS", 200_000)
    x, y = map(positions, (painted, style))
    # directions of its own: over so many all choices are alike
    directions = torch.nn.functional.normalize(torch.randn(5, 200_000, generator=generator), dim=0)
    own, wanted = ((points @ directions).sort(0).values for points in (x, y))
    expected = (own - wanted).square().mean()
    expected = 4 * expected / wanted.square().mean() if measure == "relative" else expected
    ours = build_style_loss("sliced_wasserstein", measure)
    (value,) = ours(painted, ours.target(style))
    torch.testing.assert_close(value, expected, rtol=0.01, atol=0)


def test_the_sliced_one_of_pictures_of_other_sizes(monkeypatch):
    monkeypatch.setattr(style_losses, "DIRECTIONS", 500)
    features = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    ours = build_style_loss("sliced_wasserstein", "relative")
    target = ours.target(features[..., :39])
    near, brighter = ours(features, target), ours(1.1 * features, target)
    assert near < 1e-4
    assert brighter.item() == pytest.approx(4 * 0.1**2, rel=0.1)  # as of Gram matrices


@pytest.fixture(params=[torch.bfloat16, torch.float16, torch.float64], ids=str)
def true_precision(request):
    """What Lightning makes the usual one in a step with trainer.precision=bf16-true and the like;
    what is kept of the paintings becomes that as well."""
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_they_work_in_any_precision(name, features, true_precision):
    painted, style = features
    ours = build_style_loss(name, "relative")
    torch.manual_seed(0)
    exact = ours(painted, ours.target(style))
    torch.manual_seed(0)
    target = ours.target(style.to(true_precision)).to(true_precision)
    found = ours(painted.to(true_precision), target)
    torch.testing.assert_close(found.float(), exact.float(), rtol=0.1, atol=0.02)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_the_same_picture_gives_zero(name, measure, features):
    ours = build_style_loss(name, measure)
    value = ours(features[0], ours.target(features[0]))
    if name == "mmd_gaussian":  # without the pairs of a position and itself
        assert -0.2 < value < 0
    else:
        torch.testing.assert_close(value, torch.zeros(1))


@pytest.mark.slow
@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_a_descent_makes_a_picture_alike(name, features):
    torch.manual_seed(0)
    painted, style = features[0].clone().requires_grad_(), 3 * features[1]
    ours = build_style_loss(name, "relative")
    target = ours.target(style)
    optimizer = torch.optim.Adam([painted], lr=0.05)
    values = []
    for _ in range(200):
        optimizer.zero_grad()
        values.append(ours(painted, target))
        values[-1].backward()
        optimizer.step()
    assert values[-1] < 0.1 * values[0]
    means = [picture.mean((2, 3)) for picture in (painted, style)]
    torch.testing.assert_close(*means, rtol=0.15, atol=0)


@pytest.mark.usefixtures("same_directions")
@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_weights_say_how_much_a_position_counts(name, features):
    painted, style = features
    ours = build_style_loss(name, "relative")
    target = ours.target(style)
    weights = torch.zeros(1, 1, 4, 6)
    weights[..., :2] = 1.0
    torch.testing.assert_close(
        ours(painted, target, 7 * weights), ours(painted[..., :2], target), rtol=1e-4, atol=1e-6
    )
    torch.testing.assert_close(
        ours(painted, target, torch.ones(1, 1, 4, 6)), ours(painted, target), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("name", ["gram", "mmd_poly", "mmd_linear", "bn_statistics"])
def test_a_position_that_counts_twice_is_there_twice(name, features):
    painted, style = features
    ours = build_style_loss(name, "relative")
    target = ours.target(style)
    weights = torch.ones(1, 1, 4, 6)
    weights[..., 0, :] = 2.0
    twice = torch.cat([painted[..., :1, :], painted], 2)
    torch.testing.assert_close(ours(painted, target, weights), ours(twice, target))


@pytest.mark.usefixtures("same_directions")
@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_each_picture_from_one_target_or_its_own(name, features):
    painted, style = features
    batch = torch.cat([painted, 2 * painted])
    ours = build_style_loss(name, "relative")
    targets = torch.cat([ours.target(style), ours.target(3 * style)])
    for chosen in ([0], [0, 1]):
        pairs = zip(batch, targets[chosen].expand(2, -1, -1), strict=True)
        single = [ours(picture[None], target[None]) for picture, target in pairs]
        torch.testing.assert_close(ours(batch, targets[chosen]), torch.cat(single))


@pytest.mark.usefixtures("same_directions")
@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_dead_channels_and_half_precision_give_finite_gradients(name, features):
    painted = features[0].bfloat16()
    painted[:, 2] = 0
    painted.requires_grad_()
    ours = build_style_loss(name, "relative")
    with torch.autocast("cpu", torch.bfloat16):
        value = ours(painted, ours.target(features[1]))
    value.backward()
    assert value.dtype == torch.float32
    assert painted.grad.isfinite().all()
    exact = ours(painted.detach().float(), ours.target(features[1]))
    torch.testing.assert_close(value, exact, rtol=1e-2, atol=1e-3)


def test_gram_is_the_one_of_the_losses(features):
    ours = build_style_loss("gram", "johnson2016")
    expected = losses.style_loss(*(losses.gram_matrix(picture) for picture in features))
    assert torch.equal(ours(features[0], ours.target(features[1])), expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", STYLE_LOSSES)
def test_training_with_each_of_them(name, tmp_path, command_line):
    from fastnst.commands.train import main

    steps = ["trainer.max_steps=3", "sample_every=3", "trainer.precision=32-true"]
    command_line("data=dead_leaves", f"loss.style_loss={name}", *steps, "hydra.run.dir=run")
    main()
    logged = EventAccumulator(str(tmp_path / "run")).Reload()
    values = [event.value for event in logged.Scalars("train/style")]
    assert len(values) == 3
    assert values[-1] < values[0]
