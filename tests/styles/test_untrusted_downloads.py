"""Web servers that answer with something else than a style picture."""

import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from fastnst.machine.errors import UserError
from fastnst.styles import image as style_image
from fastnst.styles.image import cache_folder, load_style_image


class Handler(BaseHTTPRequestHandler):
    """What it answers depends on the path."""

    def do_GET(self):
        file = io.BytesIO()
        Image.effect_noise((64, 64), 50).save(file, "PNG")
        content = file.getvalue()
        headers, status = {"Content-Length": str(len(content))}, 200
        if self.path == "/announced":
            headers = {"Content-Length": str(10**12)}
        elif self.path == "/endless":
            headers, content = {}, content + bytes(10**6)
        elif self.path.startswith("/to/"):
            headers, status = {"Location": self.path.removeprefix("/to/")}, 302
        self.send_response(status)
        for header in headers.items():
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(content if status == 200 else b"")

    def log_message(self, *_):
        pass


@pytest.fixture
def address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_picture_is_fetched_directly_and_from_elsewhere(address):
    load_style_image("a", f"{address}/picture", 32)
    load_style_image("b", f"{address}/to/{address}/picture", 32)
    assert len([*cache_folder().iterdir()]) == 2


@pytest.mark.parametrize("path", ["announced", "endless"])
def test_a_download_that_is_too_long_is_given_up(address, monkeypatch, path):
    monkeypatch.setattr(style_image, "LARGEST", 500_000)
    with pytest.raises(UserError, match=r"larger than 0\.5 MB.*style\.image=<file>"):
        load_style_image("a", f"{address}/{path}", 32)
    assert not [*cache_folder().iterdir()]


@pytest.mark.parametrize("target", ["ftp://127.0.0.1:1/a.png", "file:///etc/hosts", "data:,a"])
def test_a_download_stays_on_the_web(address, target):
    with pytest.raises(UserError, match=r"(sent on|Redirection) to .*style\.image=<file>"):
        load_style_image("a", f"{address}/to/{target}", 32)
    assert not [*cache_folder().iterdir()]
