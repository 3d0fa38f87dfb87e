import pytest
import torch
import torch.nn.functional as F
from torch import nn

from fastnst.losses.network import (
    LAYERS,
    LossNetwork,
    MaxPool2d,
    layer_indices,
    torchvision_features,
)

# Positions in torchvision's `features`, by hand.
VGG16 = {
    **{"relu1_1": 1, "relu1_2": 3, "relu2_1": 6, "relu2_2": 8},
    **{"relu3_1": 11, "relu3_2": 13, "relu3_3": 15},
    **{"relu4_1": 18, "relu4_2": 20, "relu4_3": 22},
    **{"relu5_1": 25, "relu5_2": 27, "relu5_3": 29},
}
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize("architecture", ["vgg16", "vgg19"])
def test_layers_have_the_papers_names(architecture):
    features = torchvision_features(architecture)
    assert LAYERS[architecture] == [*layer_indices(features)]
    if architecture == "vgg16":
        assert layer_indices(features) == VGG16


def normalize(images):
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in IMAGENET)
    return (images - mean) / std


def test_activations_are_those_of_the_plain_layers(small_vgg, small_features, batch):
    images = batch(2, 32)
    activations = small_vgg(images, list(VGG16))
    assert activations.keys() == VGG16.keys()
    for layer, index in VGG16.items():
        expected = small_features()[: index + 1](normalize(images))
        assert expected.abs().sum() > 0
        torch.testing.assert_close(activations[layer], expected, rtol=1e-5, atol=1e-6)


def test_the_images_stay_as_they_are(small_vgg, batch):
    images = batch(1, 32)
    small_vgg(images, ["relu1_1"])
    assert torch.equal(images, batch(1, 32))


@pytest.mark.parametrize(
    ("layers", "deepest"), [(["relu1_1"], 1), (["relu3_3", "relu1_2"], 15), ([], -1)]
)
def test_nothing_is_computed_beyond_the_deepest_layer(small_vgg, batch, layers, deepest):
    seen = []
    for index, layer in enumerate(small_vgg.features):
        layer.register_forward_hook(lambda *_, index=index: seen.append(index))
    assert small_vgg(batch(1, 32), layers).keys() == set(layers)
    assert seen == list(range(deepest + 1))


def test_an_unknown_layer_is_refused_with_the_known_ones(small_vgg, batch):
    with pytest.raises(ValueError, match=r"relu3_4.*relu1_1.*relu5_3"):
        small_vgg(batch(1, 32), ["relu1_1", "relu3_4"])


class Owner(nn.Module):
    def __init__(self, loss_network: LossNetwork) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.inner = nn.ModuleDict({"loss_network": loss_network})


def test_it_stays_in_eval_mode(small_vgg):
    owner = Owner(small_vgg).train()
    assert owner.linear.training
    assert not any(module.training for module in small_vgg.modules())


def test_no_parameter_needs_a_gradient(small_vgg):
    parameters = [*small_vgg.parameters()]
    assert len(parameters) == 2 * len(VGG16)
    assert not any(parameter.requires_grad for parameter in parameters)


def test_its_owners_checkpoints_do_without_it(small_vgg, small_features):
    owner = Owner(small_vgg)
    state = owner.state_dict()
    assert state.keys() == {"linear.weight", "linear.bias"}
    state = {name: torch.ones_like(value) for name, value in state.items()}
    owner.load_state_dict(state, strict=True)
    assert state.keys() == {"linear.weight", "linear.bias"}
    assert torch.equal(owner.linear.weight, torch.ones(2, 2))
    kept = small_vgg.features.state_dict()
    for name, value in small_features().state_dict().items():
        assert torch.equal(kept[name], value)
    torch.testing.assert_close(small_vgg.mean.flatten(), torch.tensor(IMAGENET[0]))


def test_its_owner_still_refuses_unknown_and_missing_keys(small_vgg):
    owner = Owner(small_vgg)
    with pytest.raises(RuntimeError, match="Missing"):
        owner.load_state_dict({"linear.weight": torch.ones(2, 2)})
    with pytest.raises(RuntimeError, match="Unexpected"):
        owner.load_state_dict({**owner.state_dict(), "more": torch.ones(1)})


def test_average_pooling_takes_the_place_of_max_pooling(small_features, batch):
    network = LossNetwork(small_features(), *IMAGENET, pooling="avg")
    kinds = {type(layer) for layer in network.features}
    assert nn.AvgPool2d in kinds
    assert nn.MaxPool2d not in kinds
    assert network.layers == VGG16
    features, images = small_features(), batch(1, 32)
    pooled = F.avg_pool2d(features[:4](normalize(images)), 2)
    expected = features[5:7](pooled)
    torch.testing.assert_close(network(images, ["relu2_1"])["relu2_1"], expected)


def test_mean_and_std_are_applied(small_features, batch):
    plain = LossNetwork(small_features(), (0, 0, 0), (1, 1, 1))
    scaled = LossNetwork(small_features(), (0.1, 0.2, 0.3), (0.5, 2.0, 4.0))
    images = batch(1, 32)
    by_hand = (images - torch.tensor([0.1, 0.2, 0.3]).view(3, 1, 1)) / torch.tensor(
        [0.5, 2.0, 4.0]
    ).view(3, 1, 1)
    torch.testing.assert_close(
        scaled(images, ["relu2_2"])["relu2_2"], plain(by_hand, ["relu2_2"])["relu2_2"]
    )


@pytest.mark.parametrize("size", [(2, 3, 8, 6), (1, 2, 7, 5), (1, 1, 2, 3)])
def test_maximum_pooling_is_pytorchs(size):
    images = torch.randn(size).requires_grad_()
    ours, plain = MaxPool2d()(images), torch.nn.functional.max_pool2d(images, 2)
    assert torch.equal(ours, plain)
    wanted = torch.randn(ours.shape)
    (grad,) = torch.autograd.grad(ours, images, wanted)
    (plain_grad,) = torch.autograd.grad(plain, images, wanted)
    torch.testing.assert_close(grad, plain_grad)


def test_equal_maxima_share_the_gradient():
    images = torch.tensor([[1.0, 1.0], [0.0, 1.0]])[None, None].requires_grad_()
    (grad,) = torch.autograd.grad(MaxPool2d()(images).sum(), images)
    torch.testing.assert_close(grad[0, 0], torch.tensor([[1 / 3, 1 / 3], [0, 1 / 3]]))
