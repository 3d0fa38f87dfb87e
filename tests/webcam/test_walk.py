from types import SimpleNamespace

import pytest
import torch

from fastnst.networks import build_network, set_style, style_of
from fastnst.webcam.walk import Walk

SMALL = {"name": "resnet", "width": 4, "blocks": 1}


def stylizer(value, seed=0):
    """One whose style is a single number everywhere."""
    torch.manual_seed(seed)
    network = build_network(SMALL)
    set_style(network, torch.full_like(style_of(network), value))
    return SimpleNamespace(network=network)


def worn(stylizer):
    return style_of(stylizer.network)[0].item()


def test_a_new_style_comes_within_a_second_and_slowly_at_both_ends():
    styles = [stylizer(0.0), stylizer(1.0)]
    walk = Walk(styles)
    walk.to(0, 100.0)
    assert worn(styles[0]) == 0
    seen = []
    for tenth in range(13):
        # or smoothing would keep what was painted before
        assert walk.to(1, 100.0 + tenth / 10) is (tenth <= 10)
        seen.append(worn(styles[1]))
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[5] == pytest.approx(0.5)
    assert seen[10:] == [1, 1, 1]
    assert seen[1] < 0.05
    assert seen[9] > 0.95


def test_another_key_on_the_way_turns_from_where_it_is():
    styles = [stylizer(value) for value in (0.0, 1.0, 2.0)]
    walk = Walk(styles)
    walk.to(0, 0.0)
    walk.to(1, 1.0)
    walk.to(1, 1.5)
    walk.to(2, 1.5)
    assert worn(styles[2]) == pytest.approx(0.5)
    walk.to(2, 2.0)
    assert worn(styles[2]) == pytest.approx(1.25)
    walk.to(0, 2.1)
    walk.to(0, 9.0)
    assert worn(styles[0]) == 0


@pytest.mark.parametrize("other", [stylizer(1.0, seed=1), SimpleNamespace(network=None)])
def test_styles_of_different_networks_are_left_alone(other):
    styles = [stylizer(0.0), other]
    walk = Walk(styles)
    walk.to(0, 0.0)
    walk.to(1, 0.1)
    assert worn(styles[0]) == 0
    assert other.network is None or worn(other) == 1


def test_a_style_of_another_network_keeps_no_others_from_walking():
    styles = [stylizer(0.0), stylizer(5.0, seed=1), stylizer(1.0), SimpleNamespace(network=None)]
    walk = Walk(styles)
    walk.to(0, 0.0)
    walk.to(2, 1.0)
    walk.to(2, 1.5)
    assert worn(styles[2]) == pytest.approx(0.5)
    for other in (1, 3):  # jumps there and back
        assert walk.to(other, 2.0)
        assert worn(styles[1]) == 5
        assert walk.to(0, 2.1)
        assert worn(styles[0]) == 0
        assert not walk.to(0, 2.2)


def test_a_style_that_is_learnt_on_the_way_is_walked_to_from_there():
    styles = [stylizer(0.0), stylizer(1.0)]
    walk = Walk(styles)
    walk.to(0, 0.0)
    walk.to(1, 1.0)
    walk.to(1, 1.5)
    styles.append(stylizer(3.0))
    walk.add(styles[2])
    walk.to(2, 1.5)
    assert worn(styles[2]) == pytest.approx(0.5)
    walk.to(2, 9.0)
    walk.to(1, 9.0)
    walk.to(1, 9.5)
    assert worn(styles[1]) == pytest.approx(2.0)
    walk.to(1, 99.0)
    assert [worn(style) for style in styles] == [0, 1, 3]
