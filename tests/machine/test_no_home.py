"""A user without HOME and without an entry among the system's users, as in some containers."""

import pytest
from small.data import folder_data

from fastnst.losses import build_loss_network
from fastnst.machine import UserError, from_home
from fastnst.styles.image import cache_folder

pwd = pytest.importorskip("pwd")


@pytest.fixture
def homeless(monkeypatch, tmp_path):
    def unknown(*_):
        raise KeyError("uid not found")

    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_CACHE_HOME", "TORCH_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


def test_a_download_has_a_place_only_if_one_is_named(homeless, monkeypatch):
    with pytest.raises(UserError, match=r"XDG_CACHE_HOME.*style\.image"):
        cache_folder()
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    assert cache_folder().parts[0] == "here"


def test_weights_are_not_kept_in_a_folder_called_tilde(homeless, tmp_path):
    with pytest.raises(UserError, match=r"TORCH_HOME.*loss_network\.weights"):
        build_loss_network("vgg16", "pretrained")
    assert not [*tmp_path.iterdir()]


def test_a_path_from_home_is_named(homeless):
    with pytest.raises(UserError, match=r"~/pictures.*in full"):
        from_home("~/pictures")
    with pytest.raises(UserError, match="~nobody-of-that-name/pictures"):
        from_home("~nobody-of-that-name/pictures")


def test_with_its_key_where_it_is_a_setting(homeless):
    with pytest.raises(ValueError, match=r"root\n.*no such home folder"):
        folder_data("~/pictures")
