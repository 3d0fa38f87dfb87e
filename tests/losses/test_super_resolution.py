import pytest
import torch

from fastnst.losses import SuperResolutionLoss, relative_feature_loss

LAYERS = {"relu1_2": 1.0, "relu2_2": 3.0}


def test_terms_are_what_the_formulas_say(small_vgg, batch):
    loss = SuperResolutionLoss(small_vgg, 10.0, 2.0, LAYERS)
    truth, enlarged = batch(2, 32), batch(2, 32, seed=1)
    terms = loss(enlarged, truth)
    pixel = (enlarged - truth).square().mean((1, 2, 3))
    seen, aims = (small_vgg(images, LAYERS) for images in (enlarged, truth))
    each = {layer: relative_feature_loss(seen[layer], aims[layer]) for layer in LAYERS}
    feature = each["relu1_2"] / 4 + 3 * each["relu2_2"] / 4
    assert torch.allclose(terms["pixel"], pixel, rtol=1e-5)
    assert torch.allclose(terms["feature"], feature, rtol=1e-5)
    assert torch.allclose(terms["total"], 10 * pixel + 2 * feature, rtol=1e-5)
    assert torch.allclose(terms["weighted_feature"], 2 * feature, rtol=1e-5)


def test_without_weight_nobody_looks(small_vgg, batch, monkeypatch):
    """It would take most of the time."""
    loss = SuperResolutionLoss(small_vgg, 1.0, 0.0, LAYERS)
    monkeypatch.setattr(small_vgg, "forward", pytest.fail)
    assert set(loss(batch(1, 32), batch(1, 32))) == {"total", "pixel", "weighted_pixel"}


def test_it_is_learnt_towards_the_truth_and_the_truth_stays(small_vgg, batch):
    loss = SuperResolutionLoss(small_vgg, 1.0, 1.0, LAYERS)
    truth = batch(1, 32).requires_grad_()
    enlarged = batch(1, 32, seed=1).requires_grad_()
    before = loss(enlarged, truth.detach())["total"]
    before.sum().backward()
    nearer = enlarged.detach() - 0.01 * enlarged.grad / enlarged.grad.norm()
    assert loss(nearer, truth.detach())["total"] < before
    assert loss(truth.detach(), truth.detach())["total"] == 0
