"""Networks of pytorch/examples, compared with an independent definition of that architecture."""

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from fastnst.machine.errors import UserError
from fastnst.models import read_model


def normalized(features, state, name):
    return F.instance_norm(
        features, weight=state[f"{name}.weight"], bias=state[f"{name}.bias"], eps=1e-5
    )


def convolved(features, state, name, stride=1):
    weight, bias = state[f"{name}.conv2d.weight"], state[f"{name}.conv2d.bias"]
    reach = weight.shape[-1] // 2
    return F.conv2d(F.pad(features, (reach,) * 4, "reflect"), weight, bias, stride)


def theirs(state, images):
    """What their script computes from RGB in 0..255, written down from its description."""
    features = images
    for number, stride in ((1, 1), (2, 2), (3, 2)):
        features = convolved(features, state, f"conv{number}", stride)
        features = F.relu(normalized(features, state, f"in{number}"))
    for number in range(1, 6):
        block = f"res{number}"
        inside = convolved(features, state, f"{block}.conv1")
        inside = F.relu(normalized(inside, state, f"{block}.in1"))
        inside = convolved(inside, state, f"{block}.conv2")
        features = features + normalized(inside, state, f"{block}.in2")
    for number in (1, 2):
        larger = F.interpolate(features, scale_factor=2, mode="nearest")
        features = convolved(larger, state, f"deconv{number}")
        features = F.relu(normalized(features, state, f"in{number + 3}"))
    return convolved(features, state, "deconv3").clamp(0, 255)


@pytest.fixture
def state():
    """Weights as after training: what comes out fills the range, and is not all clipped."""
    generator = torch.Generator().manual_seed(0)
    made = {}

    def conv(name, inputs, outputs, kernel):
        scale = (inputs * kernel**2) ** -0.5
        shape = (outputs, inputs, kernel, kernel)
        made[f"{name}.conv2d.weight"] = torch.randn(shape, generator=generator) * scale
        made[f"{name}.conv2d.bias"] = torch.randn(outputs, generator=generator) * 0.1

    def norm(name, channels):
        made[f"{name}.weight"] = 1 + 0.2 * torch.randn(channels, generator=generator)
        made[f"{name}.bias"] = 0.2 * torch.randn(channels, generator=generator)

    for number, (inputs, outputs, kernel) in enumerate(((3, 32, 9), (32, 64, 3), (64, 128, 3)), 1):
        conv(f"conv{number}", inputs, outputs, kernel)
        norm(f"in{number}", outputs)
    for number in range(1, 6):
        for part in (1, 2):
            conv(f"res{number}.conv{part}", 128, 128, 3)
            norm(f"res{number}.in{part}", 128)
    for number, (inputs, outputs) in enumerate(((128, 64), (64, 32)), 1):
        conv(f"deconv{number}", inputs, outputs, 3)
        norm(f"in{number + 3}", outputs)
    conv("deconv3", 32, 3, 9)
    made["deconv3.conv2d.weight"] *= 60
    made["deconv3.conv2d.bias"] += 128
    return made


def with_running_statistics(state):
    """As files of 2017 have them."""
    old = dict(state)
    for name, value in state.items():
        module, kind = name.rsplit(".", 1)
        if kind == "weight" and value.ndim == 1:
            old[f"{module}.running_mean"] = torch.randn(len(value))
            old[f"{module}.running_var"] = torch.rand(len(value))
    return old


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("suffix", ["pth", "model"])
def test_it_paints_what_theirs_paints(state, old, suffix, batch, tmp_path):
    path = tmp_path / f"mosaic 2.{suffix}"
    saved = with_running_statistics(state) if old else state
    torch.save(saved, path, _use_new_zipfile_serialization=not old)
    model = read_model(path)
    assert model.style["name"] == "mosaic_2"
    images = batch(2, 48)
    expected = theirs(state, 255 * images) / 255
    assert expected.std() > 0.1
    with torch.no_grad():
        painted = model.network(images)
    assert (painted - expected).abs().max() < 1e-4
    clipped = ((painted == 0) | (painted == 1)).float().mean()
    assert 0 < clipped < 0.5


def test_a_missing_layer_is_one_sentence(state, tmp_path):
    path = tmp_path / "mosaic.pth"
    del state["res3.in1.bias"]
    torch.save(state, path)
    with pytest.raises(UserError, match=r"mosaic\.pth is not a fastnst checkpoint"):
        read_model(path)


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod.", "model."])
@pytest.mark.parametrize("wrap", [None, "state_dict", "model", "safetensors"])
def test_it_is_found_in_whatever_it_was_saved(prefix, wrap, state, tmp_path):
    saved = {prefix + key: value for key, value in state.items()}
    saved |= {"vgg.conv1.weight": torch.zeros(1)} if prefix else {}
    path = tmp_path / "mosaic.pth"
    if wrap == "safetensors":
        path = path.with_suffix(".safetensors")
        save_file(saved, path)
    else:
        torch.save({"epoch": 2, wrap: saved, "args": None} if wrap else saved, path)
    model = read_model(path)
    assert (model.architecture["name"], model.style["name"]) == ("pytorch_examples", "mosaic")
    weights = model.network.state_dict()["residual.0.body.0.1.weight"]
    assert torch.equal(weights, state["res1.conv1.conv2d.weight"])
