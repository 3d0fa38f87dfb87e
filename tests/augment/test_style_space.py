"""Random styles: which are drawn, and from which files."""

import pytest
import torch

from fastnst.augment.style_space import StyleSpace, read_space
from fastnst.machine import UserError
from fastnst.models import finished_styles, read_style, write_model, write_style
from fastnst.networks import build_network, style_of


def space(known):
    return StyleSpace(known, "here")


def test_finished_styles_are_drawn_as_they_are_and_each_as_often():
    known = torch.randn(4, 7)
    drawn = space(known).draw("finished", 2000, torch.Generator().manual_seed(0))
    same = (drawn[:, None] == known).all(2)
    assert same.any(1).all()
    assert (same.float().mean(0) - 0.25).abs().max() < 0.05


def test_a_mixture_is_of_two_different_styles_in_any_proportion():
    # of styles that are the axes the numbers are the shares
    shares = space(torch.eye(5)).draw("mixture", 2000, torch.Generator().manual_seed(0))
    largest = shares.sort(1, descending=True).values
    assert torch.allclose(shares.sum(1), torch.ones(2000))
    assert (largest[:, 2:] == 0).all()
    assert (shares >= 0).all()
    assert abs(largest[:, 0].mean() - 0.75) < 0.02
    assert (shares.mean(0) - 0.2).abs().max() < 0.03
    pairs = {tuple(row.nonzero()[:, 0].tolist()) for row in shares if row.max() < 1}
    assert len(pairs) == 10


def test_the_gaussian_has_mean_and_covariance_of_the_styles():
    generator = torch.Generator().manual_seed(0)
    known = 3 + torch.randn(5, 3, generator=generator) @ torch.randn(3, 3, generator=generator)
    drawn = space(known).draw("gaussian", 200_000, generator)
    torch.testing.assert_close(drawn.mean(0), known.mean(0), rtol=0, atol=0.03)
    torch.testing.assert_close(drawn.T.cov(), known.T.cov(), rtol=0.03, atol=0.03)
    assert (drawn.max(0).values > known.max(0).values).all()  # around the styles as well


def test_without_a_folder_it_is_the_light_network_with_all_finished_styles():
    network, found = read_space(None)
    assert len(found.known) == len(finished_styles())
    assert found.known.shape[1] == len(style_of(network))
    assert sum(weights.numel() for weights in network.parameters()) < 400_000


def test_a_folder_has_the_styles_of_its_network_and_no_others(folder):
    network, found = read_space(str(folder))
    write_style(folder / "four.style.safetensors", style_of(network), {"name": "four"}, "another")
    assert len(read_space(folder)[1].known) == len(found.known) == 3


def test_a_folder_without_a_network_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"nowhere is no folder: give the one with a model"):
        read_space(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"is no run: there is neither a model\.safetensors"):
        read_space(tmp_path)


def test_a_network_without_styles_is_refused(tmp_path):
    architecture = {"name": "johnson2016"}
    network = build_network(architecture)
    write_model(tmp_path / "model.safetensors", network, architecture, {"name": "one"})
    with pytest.raises(UserError, match="has no instance normalisation"):
        read_space(tmp_path)


def test_a_style_that_somebody_has_changed_is_refused(folder):
    path = folder / "one.style.safetensors"
    style = read_style(path)
    write_style(path, style.numbers[1:], style.style, style.network)
    with pytest.raises(UserError, match=r"one\.style\.safetensors has \d+ numbers"):
        read_space(folder)


def test_too_few_styles_are_refused_where_they_are_too_few(folder):
    for name in ("one", "two"):
        (folder / f"{name}.style.safetensors").unlink()
    _, found = read_space(folder)
    found.check("finished")
    for draw in ("mixture", "gaussian"):
        with pytest.raises(UserError, match=f"there are 1 styles .* styles={draw} takes 2"):
            found.check(draw)
    (folder / "three.style.safetensors").unlink()
    with pytest.raises(UserError, match="there are 0 styles"):
        read_space(folder)[1].check("finished")
