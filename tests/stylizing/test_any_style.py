"""A painting in the place of a style: predicted, finished, kept, mixed with others."""

import io
import signal
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from small.stylizing import CLOSE, distance, stylize, values, write_small_model

from fastnst import Stylizer
from fastnst.drawing import draw_dead_leaves, draw_painting
from fastnst.machine import UserError
from fastnst.models import ENDING, fingerprint, read_network, read_style, write_style
from fastnst.models import read as reading
from fastnst.networks import style_of
from fastnst.prediction import Predictor, read_predictor, write_predictor
from fastnst.stylizing import any_style, finish_style, predict_style, read_painting

pytestmark = pytest.mark.usefixtures("in_float32")


@pytest.fixture
def network(tmp_path, monkeypatch):
    """A small network that styles share and a predictor for it, in place of fastnst's own."""
    folder = tmp_path / "models"
    folder.mkdir()
    path = write_small_model(folder / "model.safetensors", contrast=20)
    network = read_network(path).network
    row = style_of(network)
    torch.manual_seed(0)
    predictor = Predictor(len(row), fingerprint(network))
    predictor.get_buffer("middle").copy_(row)
    predictor.get_buffer("along_relu1_2").copy_(torch.randn(16, 16))
    torch.nn.init.normal_(predictor.say.weight, std=0.05)
    predictor.get_buffer("components").normal_(std=0.01)
    write_predictor(folder / "predictor.safetensors", predictor)
    monkeypatch.setattr(any_style, "TRUNK", path)
    monkeypatch.setattr(reading, "TRUNKS", {"mine": path})
    own = folder / "predictor.safetensors"
    monkeypatch.setattr(any_style, "read_predictor", lambda: read_predictor(own))
    return network


@pytest.fixture
def painting(tmp_path):
    def draw(number=0):
        path = tmp_path / f"painting {number}.png"
        Image.fromarray(draw_painting(96, 0, number)).save(path)
        return path

    return draw


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(draw_dead_leaves(64, 0, 0)).save(path)
    return path


def painted(path):
    with Image.open(path) as picture:
        return picture.convert("RGB")


def test_a_painting_is_a_style(network, painting, photograph, tmp_path):
    style = predict_style(read_painting(painting(), 64))
    assert style.style == {"name": "painting_0", "title": "painting 0"}
    assert style.network == fingerprint(network)
    file = tmp_path / "models" / f"kept{ENDING}"
    write_style(file, style.numbers, style.style, style.network)
    with_file = Stylizer(file)(photograph)
    with_painting = Stylizer(style=str(painting()), style_size=64)
    assert distance(with_painting(photograph), with_file).mean() < CLOSE
    assert with_painting.style == style.style
    other = Stylizer(style=str(painting(1)), style_size=64)(photograph)
    assert distance(other, with_file).mean() > 3


def test_it_is_mixed_with_other_styles(network, painting, photograph, tmp_path):
    file = tmp_path / "models" / f"own{ENDING}"
    write_style(file, style_of(network) + 0.5, {"name": "own"}, fingerprint(network))
    one, two = str(painting()), str(file)
    steps = [Stylizer(style={one: 1 - t, two: t}, style_size=64)(photograph) for t in (0, 0.5, 1)]
    whole = distance(steps[0], steps[2]).mean()
    assert max(distance(steps[1], end).mean() for end in (steps[0], steps[2])) < whole


@pytest.fixture
def paint(network, monkeypatch, photograph, tmp_path):
    def call(*arguments):
        target = tmp_path / "painted.png"
        code = stylize(
            monkeypatch, *arguments, "--style-size", 64, photograph, "-o", target, "--device", "cpu"
        )
        return painted(target) if code == 0 else code

    return call


def test_on_the_command_line(paint, painting, photograph, tmp_path):
    alone = paint("--style-image", painting())
    named = Stylizer(style=str(painting()), style_size=64)(photograph)
    assert distance(alone, named).mean() < CLOSE
    mixed = paint("--style-image", f"{painting()}:0.5", "--style-image", f"{painting(1)}:0.5")
    half = Stylizer(style={str(painting()): 1, str(painting(1)): 1}, style_size=64)(photograph)
    assert distance(mixed, half).mean() < CLOSE


def test_a_mask_puts_each_in_its_area(paint, painting, tmp_path):
    whole = paint("--style-image", painting())
    mask = tmp_path / "mask.png"
    Image.new("L", (64, 64), 255).save(mask)
    both = ("--style-image", painting(), "--style-image", painting(1), "--mask", mask)
    assert distance(paint(*both), whole).mean() < 3


@pytest.mark.slow
def test_a_painting_in_a_region_is_learnt_too(paint, painting, network, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["fastnst.prediction.finish"], "SIDE", 32)
    monkeypatch.setattr(
        sys.modules["fastnst.commands.any_painting"], "downloaded", lambda name: False
    )
    own = tmp_path / "models" / f"own{ENDING}"
    write_style(own, style_of(network) + 0.5, {"name": "own"}, fingerprint(network))
    Image.new("L", (64, 64), 255).save(tmp_path / "all.png")
    regions = ("--ckpt", own, "--regions", f"{tmp_path / 'all.png'}={painting()}")
    predicted = paint(*regions)
    assert distance(predicted, paint("--style-image", painting())).mean() < 3
    assert distance(predicted, paint(*regions, "--finish", 1)).mean() > 0


def test_a_style_is_kept(paint, painting, photograph, tmp_path, capsys):
    alone = paint("--style-image", painting(), "--save-style", tmp_path / "models" / "me")
    file = tmp_path / "models" / f"me{ENDING}"
    assert f"style: {file}" in capsys.readouterr().out
    assert distance(Stylizer(file)(photograph), alone).mean() < CLOSE
    assert read_style(file).style["title"] == "painting 0"


def test_a_style_is_kept_without_a_photograph(network, monkeypatch, painting, tmp_path):
    file = tmp_path / f"me{ENDING}"
    assert stylize(monkeypatch, "--style-image", painting(), "--save-style", file) == 0
    assert file.is_file()


@pytest.mark.parametrize("wrong", [["--mask", "gone.png"], ["gone.jpg"]])
def test_a_kept_style_stays_where_a_mistake_ends_the_program(paint, painting, tmp_path, wrong):
    file = tmp_path / f"me{ENDING}"
    file.write_text("learnt for an hour")
    assert paint("--style-image", painting(), "--save-style", file, *wrong) != 0
    assert file.read_text() == "learnt for an hour"


@pytest.mark.slow
def test_finishing(paint, painting, network, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys.modules["fastnst.prediction.finish"], "SIDE", 32)
    monkeypatch.setattr(
        sys.modules["fastnst.commands.any_painting"], "downloaded", lambda name: False
    )
    file = tmp_path / f"me{ENDING}"
    paint("--style-image", painting(), "--finish", 1, "--save-style", file)
    said = capsys.readouterr()
    assert "through the compact loss network" in said.out
    assert "steps, content" in said.err
    assert not torch.equal(
        read_style(file).numbers, predict_style(read_painting(painting(), 64)).numbers
    )


def test_a_mask_through_a_pipe_is_read_once(paint, painting, monkeypatch):
    command = sys.modules["fastnst.commands.any_painting"]
    monkeypatch.setattr(command, "finish_style", lambda style, *_: style)
    content = io.BytesIO()
    Image.new("L", (64, 64), 255).save(content, "png")
    stdin = SimpleNamespace(buffer=io.BytesIO(content.getvalue()), isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", stdin)
    masked = paint("--style-image", painting(), "--finish", 5, "--mask", "-")
    assert distance(masked, paint("--style-image", painting())).mean() < CLOSE


def test_mistakes_are_found_before_the_long_part(paint, painting, monkeypatch, capsys, tmp_path):
    def refuse(*_, **__):
        pytest.fail("it began to learn")

    monkeypatch.setattr(sys.modules["fastnst.commands.any_painting"], "finish_style", refuse)
    long = ("--style-image", painting(), "--finish", 99)
    for wrong in (["--mask", "gone.png"], ["gone.jpg"], ["--save-style", f"{painting()}/me"]):
        assert paint(*long, *wrong) != 0
        assert "Traceback" not in capsys.readouterr().err


def test_a_style_of_another_network_is_not_finished(network, painting):
    seen = read_painting(painting(), 64)
    style = predict_style(seen)._replace(network="0" * 64)
    with pytest.raises(UserError, match="another network"):
        finish_style(style, seen, 1, torch.device("cpu"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--style-image", "gone.jpg"], "no painting gone.jpg"),
        (["--style-image", "irises"], "irises is no picture"),
        (["--style-image", "a.tga"], "a.tga is no picture"),
        (["--style-image", "a.png", "--save-style", ""], "no name for a file"),
        (["--style-image", "a.png", "--save-style", "."], "no name for a file"),
        (["--style-image", "a.png", "--weights", "gone.pth"], "no file of weights"),
        (["--style-image", "a.png", "--mask", "gone.png", "--finish", "99"], "a.png"),
        (
            ["--style", "starry_night", "--finish", "5"],
            "--finish and --save-style are for a painting",
        ),
        (
            ["--style-image", "a.png", "--style-image", "b.png", "--save-style", "me"],
            "are 2 paintings",
        ),
        (["--style-image", "a.png", "--finish", "0"], "from 1 to 86400"),
        (["--style-image", "a.png:x"], "give a painting and its share"),
    ],
)
def test_mistakes_end_in_a_sentence(network, monkeypatch, photograph, capsys, arguments, said):
    assert stylize(monkeypatch, *arguments, photograph) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert "Traceback" not in errors


def test_a_picture_that_is_damaged(network, tmp_path):
    (tmp_path / "cut.jpg").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"cut\.jpg"):
        read_painting(tmp_path / "cut.jpg")


@pytest.mark.parametrize(
    ("file", "size", "said"),
    [
        ("gone.jpg", 64, "no painting"),
        ("https://a.b/c.jpg", 64, "download the painting first"),
        ("gone.jpg", 8, "style size is 8"),
        ("gone.jpg", 5000, "style size is 5000"),
    ],
)
def test_paintings_that_cannot_be_looked_at(file, size, said):
    with pytest.raises(UserError, match=said):
        read_painting(file, size)


@pytest.mark.parametrize("size", [16, 31])
def test_a_painting_may_be_tiny(network, painting, size):
    assert predict_style(read_painting(painting(), size)).numbers.isfinite().all()


def test_names_with_commas_colons_and_capitals(paint, painting, tmp_path):
    alone = paint("--style-image", painting())
    path = tmp_path / "Monet, Sunrise: a.PNG"
    path.write_bytes(painting().read_bytes())
    for name in (path, f"{path}:0.5"):
        assert distance(paint("--style-image", name), alone).mean() < CLOSE


def test_two_paintings_laid_over_each_other(paint, painting, network):
    one, two = (paint("--style-image", painting(number)) for number in (0, 1))
    both = ("--style-image", painting(), "--style-image", painting(1))
    over = paint(*both, "--blend", "1,1")
    assert distance(over, (values(one) + values(two)) / 2).mean() < 3


def test_the_webcam_has_each_painting_as_a_style_of_its_own(
    network, monkeypatch, painting, tmp_path
):
    own = tmp_path / "models" / f"own{ENDING}"
    write_style(own, style_of(network) + 0.5, {"name": "own"}, fingerprint(network))
    shown = []
    command = sys.modules["fastnst.commands.stylize"]
    monkeypatch.setattr(command, "run_webcam", lambda stylizers, *_: shown.extend(stylizers))
    size = ("--style-size", 64)
    assert stylize(monkeypatch, "--ckpt", own, "--style-image", painting(), "--webcam", *size) == 0
    assert [stylizer.style["name"] for stylizer in shown] == ["own", "painting_0"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.usefixtures("network")
def test_a_signal_that_asks_to_end_keeps_the_style(painting, photo, tmp_path, monkeypatch):
    def learn(style, *_):
        with suppress(KeyboardInterrupt):  # as what is learnt is kept
            signal.raise_signal(signal.SIGTERM)
        return style

    monkeypatch.setattr(sys.modules["fastnst.commands.any_painting"], "finish_style", learn)
    file = tmp_path / f"me{ENDING}"
    words = ("--style-image", painting(), "--finish", 60, "--save-style", file)
    assert stylize(monkeypatch, *words, photo) == 128 + signal.SIGTERM
    assert file.is_file()
    assert not [*photo.parent.glob("photo_*")]
