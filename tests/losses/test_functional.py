"""Losses against an independent reference and by hand."""

import pytest
import safetensors.torch
import torch
import torch.nn.functional as F
from torchvision import models

from fastnst.losses import functional as losses
from fastnst.losses.perceptual import PerceptualLoss

LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
CUTS = {"vgg16": (4, 9, 16, 23), "vgg19": (4, 9, 16, 25)}  # features[:cut] ends with that ReLU
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CAFFE = ((0.48235, 0.45882, 0.40784), (1 / 255, 1 / 255, 1 / 255))


def reference_gram(y):
    b, ch, h, w = y.size()
    features = y.view(b, ch, w * h)
    return features.bmm(features.transpose(1, 2)) / (ch * h * w)


def reference_features(features, cuts, normalization, x):
    mean, std = (torch.tensor(values).view(-1, 1, 1) for values in normalization)
    outputs, start = [], 0
    x = (x - mean) / std
    for cut in cuts:
        x = features[start:cut](x)
        outputs.append(x)
        start = cut
    return outputs


def reference_losses(see, y, x, style):
    features_y, features_x = see(y), see(x)
    gram_style = [reference_gram(f) for f in see(style.repeat(len(x), 1, 1, 1))]
    content = 1e5 * F.mse_loss(features_y[1], features_x[1])
    by_layer = [
        F.mse_loss(reference_gram(f), gram) for f, gram in zip(features_y, gram_style, strict=True)
    ]
    return content, 1e10 * sum(by_layer), by_layer


@pytest.fixture(params=["small", "vgg19"])
def both(request, small_features):
    """Our loss network, and a function that gives the reference's activations."""
    if request.param == "small":
        network = request.getfixturevalue("small_vgg")
        features, cuts, normalization = small_features(), CUTS["vgg16"], IMAGENET
    else:
        network = request.getfixturevalue("vgg19")
        file = request.getfixturevalue("shared") / "weights" / "vgg19_features_fp16.safetensors"
        with torch.device("meta"):
            features = models.vgg19().features
        state = {
            name.removeprefix("features."): value.float()
            for name, value in safetensors.torch.load_file(file).items()
        }
        features.load_state_dict(state, assign=True)
        cuts, normalization = CUTS["vgg19"], CAFFE
    features.requires_grad_(False)
    return network, lambda x: reference_features(features, cuts, normalization, x)


def test_johnson2016_equals_the_reference(both, batch):
    network, see = both
    photographs, style = batch(2, 64, seed=1), batch(1, 64, seed=2)
    noise = torch.rand(photographs.shape, generator=torch.Generator().manual_seed(0))
    output = (0.7 * photographs + 0.3 * noise).requires_grad_()
    ours = PerceptualLoss(
        network,
        [style],
        measure="johnson2016",
        style_loss="gram",
        content_layers={"relu2_2": 1.0},
        style_layers=dict.fromkeys(LAYERS, 1.0),
        content_weight=1e5,
        style_weight=1e10,
        tv_weight=0.0,
    )
    terms = ours(output, photographs)
    content, painted, by_layer = reference_losses(see, output, photographs, style)

    close = {"rtol": 1e-5, "atol": 0.0}
    torch.testing.assert_close(terms["weighted_content"], content, **close)
    torch.testing.assert_close(terms["weighted_style"], painted, **close)
    torch.testing.assert_close(terms["total"], content + painted, **close)
    for layer, value in zip(LAYERS, by_layer, strict=True):
        torch.testing.assert_close(terms[f"style_{layer}"], value, **close)
    ours_gradient, gradient = (
        torch.autograd.grad(total, output)[0] for total in (terms["total"], content + painted)
    )
    assert (ours_gradient - gradient).norm() < 1e-4 * gradient.norm()


def test_gram_matrices_equal_the_reference(both, batch):
    network, see = both
    pictures = batch(2, 64, seed=3)
    activations = network(pictures, LAYERS)
    for layer, features in zip(LAYERS, see(pictures), strict=True):
        gram = losses.gram_matrix(activations[layer])
        torch.testing.assert_close(gram, reference_gram(features), rtol=1e-5, atol=1e-30)


@pytest.fixture
def features():
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, 5, 6, 7, generator=generator), torch.rand(2, 5, 6, 7, generator=generator)


def relative_losses(features, target):
    grams = losses.gram_matrix(features), losses.gram_matrix(target)
    both = losses.relative_feature_loss(features, target), losses.relative_style_loss(*grams)
    assert [loss.shape for loss in both] == [features.shape[:1]] * 2
    return tuple(loss.mean() for loss in both)


def test_relative_losses_by_hand():
    features = torch.tensor([[[[1.0, 2.0]], [[0.0, 4.0]]]])
    target = torch.tensor([[[[3.0, 2.0]], [[0.0, 1.0]]]])
    assert relative_losses(features, target)[0] == pytest.approx((4 + 9) / (9 + 4 + 1))
    # Gram matrices, times C H W = 4
    gram, wanted = torch.tensor([[5.0, 8.0], [8.0, 16.0]]), torch.tensor([[13.0, 2.0], [2.0, 1.0]])
    torch.testing.assert_close(losses.gram_matrix(features)[0], gram / 4)
    expected = (gram - wanted).square().sum() / wanted.square().sum()
    torch.testing.assert_close(relative_losses(features, target)[1], expected)


def test_relative_losses_run_from_match_to_nothing(features):
    _, target = features
    assert relative_losses(target, target) == (0, 0)
    for loss in relative_losses(torch.zeros_like(target), target):
        torch.testing.assert_close(loss, torch.tensor(1.0))


@pytest.mark.parametrize("scale", [1e-3, 300.0])
def test_relative_losses_do_not_depend_on_the_scale(features, scale):
    output, target = features
    for ours, scaled in zip(
        relative_losses(output, target),
        relative_losses(scale * output, scale * target),
        strict=True,
    ):
        torch.testing.assert_close(ours, scaled, rtol=1e-5, atol=0)


def test_relative_feature_loss_is_that_of_each_picture(features):
    output, target = features[0], features[1] * torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    single = [losses.relative_feature_loss(output[i : i + 1], target[i : i + 1]) for i in (0, 1)]
    assert abs(single[0] - single[1]) > 0.1
    torch.testing.assert_close(losses.relative_feature_loss(output, target), torch.cat(single))


@pytest.mark.parametrize("targets", [[0, 0], [1, 0]])
def test_relative_style_loss_is_that_of_each_picture_from_one_target_or_its_own(features, targets):
    grams, other = losses.gram_matrix(features[0]), losses.gram_matrix(features[1])
    pairs = zip(grams, targets, strict=True)
    single = [losses.relative_style_loss(gram[None], other[[number]]) for gram, number in pairs]
    assert single[0] != single[1]
    together = losses.relative_style_loss(grams, other[targets])
    torch.testing.assert_close(together, torch.cat(single))


@pytest.mark.parametrize("loss", ["relative_feature_loss", "relative_style_loss"])
def test_a_dead_target_layer_gives_finite_numbers(features, loss):
    output = (10 * features[0]).requires_grad_()
    target = torch.zeros_like(output)
    pair = (output, target)
    if loss == "relative_style_loss":
        pair = losses.gram_matrix(output), losses.gram_matrix(target)
    value = getattr(losses, loss)(*pair).mean()
    value.backward()
    assert value.isfinite()
    assert output.grad.isfinite().all()


@pytest.mark.parametrize("loss", ["relative_feature_loss", "relative_style_loss"])
def test_a_layer_dead_on_both_sides_gives_zero(loss):
    zeros = torch.zeros(1, 2, 2, requires_grad=True)
    pair = (zeros, torch.zeros(1, 2, 2))
    value = getattr(losses, loss)(*pair)
    value.backward()
    assert value == 0
    assert (zeros.grad == 0).all()


def test_gram_matrix_by_hand():
    features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [0.0, -1.0]]]])
    expected = torch.tensor([[[30.0, -2.0], [-2.0, 2.0]]]) / 8
    torch.testing.assert_close(losses.gram_matrix(features), expected)


def test_gram_matrix_does_not_grow_with_the_picture(features):
    output = features[0]
    torch.testing.assert_close(
        losses.gram_matrix(output.repeat(1, 1, 2, 2)), losses.gram_matrix(output)
    )


def test_gram_matrix_is_float32_under_autocast(features):
    outside = losses.gram_matrix(features[0])
    with torch.autocast("cpu", torch.bfloat16):
        inside = losses.gram_matrix(features[0])
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, outside, rtol=0, atol=0)


def test_gram_matrix_of_bfloat16_has_more_digits_than_that():
    generator = torch.Generator().manual_seed(0)
    features = torch.rand(2, 16, 40, 50, generator=generator).bfloat16()
    flat = features.double().flatten(2)
    exact = flat @ flat.transpose(1, 2) / flat[0].numel()
    gram = losses.gram_matrix(features.to(memory_format=torch.channels_last))
    assert gram.dtype == torch.float32
    torch.testing.assert_close(gram.double(), exact, rtol=2e-5, atol=0)


def test_gram_matrix_of_large_float16_does_not_overflow():
    features = torch.full((1, 2, 64, 64), 300.0, dtype=torch.float16)
    torch.testing.assert_close(losses.gram_matrix(features), torch.full((1, 2, 2), 45000.0))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[0.0, 1.0], [0.0, 0.0]], 1 / 2 + 1 / 2),
        ([[0.0, 0.5, 1.0], [0.0, 0.5, 1.0], [0.0, 0.5, 1.0]], 0.25),
        ([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]], 1.0),
        ([[0.3, 0.3], [0.3, 0.3]], 0.0),
    ],
)
def test_total_variation_by_hand(rows, expected):
    image = torch.tensor(rows).expand(2, 3, -1, -1)
    assert losses.total_variation(image).tolist() == pytest.approx([expected] * 2)


def test_total_variation_has_the_gradient_of_its_formula(batch):
    images = batch(2, 9).requires_grad_()
    horizontal, vertical = images.diff(dim=3), images.diff(dim=2)
    plain = horizontal.square().mean() + vertical.square().mean()
    (expected,) = torch.autograd.grad(3 * plain, images)
    (grad,) = torch.autograd.grad(3 * losses.total_variation(images).mean(), images)
    torch.testing.assert_close(grad, expected)


def test_total_variation_does_not_grow_with_the_picture(batch):
    image = batch(1, 64)
    double = torch.cat([image, image.flip(-1)], -1)
    double = torch.cat([double, double.flip(-2)], -2)
    torch.testing.assert_close(
        losses.total_variation(double), losses.total_variation(image), rtol=0.02, atol=0
    )


@pytest.mark.parametrize("loss", [losses.feature_loss, losses.relative_feature_loss])
@pytest.mark.parametrize("shape", [(1, 5, 6, 7), (2, 5, 7, 6), (2, 4, 6, 7)])
def test_feature_maps_must_have_one_shape(features, loss, shape):
    with pytest.raises(ValueError, match="feature maps differ"):
        loss(features[0], torch.zeros(shape))


@pytest.mark.parametrize("loss", [losses.style_loss, losses.relative_style_loss])
def test_gram_matrices_must_be_of_one_layer(loss):
    with pytest.raises(ValueError, match="Gram matrices differ"):
        loss(torch.zeros(2, 4, 4), torch.zeros(1, 1, 1))
