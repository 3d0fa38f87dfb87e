"""Pictures that come through a pipe."""

import io
import os
import sys
import threading

import pytest
from PIL import Image
from small.stylizing import stylize


class Stdin:
    def __init__(self, content):
        self.buffer = io.BytesIO(content)

    def isatty(self):
        return not self.buffer.getbuffer()


@pytest.mark.parametrize(("output", "place"), [("a.jpg", "a.jpg"), ("out", "out/stdin.png")])
def test_a_picture_on_stdin(output, place, model, picture, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", Stdin(picture("p.png").read_bytes()))
    assert stylize(monkeypatch, "--ckpt", model, "-", "-o", output) == 0
    with Image.open(place) as painted:
        assert painted.size == (48, 32)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFOs in folders")
@pytest.mark.parametrize("option", [[], ["--mask"]])
def test_a_fifo_is_read_once(option, model, picture, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = picture("p.png").read_bytes()
    os.mkfifo("pipe.png")
    writer = threading.Thread(target=(tmp_path / "pipe.png").write_bytes, args=(content,))
    writer.start()
    inputs = [*option, "pipe.png", *(["p.png"] if option else [])]
    assert stylize(monkeypatch, "--ckpt", model, *inputs, "-o", "out") == 0
    writer.join(10)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [
        "p.png" if option else "pipe.png"
    ]


@pytest.mark.parametrize(
    ("stdin", "arguments", "code", "words"),
    [
        (Stdin(b"x"), ["-"], 2, "give -o"),
        (Stdin(b""), ["-", "-o", "a.png"], 2, "nothing on stdin"),
        (None, ["-", "-o", "a.png"], 2, "nothing on stdin"),
        (Stdin(b"no picture"), ["-", "-o", "a.png"], 1, "stdin is not an image"),
        (None, ["https://example.org/a.jpg?b=c", "-o", "a.png"], 1, "download"),
        (None, ["a.png", "-o", "b.png", "--mask", "http://example.org/a.png"], 2, "download"),
    ],
)
def test_mistakes_are_one_sentence(
    stdin, arguments, code, words, model, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", stdin)
    assert stylize(monkeypatch, "--ckpt", model, *arguments) == code
    assert words in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()
