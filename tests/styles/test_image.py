import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError

import pytest
import torch
from PIL import Image

from fastnst.drawing.brush_strokes import paint_brush_strokes
from fastnst.images.pixels import to_tensor
from fastnst.images.read import read_image
from fastnst.machine.errors import UserError
from fastnst.styles.image import cache_folder, load_style_image


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty working directory and an empty cache."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")


class Server:
    """A web server on this machine: `files[path]` is (status, content, claimed length)."""

    def __init__(self):
        server = self
        self.files, self.requests, self.agents = {}, Counter(), set()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests.update([self.path])
                server.agents.add(self.headers["User-Agent"])
                missing = (404, b"not here", None)
                status, content, length = server.files.get(self.path, missing)
                self.send_response(status)
                self.send_header("Content-Length", str(length or len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.httpd.server_port}"
        self.thread = threading.Thread(target=self.httpd.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self):
        if self.thread.is_alive():
            self.httpd.shutdown()
            self.thread.join()
            self.httpd.server_close()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("size", "expected"), [((60, 40), (32, 48)), ((40, 60), (48, 32)), ((16, 20), (40, 32))]
)
def test_a_local_file_is_scaled_by_its_short_side(picture, size, expected):
    style = load_style_image("mine", str(picture("style.png", size=size)), 32)
    assert style.shape == (1, 3, *expected)
    assert style.dtype == torch.float32
    assert 0 <= style.min() < style.max() <= 1


def test_a_local_file_of_the_size_is_taken_as_it_is(picture, photograph):
    style = load_style_image("mine", str(picture(size=(48, 32))), 32)
    assert torch.equal(style[0], to_tensor(photograph(48, 32)))


def test_transparency_is_put_on_white(tmp_path):
    path = tmp_path / "clear.png"
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(path)
    assert (load_style_image("mine", str(path), 20) == 1).all()


def test_the_builtin_style_is_painted():
    style = load_style_image("brush_strokes", "builtin:brush_strokes", 40)
    painted = torch.from_numpy(paint_brush_strokes(40)).permute(2, 0, 1)
    assert torch.equal(style[0], painted / 255)


def test_a_style_without_picture_is_refused():
    with pytest.raises(UserError, match=r"custom has no picture.*style\.image=<file>"):
        load_style_image("custom", None, 32)


@pytest.mark.parametrize("image", ["gone.png", "", "builtin:other", "ftp://host/a.png"])
def test_a_missing_file_is_named(image):
    with pytest.raises(UserError, match=r"no style image .*: check style\.image"):
        load_style_image("mine", image, 32)


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    (tmp_path / "note.png").write_text("no picture")
    with pytest.raises(UserError, match=r"note\.png is not an image"):
        load_style_image("mine", str(tmp_path / "note.png"), 32)


@pytest.mark.parametrize("size", [(15, 40), (40, 15)])
def test_a_picture_too_small_is_refused(picture, size):
    with pytest.raises(UserError, match=rf"{size[0]}x{size[1]} pixels; at least 16x16"):
        load_style_image("mine", str(picture(size=size)), 32)


def test_a_download_is_kept(server, picture):
    path = picture("wave.png", size=(48, 32))
    server.files["/wave.png?width=48"] = (200, path.read_bytes(), None)
    first = load_style_image("wave", f"{server.address}/wave.png?width=48", 32)
    server.stop()
    second = load_style_image("wave", f"{server.address}/wave.png?width=48", 32)
    assert torch.equal(first, second)
    assert torch.equal(first[0], to_tensor(read_image(path)))
    assert sum(server.requests.values()) == 1
    (agent,) = server.agents
    assert agent.startswith("fastnst/")
    (file,) = cache_folder().iterdir()
    assert file.name.startswith("wave-")


def test_another_address_is_another_picture(server, picture):
    for name, seed in (("a.png", 1), ("b.png", 2)):
        server.files[f"/{name}"] = (200, picture(name, seed=seed).read_bytes(), None)
    first, second = (
        load_style_image("custom", f"{server.address}/{name}", 32) for name in ("a.png", "b.png")
    )
    assert not torch.equal(first, second)


@pytest.mark.parametrize("name", ["wave.png", "wave.JPG", "wave.webp"])
def test_the_local_folder_comes_before_a_download(tmp_path, picture, server, name):
    local = picture(f"work/data/styles/{name}", seed=1)
    picture("cache/fastnst/styles/wave.png", seed=2)
    style = load_style_image("wave", f"{server.address}/wave.png", 32)
    assert torch.equal(style[0], to_tensor(read_image(local)))
    assert not server.requests


def test_the_local_folder_needs_the_exact_name(picture, server):
    picture("work/data/styles/wave_2.png")
    (picture("work/data/styles/other.png").parent / "wave.txt").write_text("a note")
    with pytest.raises(UserError, match="404"):
        load_style_image("wave", f"{server.address}/wave.png", 32)


@pytest.mark.parametrize("kind", ["missing", "page", "error", "cut"])
def test_a_bad_answer_is_refused_and_leaves_no_file(server, picture, kind):
    content = picture("wave.png", size=(100, 80)).read_bytes()
    answers = {
        "page": (200, b"<html>sorry</html>", None),
        "error": (500, b"sorry", None),
        "cut": (200, content[: len(content) // 2], len(content)),
    }
    if kind in answers:
        server.files["/wave.png"] = answers[kind]
    with pytest.raises(UserError) as caught:
        load_style_image("wave", f"{server.address}/wave.png", 32)
    message = str(caught.value)
    for part in ("wave", server.address, "data/styles/wave.jpg", "style.image=<file>"):
        assert part in message
    assert not [*cache_folder().glob("*")]
    assert server.requests["/wave.png"] == 1
    if isinstance(caught.value.__cause__, HTTPError):
        assert caught.value.__cause__.closed


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/a.png", "http://127.0.0.1:1/a b.png", "http://", "http://[x/a"]
)
def test_an_address_that_does_not_work_is_refused(address):
    with pytest.raises(UserError, match=r"style image.*style\.image"):
        load_style_image("wave", address, 32)


def test_a_cache_that_cannot_be_written_is_refused(server, tmp_path, picture):
    server.files["/wave.png"] = (200, picture("wave.png").read_bytes(), None)
    (tmp_path / "cache").write_text("not a folder")
    with pytest.raises(UserError, match="Cannot download"):
        load_style_image("wave", f"{server.address}/wave.png", 32)
