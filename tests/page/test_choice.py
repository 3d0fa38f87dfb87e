"""Which network and which styles come into a page, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from small.stylizing import write_small_model

from fastnst.machine import UserError
from fastnst.models import (
    ENDING,
    MODELS,
    TRUNK,
    Model,
    StyleFile,
    fingerprint,
    finished_styles,
    read_network,
    read_style,
    write_model,
    write_style,
)
from fastnst.networks import build_network
from fastnst.page import choice as choosing
from fastnst.page import choose


def test_all_finished_styles_if_nothing_is_said() -> None:
    choice = choose(None, [])
    assert choice.network == TRUNK
    assert [*choice.styles] == [card.name for card in finished_styles()]
    assert choice.styles["great_wave"] == MODELS / f"great_wave{ENDING}"  # not its own network


def test_those_that_are_named() -> None:
    choice = choose(["red_fuji", "irises", "red_fuji"], [])
    assert [*choice.styles] == ["red_fuji", "irises"]


def test_an_unknown_name_is_told_which_there_are() -> None:
    with pytest.raises(UserError, match=r"stary_night is no finished style.*starry_night"):
        choose(["stary_night"], [])


def test_a_finished_style_without_the_shared_network_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        choosing, "finished_model", lambda name, **_: MODELS / f"{name}.safetensors"
    )
    with pytest.raises(UserError, match="great_wave has a network of its own"):
        choose(["great_wave"], [])


def test_own_styles_come_first_and_have_names_of_their_own(
    own_style: Callable[..., Path],
) -> None:
    files = [
        own_style(TRUNK, "me"),
        own_style(TRUNK, "Me", file="again"),
        own_style(TRUNK, "irises"),
    ]
    choice = choose(["irises"], [*files, files[0], MODELS / f"irises{ENDING}"])
    assert [*choice.styles] == ["me", "Me_2", "irises_2", "irises"]
    assert isinstance(choice.styles["me"], StyleFile)
    assert choice.styles["irises"] == MODELS / f"irises{ENDING}"


def test_a_run_takes_the_place_of_what_comes_with_fastnst(
    run_folder: Path, own_style: Callable[..., Path]
) -> None:
    stranger = own_style(TRUNK, "stranger")
    stranger.rename(run_folder / stranger.name)
    for given in (run_folder, run_folder / "model.safetensors"):
        choice = choose(None, [given])
        assert isinstance(choice.network, Model)
        assert [*choice.styles] == ["one", "two"]
    mine = own_style(run_folder, "mine").rename(run_folder.parent / f"mine{ENDING}")
    assert [*choose(["two"], [mine, run_folder]).styles] == ["mine", "two"]
    with pytest.raises(UserError, match=r"three is no style of .*run; there are one, two\."):
        choose(["three"], [run_folder])


def test_a_style_of_another_network_is_refused(
    run_folder: Path, own_style: Callable[..., Path]
) -> None:
    with pytest.raises(UserError, match=r"one\.style.* belongs to another network .* --ckpt"):
        choose(None, [run_folder / f"one{ENDING}"])
    with pytest.raises(UserError, match=r"me\.style.* belongs to another network than .*run"):
        choose(None, [run_folder, own_style(TRUNK)])
    with pytest.raises(UserError, match=r"me\.style.* has 10 numbers"):
        choose(None, [own_style(TRUNK, count=10)])


def test_finished_styles_come_in_the_light_network_too_where_they_are_in_it(
    light_folder: Path, write_light: Callable[..., None], own_style: Callable[..., Path]
) -> None:
    assert choose(["irises"], []).light is None
    write_light(light_folder, ["irises", "starry_night"])
    light = choose(["red_fuji", "irises"], [own_style(TRUNK, "irises")]).light
    assert light is not None
    assert light.network == light_folder / TRUNK.name
    assert light.fingerprint == fingerprint(read_network(light.network).network)
    # and not the one of somebody's own that has the name, irises_2
    assert light.styles == {"irises": light_folder / f"irises{ENDING}"}
    assert choose(["red_fuji"], []).light is None
    light.network.unlink()
    assert choose(["irises"], []).light is None


def test_a_run_has_no_light_network(
    light_folder: Path,
    write_light: Callable[..., None],
    run_folder: Path,
    own_style: Callable[..., Path],
) -> None:
    write_light(light_folder, ["irises"])
    own_style(run_folder, "irises")
    assert choose(["irises"], [run_folder]).light is None


def test_a_light_network_that_does_not_fit_is_refused(
    light_folder: Path, write_light: Callable[..., None]
) -> None:
    write_light(light_folder, ["irises"])
    path = light_folder / f"irises{ENDING}"
    style = read_style(path)
    write_style(path, style.numbers[:10], style.style, style.network)
    with pytest.raises(UserError, match=r"light.irises\.style.* has 10 numbers"):
        choose(["irises"], [])
    path.write_bytes((MODELS / path.name).read_bytes())  # of the full network
    with pytest.raises(UserError, match=r"light.irises\.style.* another network than .*light.* in"):
        choose(["irises"], [])
    write_small_model(light_folder / TRUNK.name)
    with pytest.raises(UserError, match=r"name resnet.* the page cannot compute.*network=light\."):
        choose(["irises"], [])


def test_a_network_of_one_style_is_refused(tmp_path: Path, run_folder: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    write_small_model(alone / "model.safetensors")
    with pytest.raises(UserError, match=r"alone is a network without styles .* styles=\[\.\.\.\]"):
        choose(None, [alone])
    with pytest.raises(UserError, match="are two networks, and a page has one"):
        choose(None, [alone, run_folder])


@pytest.mark.parametrize(
    "architecture",
    [
        {"name": "resnet", "width": 4, "blocks": 1, "norm": "batch"},
        {"name": "resnet", "width": 4, "blocks": 1, "upsample": "transposed"},
        {"name": "light", "width": 4, "blocks": 1},
    ],
    ids=["norm", "upsample", "light"],
)
def test_what_the_page_cannot_compute_is_refused(tmp_path: Path, architecture: dict) -> None:
    path = tmp_path / "model.safetensors"
    write_model(path, build_network(architecture), architecture, {"name": "dots"})
    with pytest.raises(UserError, match=r"which the page cannot compute.*network=resnet"):
        choose(None, [path])


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"no network")
    (tmp_path / f"bad{ENDING}").write_bytes(b"no style")
    for name, told in (
        ("nowhere", "There is no checkpoint"),
        ("photo.jpg", "is not a fastnst checkpoint"),
        (f"bad{ENDING}", "is no style file"),
        (f"nowhere{ENDING}", "There is no style file"),
    ):
        with pytest.raises(UserError, match=told):
            choose(None, [tmp_path / name])
