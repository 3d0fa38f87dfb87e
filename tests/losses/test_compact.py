"""The compact loss network and the weights that come with it."""

import json

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from hydra import compose, initialize_config_dir
from torch.utils.flop_counter import FlopCounterMode

from fastnst.config.hydra import CONFIGS
from fastnst.config.settings import read_settings
from fastnst.images.folders import list_images
from fastnst.images.pixels import crop_center, flatten, to_tensor
from fastnst.images.read import read_image
from fastnst.losses.compact import EXPOSED, WEIGHTS
from fastnst.losses.functional import gram_matrix
from fastnst.losses.network import LAYERS
from fastnst.losses.weights import build_loss_network
from fastnst.machine.errors import UserError

SHAPES = {"relu1_2": (16, 32), "relu2_2": (72, 16), "relu3_3": (88, 8), "relu4_3": (352, 4)}


@pytest.fixture(scope="module")
def compact():
    return build_loss_network("compact", "pretrained")


def test_it_exposes_the_layers_of_the_paper_by_their_names(compact, batch):
    activations = compact(batch(2, 32), [*SHAPES])
    assert LAYERS["compact"] == [*SHAPES] == [*compact.layers]
    for layer, (channels, side) in SHAPES.items():
        assert activations[layer].shape == (2, channels, side, side)
        assert activations[layer].isfinite().all()


def test_building_it_leaves_chance_as_it_was():
    """A network that is trained against it begins as one that is trained against a VGG."""
    before = torch.get_rng_state()
    build_loss_network("compact", "pretrained")
    assert torch.equal(torch.get_rng_state(), before)


def test_layers_without_a_head_are_hidden(compact, batch):
    with pytest.raises(ValueError, match=r"no layer relu3_1; there are relu1_2, relu2_2, relu3_3"):
        compact(batch(1, 32), ["relu3_1"])


def test_it_is_frozen_and_in_no_checkpoint(compact):
    owner = torch.nn.Sequential(compact)
    owner.train()
    assert not compact.training
    assert not any(parameter.requires_grad for parameter in owner.parameters())
    assert not owner.state_dict()


def test_its_file_is_small_and_says_where_it_comes_from():
    assert WEIGHTS.stat().st_size <= 2.5e6
    assert {value.dtype for value in safetensors.torch.load_file(WEIGHTS).values()} == {
        torch.float16
    }
    with safetensors.safe_open(WEIGHTS, "pt") as file:
        metadata = file.metadata()
    assert len(json.loads(metadata["mean"])) == len(json.loads(metadata["std"])) == 3
    assert metadata["teacher"] == "vgg19"
    assert int(metadata["steps"]) > 0


def operations(network) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, 64, 64), ["relu4_3"])
    return counter.get_total_flops()


def test_it_takes_an_eighth_of_the_operations_of_vgg16(compact):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        compact(torch.zeros(1, 3, 64, 64), [*EXPOSED])  # with all heads
    assert counter.get_total_flops() * 8 <= operations(build_loss_network("vgg16", "random"))


def test_weights_of_a_vgg_do_not_fit(tmp_path):
    path = tmp_path / "vgg.safetensors"
    safetensors.torch.save_file({"features.0.weight": torch.ones(64, 3, 3, 3)}, path)
    with pytest.raises(UserError) as caught:
        build_loss_network("compact", str(path))
    assert "do not fit compact" in str(caught.value)
    assert "(64, 3, 3, 3) instead of (16, 3, 3, 3)" in str(caught.value)


@pytest.mark.parametrize("weights", ["random", "IMAGENET1K_V1", "best"])
def test_other_words_are_refused_with_the_choices(weights):
    with pytest.raises(UserError) as caught:
        build_loss_network("compact", weights)
    assert f"loss_network.weights={weights} is not known for compact" in str(caught.value)
    assert "use pretrained, or a file ending in" in str(caught.value)


def read(*overrides: str):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return read_settings(compose("train", [*overrides]))


def test_a_layer_that_only_a_vgg_has_is_refused():
    with pytest.raises(UserError) as caught:
        read("loss_network=compact", "+loss.style_layers.relu5_1=1")
    message = "loss.style_layers.relu5_1: compact has no layer relu5_1"
    assert message in str(caught.value)


def test_the_demo_is_trained_against_it():
    assert read("experiment=demo").loss_network.model_dump() == {
        "name": "compact",
        "weights": "pretrained",
    }


def style_distances(network, pictures) -> np.ndarray:
    """Of each picture to each other one, logarithms, summed over the layers."""
    with torch.no_grad():
        seen = [network(picture, [*EXPOSED]) for picture in pictures]
    total = torch.zeros(len(pictures), len(pictures))
    for layer in EXPOSED:
        grams = torch.cat([gram_matrix(values[layer]) for values in seen]).flatten(1)
        # as relative_style_loss, of all pairs at once
        distances = torch.stack([(grams - one).square().sum(1) for one in grams])
        total += distances / grams.square().sum(1)
    return total.log()[~torch.eye(len(pictures), dtype=torch.bool)].numpy()


@pytest.mark.slow
def test_it_tells_styles_apart_as_the_real_vgg19_does(compact, vgg19, shared):
    """Far better than random weights do, which is all that there is to offer without it."""
    files = [*list_images(shared / "styles"), *list_images(shared / "content")]
    pictures = [to_tensor(crop_center(flatten(read_image(file)), 128))[None] for file in files]
    real, ours, random = (
        style_distances(network, pictures)
        for network in (vgg19, compact, build_loss_network("vgg16", "random"))
    )
    assert np.corrcoef(ours, real)[0, 1] > 0.98
    assert np.abs(ours - real).mean() < 0.25 * np.abs(random - real).mean()
