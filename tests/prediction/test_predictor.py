"""What is seen of a painting, and what is predicted from it."""

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from fastnst.drawing import draw_painting
from fastnst.images import to_tensor
from fastnst.losses import build_loss_network
from fastnst.machine import UserError
from fastnst.models import TRUNK, fingerprint, read_network
from fastnst.networks import style_of
from fastnst.prediction import (
    WEIGHTS,
    Predictor,
    directions,
    painting_statistics,
    read_predictor,
    write_predictor,
)
from fastnst.prediction.statistics import DIRECTIONS, kinds_of_statistics

K = 24


@pytest.fixture(scope="module")
def compact():
    return build_loss_network("compact", "pretrained")


@pytest.fixture(scope="module")
def paintings():
    return [to_tensor(Image.fromarray(draw_painting(192, 0, number)))[None] for number in range(4)]


@pytest.fixture(scope="module")
def along(compact, paintings):
    return directions(compact, paintings)


@pytest.fixture
def predictor(along):
    torch.manual_seed(0)
    made = Predictor(K, "f" * 64)
    for layer, found in along.items():
        made.get_buffer(f"along_{layer}").copy_(found)
    torch.nn.init.normal_(made.say.weight)
    made.get_buffer("components").normal_(std=0.01)
    return made.eval()


def test_activations_have_a_deviation_of_one_along_the_directions(compact, paintings, along):
    for layer, count in DIRECTIONS.items():
        together = 0
        for painting in paintings:
            flat = compact(painting, [layer])[layer][0].flatten(1)
            along_them = along[layer].T @ (flat - flat.mean(1, keepdim=True))
            together = together + along_them @ along_them.T / flat.shape[1] / len(paintings)
        assert together.shape == (count, count)
        strong = together.diagonal()[-4:]
        torch.testing.assert_close(strong, torch.ones(4), rtol=0.02, atol=0)


def test_statistics_tell_paintings_apart_but_not_where_things_are(compact, paintings, along):
    seen = [painting_statistics(compact, painting, along) for painting in paintings]
    assert seen[0].shape == (sum(kinds_of_statistics()),)
    for number, painting in enumerate(paintings):
        moved = painting_statistics(compact, painting.roll((64, 96), (2, 3)), along)
        away = [(moved - other).abs().mean() for other in seen]
        assert away[number] < 0.6 * min(away[:number] + away[number + 1 :])


def test_a_predictor_comes_back_from_its_file(predictor, compact, paintings, tmp_path):
    path = tmp_path / "predictor.safetensors"
    write_predictor(path, predictor)
    read = read_predictor(path)
    assert read.network == "f" * 64
    assert not read.training
    expected = predictor.predict(compact, paintings[0])
    assert expected.shape == (K,)
    torch.testing.assert_close(read.predict(compact, paintings[0]), expected, rtol=0.05, atol=0.2)


def test_before_training_it_says_what_the_styles_have_in_the_middle(along, compact, paintings):
    fresh = Predictor(K, "f" * 64)
    fresh.get_buffer("middle").copy_(torch.arange(K))
    assert fresh.predict(compact, paintings[0]).tolist() == [*range(K)]


def test_what_is_far_off_all_that_was_learnt_from_stays_within_bounds(predictor):
    usual = predictor(torch.full((1, sum(kinds_of_statistics())), 4.0))
    assert torch.equal(predictor(torch.full((1, sum(kinds_of_statistics())), 1e6)), usual)


@pytest.mark.parametrize("damage", ["none", "cut", "other", "nan", "name"])
def test_files_that_are_none(predictor, tmp_path, damage):
    path = tmp_path / "predictor.safetensors"
    write_predictor(path, predictor)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "none":
        path.unlink()
    elif damage == "other":
        save_file({"a": torch.zeros(3)}, path, {"network": "f"})
    elif damage == "nan":
        state = load_file(path)
        save_file(state | {"middle": state["middle"] * float("nan")}, path, {"network": "f"})
    else:
        save_file(load_file(path), path)
    with pytest.raises(UserError, match=r"no predictor|is no predictor"):
        read_predictor(path)


def test_the_one_that_comes_with_fastnst_is_for_its_network():
    network = read_network(TRUNK).network
    predictor = read_predictor()
    assert predictor.network == fingerprint(network)
    assert predictor.get_buffer("middle").shape == style_of(network).shape
    assert WEIGHTS.stat().st_size < 3_000_000
