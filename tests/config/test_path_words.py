"""Paths on a command line need no quotes for Hydra."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from small.configs import composed as after_hydra
from small.runs import fails

from fastnst.config import CONFIGS
from fastnst.config.path_words import quote_paths
from fastnst.machine import UserError

ODD = [
    "my (1).png", "a=b.png", "a,b.png", "it's.png", 'say "hi".png', "[x].png", "{y}.png",
    "https://example.org/a.png?width=1280&b=(c)", "two  spaces.png", "f(x).png", "0123", "1e5",
    "true", "back\\slash.png", "ends in\\", "a:b#c%d!.png", "Grüße 你好.png", "~x", "$HOME.png",
]  # fmt: skip


def composed(*words, name="train"):
    return after_hydra(*quote_paths([*words]), name=name)


@pytest.mark.parametrize("path", ODD[:-2] + ODD[-1:])
def test_a_path_is_what_was_written(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    networks = [f"{key}={path}" for key in ("init", "trunk", "teacher", "resume")]
    images = ["style=custom", f"style.image={path}", "data=folder", f"data.root={path}"]
    config = composed(*images, *networks)
    assert config.style.image == config.data.root == path
    assert config.init == config.trunk == config.teacher == config.resume == path
    # as Lightning hands it to the other processes
    once = quote_paths([f"data.root={path}"])
    assert quote_paths(once) == once


def test_lists_of_paths():
    masks = "masks=[a (1).png,'b,c.png',d=e.png]"
    config = composed(masks, "styles=[f.png, g.png ,0123]", "content=a,b.jpg", name="optimize")
    assert config.masks == ["a (1).png", "b,c.png", "d=e.png"]
    assert config.styles == ["f.png", "g.png", "0123"]
    assert config.content == "a,b.jpg"


def test_home_is_written_in_full(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    words = ["data.root=~/pics", "hydra.run.dir=~/run (1)", "+init=~/m.safetensors"]
    said = ["data.root='/home/me/pics'", "hydra.run.dir='/home/me/run (1)'"]
    assert quote_paths(words) == [*said, "+init='/home/me/m.safetensors'"]


def test_what_hydra_understands_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [
        *("init=null", "data.root=???", "resume='run (1)/last.ckpt'", 'content="a.jpg"'),
        "masks=null",
        *("optimizer.lr=1e-4", "style=a,b", "loss.content_layers={relu2_2: 1}", "~style.image"),
        "-m",
        *("style.image=a.png,b.png", "style.image=choice(a.png,b.png)", "init=glob(*)"),
    ]  # fmt: skip
    assert quote_paths(words) == words
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        assert compose("train", quote_paths(["hydra.run.dir=runs/${seed} (1)"])).seed == 0
    Path("a.png,b.png").touch()  # a file of that name is meant
    assert quote_paths(["style.image=a.png,b.png", "-m"])[0] == "style.image='a.png,b.png'"


@pytest.mark.parametrize("value", ["me.jpg", "pics/me.PNG", "https://a.org/a?b=c", "a (1).gif"])
def test_a_picture_is_no_style(value):
    with pytest.raises(UserError, match=r"style=custom style\.image="):
        quote_paths([f"style={value}"])


@pytest.mark.slow
@pytest.mark.parametrize("plus", ["", "+"])
def test_epochs_are_steps_here(plus, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert "trainer.max_steps=" in fails(capsys, monkeypatch, f"{plus}trainer.max_epochs=2")


@pytest.mark.slow
def test_odd_names_reach_the_run(command_line, picture, tmp_path):
    from fastnst.commands.train import main

    picture("a, (b)=c.png", size=(40, 40))
    words = ("data=dead_leaves", "data.images=4", "trainer.max_steps=1")
    own = ("style=custom", "style.image=a, (b)=c.png", "hydra.run.dir=run, (1)=2")
    command_line(*words, *own)
    main()
    assert (tmp_path / "run, (1)=2" / "model.safetensors").is_file()
