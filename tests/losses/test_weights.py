import io
import urllib.error
from email.message import Message

import pytest
import safetensors.torch
import torch
from torchvision import models

from fastnst.losses.network import torchvision_features
from fastnst.losses.weights import build_loss_network
from fastnst.machine.errors import UserError

FEATURES = models.VGG16_Weights.IMAGENET1K_FEATURES
CAFFE = ((0.48235, 0.45882, 0.40784), (1 / 255, 1 / 255, 1 / 255))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.fixture(scope="module")
def state():
    """All that a file of VGG16 holds, with values that float16 knows."""
    shapes = {
        f"features.{k}": v.shape for k, v in torchvision_features("vgg16").state_dict().items()
    }
    state = {name: torch.full(shape, i / 64) for i, (name, shape) in enumerate(shapes.items())}
    state["features.0.weight"][1, 2, 0, 1] = 0.5
    return state | {"classifier.0.weight": torch.ones(2, 3)}


@pytest.fixture(scope="module")
def file(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "vgg.pth"
    torch.save(state, path)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """torchvision's cache, empty; and no network."""

    def urlopen(request, *_, **__):
        raise urllib.error.URLError("no network in tests")

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    monkeypatch.setattr(torch.hub, "urlopen", urlopen)
    return tmp_path / "hub" / "checkpoints"


def weights_of(network):
    return {f"features.{name}": value for name, value in network.features.state_dict().items()}


def assert_holds(network, state):
    loaded = weights_of(network)
    assert len(loaded) == 26
    for name, value in loaded.items():
        assert value.dtype == torch.float32
        assert torch.equal(value, state[name].float()), name


def normalization_of(network):
    return network.mean.flatten().tolist(), network.std.flatten().tolist()


def test_random_weights_depend_on_the_seed_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = build_loss_network("vgg16", "random", seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    again = build_loss_network("vgg16", "random", seed=3)
    assert_holds(again, weights_of(first))
    other = build_loss_network("vgg16", "random", seed=4)
    assert not torch.equal(other.features[0].weight, first.features[0].weight)


def test_random_weights_carry_the_scale_through(batch):
    network = build_loss_network("vgg16", "random")
    activations = network(batch(1, 64), ["relu1_2", "relu4_3"])
    sizes = {layer: value.square().mean().sqrt() for layer, value in activations.items()}
    assert 0.2 < sizes["relu4_3"] / sizes["relu1_2"] < 5


def test_a_pth_file_loads_exactly(file, state):
    assert_holds(build_loss_network("vgg16", str(file)), state)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_safetensors_file_loads_exactly(tmp_path, state, dtype):
    path = tmp_path / "vgg.safetensors"
    safetensors.torch.save_file({name: value.to(dtype) for name, value in state.items()}, path)
    assert_holds(build_loss_network("vgg16", str(path)), state)


@pytest.mark.parametrize(("choice", "expected"), [("imagenet", IMAGENET), ("caffe", CAFFE)])
def test_a_file_without_metadata_is_normalized_as_said(file, choice, expected):
    network = build_loss_network("vgg16", str(file), normalization=choice)
    for values, wanted in zip(normalization_of(network), expected, strict=True):
        assert values == pytest.approx(wanted)


def write_safetensors(path, state, **metadata):
    safetensors.torch.save_file(state, path, metadata)
    return str(path)


def test_the_metadata_say_the_normalization(tmp_path, state):
    path = write_safetensors(
        tmp_path / "a.safetensors", state, mean="[0.1, 0.2, 0.3]", std="[1.0, 2.0, 4.0]"
    )
    mean, std = normalization_of(build_loss_network("vgg16", path, normalization="caffe"))
    assert mean == pytest.approx([0.1, 0.2, 0.3])
    assert std == pytest.approx([1, 2, 4])


@pytest.mark.parametrize("mean", ["[0.1, 0.2]", "grey", "0.5", "[[1], [2], [3]]", "null"])
def test_metadata_that_are_no_three_numbers_are_refused(tmp_path, mean):
    path = write_safetensors(
        tmp_path / "a.safetensors", {"a": torch.ones(1)}, mean=mean, std="[1, 1, 1]"
    )
    with pytest.raises(UserError, match="cannot be read as VGG weights"):
        build_loss_network("vgg16", path)


def test_the_real_vgg19_has_its_own_normalization(vgg19):
    for values, wanted in zip(normalization_of(vgg19), CAFFE, strict=True):
        assert values == pytest.approx(wanted, rel=1e-4)


def test_missing_and_misshapen_weights_are_named(tmp_path, state):
    wrong = {name: value for name, value in state.items() if name != "features.2.bias"}
    wrong["features.5.weight"] = torch.ones(3, 3)
    torch.save(wrong, tmp_path / "wrong.pt")
    with pytest.raises(UserError) as caught:
        build_loss_network("vgg16", str(tmp_path / "wrong.pt"))
    message = str(caught.value)
    assert "features.2.bias is missing" in message
    assert "features.5.weight is (3, 3) instead of (128, 64, 3, 3)" in message
    assert "more" not in message


def test_weights_of_the_other_vgg_do_not_fit(file):
    with pytest.raises(UserError, match=r"do not fit vgg19: features.*and \d+ more"):
        build_loss_network("vgg19", str(file))


@pytest.mark.parametrize("name", ["vgg.pth", "vgg.pt", "vgg.safetensors"])
@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"0,1,2\n", b"<html>", b"\x89PNG\r\n", b"PK\x03\x04", b"s\n"],
    ids=["empty", "text", "table", "page", "picture", "archive", "letter"],
)
def test_what_is_no_file_of_weights_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(
        UserError, match=r"(?s)cannot be read as VGG weights.*safetensors"
    ) as caught:
        build_loss_network("vgg16", str(path))
    assert "weights_only" not in str(caught.value)  # torch recommends to run the file's code


def test_a_truncated_file_is_refused(tmp_path, file):
    path = tmp_path / "cut.pth"
    path.write_bytes(file.read_bytes()[:100_000])
    with pytest.raises(UserError, match="cannot be read"):
        build_loss_network("vgg16", str(path))


def test_a_file_of_something_else_is_refused(tmp_path):
    torch.save([torch.ones(1)], tmp_path / "list.pth")
    with pytest.raises(UserError, match="holds no dictionary"):
        build_loss_network("vgg16", str(tmp_path / "list.pth"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no weights file .*gone\.pth"):
        build_loss_network("vgg16", str(tmp_path / "gone.pth"))


def test_an_unknown_word_is_refused_with_the_choices():
    with pytest.raises(UserError) as caught:
        build_loss_network("vgg16", "imagenet")
    message = str(caught.value)
    assert "\n" not in message
    for choice in ("imagenet", "pretrained", "random", "IMAGENET1K_V1", ".safetensors"):
        assert choice in message


@pytest.mark.parametrize(
    ("architecture", "weights", "enum"),
    [
        ("vgg16", "pretrained", FEATURES),
        ("vgg16", "IMAGENET1K_V1", models.VGG16_Weights.IMAGENET1K_V1),
        ("vgg19", "pretrained", models.VGG19_Weights.IMAGENET1K_V1),
    ],
)
def test_a_failing_download_says_how_to_do_without(cache, architecture, weights, enum):
    with pytest.raises(UserError) as caught:
        build_loss_network(architecture, weights)
    message = str(caught.value)
    for part in (
        enum.url,
        str(cache / enum.url.rsplit("/", 1)[-1]),
        "no network in tests",
        "loss_network.weights=<file>",
        "loss_network=compact",
    ):
        assert part in message
    assert "\n" not in message


def test_a_download_of_something_else_is_refused(cache, monkeypatch):
    class Answer(io.BytesIO):
        def info(self):
            return Message()

    monkeypatch.setattr(torch.hub, "urlopen", lambda *_, **__: Answer(b"<html>log in</html>"))
    with pytest.raises(UserError, match="hash"):
        build_loss_network("vgg16", "pretrained")
    assert not [*cache.iterdir()]


def put_in_cache(cache, file):
    cache.mkdir(parents=True)
    place = cache / FEATURES.url.rsplit("/", 1)[-1]
    place.symlink_to(file)
    return place


@pytest.mark.parametrize("weights", ["pretrained", "IMAGENET1K_FEATURES"])
def test_a_file_in_the_cache_is_used(cache, file, state, caplog, weights):
    put_in_cache(cache, file)
    network = build_loss_network("vgg16", weights)
    assert_holds(network, state)
    for values, wanted in zip(normalization_of(network), CAFFE, strict=True):
        assert values == pytest.approx(wanted, rel=1e-4)
    assert not caplog.records


@pytest.mark.parametrize("content", [b"", b"hello", b"0,1,2\n"])
def test_a_damaged_file_in_the_cache_is_named(cache, tmp_path, content):
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content)
    place = put_in_cache(cache, damaged)
    with pytest.raises(UserError) as caught:
        build_loss_network("vgg16", "pretrained")
    assert str(place) in str(caught.value)
