"""Style files: what comes back, what is refused, and mixtures of them."""

import json

import pytest
import torch
from safetensors.torch import save_file
from small.stylizing import write_small_model

from fastnst.machine import UserError
from fastnst.models import ENDING, fingerprint, read_model, read_style, write_style
from fastnst.models import read as reading
from fastnst.networks import set_style, style_of

FACTS = {"name": "dots", "title": "Dots", "artist": "Nobody", "year": "2026", "rights": "CC0"}


@pytest.fixture
def network(tmp_path):
    """What styles beside it belong to."""
    return read_model(write_small_model(tmp_path / "model.safetensors")).network


@pytest.fixture
def style(tmp_path, network):
    def write(name="dots", seed=1, owner=None, count=None):
        generator = torch.Generator().manual_seed(seed)
        row = style_of(network)
        numbers = (row + 0.3 * torch.randn(len(row), generator=generator)).half().float()
        path = tmp_path / f"{name}{ENDING}"
        write_style(path, numbers[:count], FACTS | {"name": name}, owner or fingerprint(network))
        return path, numbers

    return write


def test_everything_comes_back(tmp_path):
    numbers = torch.linspace(-2, 2, 3200)
    path = tmp_path / f"dots{ENDING}"
    write_style(path, numbers, FACTS, "f" * 64, b"picture")
    read = read_style(path)
    torch.testing.assert_close(read.numbers, numbers, rtol=1e-3, atol=1e-3)
    assert read[1:] == (FACTS, "f" * 64, b"picture")
    assert path.stat().st_size < 10_000


def test_a_fingerprint_is_of_what_styles_share(tmp_path, network):
    before = fingerprint(network)
    set_style(network, style_of(network) + 1)
    assert fingerprint(network) == before
    network.to_rgb[1].bias.data[0] += 1e-3
    assert fingerprint(network) != before
    other = read_model(write_small_model(tmp_path / "other.safetensors", seed=1)).network
    assert fingerprint(other) != before


def test_a_style_paints_with_the_network_beside_it(style, network, batch):
    path, numbers = style()
    model = read_model(path)
    assert model.style == FACTS
    set_style(network, numbers)
    assert torch.equal(model.network(batch(1, 32)), network(batch(1, 32)))


def test_a_mixture_is_of_the_numbers(style):
    (one, first), (two, second) = style("one", 1), style("two", 2)
    mixed = read_model({one: 3, two: 1})
    torch.testing.assert_close(style_of(mixed.network), 0.75 * first + 0.25 * second)
    assert mixed.style == {"name": "one_75_two_25", "title": "Dots + Dots"}


@pytest.mark.parametrize("shares", [(0, 0), (-1, 2), (float("nan"), 1), (float("inf"), 1)])
def test_shares_that_are_none(style, shares):
    paths = [style(name, seed)[0] for seed, name in enumerate(("one", "two"))]
    with pytest.raises(UserError, match=r"shares of a mixture are one\.style"):
        read_model(dict(zip(paths, shares, strict=True)))


def test_only_styles_of_one_network_can_be_mixed(style, tmp_path):
    path, _ = style("one")
    other, _ = style("two", owner="0" * 64)
    with pytest.raises(UserError, match="different networks"):
        read_model({path: 1, other: 1})
    with pytest.raises(UserError, match=r"network of its own.*--blend"):
        read_model({path: 1, tmp_path / "model.safetensors": 1})


def test_a_style_whose_network_is_not_at_hand(style, monkeypatch, tmp_path):
    monkeypatch.setattr(reading, "TRUNKS", {})
    path, _ = style(owner="0" * 64)
    with pytest.raises(UserError, match="network that is not at hand"):
        read_model(path)
    model = tmp_path / "model.safetensors"
    model.write_bytes(model.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"beside it \(.*model\.safetensors.*\) nor in fastnst"):
        read_model(path)


def test_numbers_that_are_too_few(style):
    (whole, _), (short, _) = style("whole"), style("short", count=10)
    for shares in ({short: 1.0}, {whole: 1.0, short: 1.0}):
        with pytest.raises(UserError, match=r"short\.style\.safetensors has 10 numbers"):
            read_model(shares)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_networks_that_come_with_fastnst_are_found(style, monkeypatch, tmp_path, number):
    path, _ = style()
    (tmp_path / "elsewhere").mkdir()
    theirs = [write_small_model(tmp_path / f"{n}.safetensors", seed=n + 5) for n in range(3)]
    theirs[number] = tmp_path / "model.safetensors"
    monkeypatch.setattr(reading, "TRUNKS", dict(enumerate(theirs)))
    moved = path.rename(tmp_path / "elsewhere" / path.name)
    assert read_model(moved).style == FACTS


def test_one_of_a_mixture_lies_beside_their_network(style, monkeypatch, tmp_path):
    monkeypatch.setattr(reading, "TRUNKS", {})
    (beside, _), (moved, _) = style("one", 1), style("two", 2)
    (tmp_path / "elsewhere").mkdir()
    moved = moved.rename(tmp_path / "elsewhere" / moved.name)
    for shares in ({beside: 1.0, moved: 1.0}, {moved: 1.0, beside: 1.0}):
        assert read_model(shares).style["title"] == "Dots + Dots"


def test_a_style_named_twice_counts_as_both(style):
    path, _ = style("one")
    other, _ = style("two")
    assert reading.find_style(f"{path}:0.3,{other}:1,{path}:0.7") == {path: 1.0, other: 1.0}


def spoil(path, change):
    if change == "gone":
        path.unlink()
    elif change == "empty":
        path.write_bytes(b"")
    elif change == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    elif change == "large":
        path.write_bytes(path.read_bytes() + bytes(2**18))
    else:
        metadata = {"style": json.dumps(FACTS), "network": "f" * 64, "thumbnail": "AAAA"}
        numbers = torch.ones(8)
        if change == "path":
            metadata["style"] = json.dumps(FACTS | {"name": "../../etc/cron"})
        elif change == "thumbnail":
            metadata["thumbnail"] = "not base64!"
        elif change == "no style":
            del metadata["style"]
        elif change == "nan":
            numbers[3] = float("nan")
        else:
            numbers = torch.ones(2, 8)
        save_file({"numbers": numbers}, path, metadata)


@pytest.mark.parametrize(
    "change", ["gone", "empty", "cut", "large", "path", "thumbnail", "no style", "nan", "shape"]
)
def test_what_is_no_style_file_is_refused(style, change):
    path, _ = style()
    spoil(path, change)
    with pytest.raises(UserError, match=f"style file.*{path.name}|{path.name} is no style file"):
        read_model(path)
