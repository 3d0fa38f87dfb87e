"""The page as it is served: to this machine only, and nothing but the page."""

import http.client
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

from fastnst.machine import UserError
from fastnst.page import PageServer, choose, server, write_site
from fastnst.page.choice import Choice


@pytest.fixture(scope="module")
def irises() -> Choice:
    return choose(["irises"], [])


@pytest.fixture
def served(irises: Choice, built: Path, tmp_path: Path) -> Iterator[PageServer]:
    write_site(tmp_path / "page", irises)
    (tmp_path / "secret.txt").write_text("secret")
    with PageServer(tmp_path / "page") as page:
        thread = threading.Thread(target=page.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield page
        page.shutdown()
        thread.join()


def ask(
    page: PageServer, path: str, method: str = "GET", host: str | None = ""
) -> tuple[HTTPResponse, bytes]:
    """What comes back; the path is sent as it is. A host of None sends none."""
    connection = http.client.HTTPConnection("127.0.0.1", page.server_port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=host != "")
        if host:
            for one in host.split(" and "):
                connection.putheader("Host", one)
        connection.endheaders()
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html?a=b", "text/html; charset=utf-8"),
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/page.webmanifest", "application/manifest+json"),
        ("/assets/run%20time-1.mjs", "text/javascript; charset=utf-8"),
        ("/assets/runtime-1.wasm", "application/wasm"),
        ("/styles/index.json", "application/json"),
        ("/styles/irises.style.safetensors", "application/octet-stream"),
    ],
)
def test_a_file_comes_with_its_type_and_what_threads_need(
    served: PageServer, tmp_path: Path, path: str, kind: str
) -> None:
    response, body = ask(served, path)
    assert response.status == 200
    assert response.headers["Content-Type"] == kind
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-cache"
    name = path.partition("?")[0].replace("%20", " ").lstrip("/") or "index.html"
    assert body == (tmp_path / "page" / name).read_bytes()
    head, nothing = ask(served, path, "HEAD")
    assert head.status == 200
    assert head.headers["Content-Length"] == str(len(body))
    assert nothing == b""


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/assets",
        "/assets/",
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%5csecret.txt",
        "//secret.txt",
        "/index.html/",
        "/index.html%00",
        "http://127.0.0.1/../secret.txt",
        "//[",
        "/%ff",
    ],
)
def test_nothing_else_can_be_reached(served: PageServer, path: str) -> None:
    response, body = ask(served, path)
    assert response.status == 404
    assert b"secret" not in body
    assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "127.0.0.1:x"),
        *("evil.example:127.0.0.1", "0.0.0.0", "127.0.0.1 and evil.example", None),
    ],
)
def test_other_hosts_are_refused(served: PageServer, host: str | None) -> None:
    """As a page from elsewhere would ask whose name leads to this machine."""
    response, body = ask(served, "/", host=host)
    assert response.status == 403
    assert b"<title>page" not in body


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost:9000"])
def test_this_machine_has_two_names_and_a_tunnel_another_port(
    served: PageServer, host: str
) -> None:
    assert ask(served, "/", host=host)[0].status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "TRACE"])
def test_nothing_can_be_sent(served: PageServer, method: str) -> None:
    assert ask(served, "/index.html", method)[0].status == 501


def test_a_file_that_is_gone_is_not_found(served: PageServer, tmp_path: Path) -> None:
    (tmp_path / "page" / "sw.js").unlink()
    assert ask(served, "/sw.js")[0].status == 404


def test_only_this_machine_can_reach_it(served: PageServer) -> None:
    assert served.socket.getsockname()[0] == "127.0.0.1"
    assert served.address == f"http://127.0.0.1:{served.server_port}/"


def test_nothing_is_logged_not_even_of_a_browser_that_leaves(
    served: PageServer, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(served, "/")
    ask(served, "/nothing")
    handled = threading.Event()

    def leave(*_: object) -> None:
        handled.set()
        raise BrokenPipeError

    monkeypatch.setattr(server.shutil, "copyfileobj", leave)
    with socket.create_connection(("127.0.0.1", served.server_port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert handled.wait(10)
        while connection.recv(4096):
            pass
    assert capfd.readouterr() == ("", "")


def test_a_port_that_is_taken_is_named(served: PageServer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"Port {served.server_port} cannot be had .*--port"):
        PageServer(tmp_path / "page", served.server_port)
