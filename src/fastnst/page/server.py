"""The page served on this machine, and to this machine only."""

import os
import re
import shutil
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from fastnst.machine import UserError

HERE = "127.0.0.1"
# A page from elsewhere may have its own name resolved to this machine; it cannot change what the
# browser sends as Host. A tunnel may end at another port.
OURS = re.compile(rf"({re.escape(HERE)}|localhost)(:\d{{1,5}})?", re.IGNORECASE)
# not those of the system: on Windows a program may have set them to something else
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
}
OTHERS = "application/octet-stream"
POLICY = re.compile(
    rb'content="(default-src[^"]+)"'
)  # of the page, which its workers do not inherit
HEADERS = {
    # these two let WebAssembly have threads
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class PageServer(ThreadingHTTPServer):
    """Serves the files that are in a folder when it starts, and no others.

    Args:
        site: the folder.
        port: 0 for a free one.

    Raises:
        UserError: if the port cannot be had.
    """

    allow_reuse_address = os.name != "nt"  # there it would let two programs have one port

    def __init__(self, site: Path, port: int = 0) -> None:
        paths = {path.relative_to(site).as_posix(): path for path in site.rglob("*")}
        self.files = {f"/{name}": path for name, path in paths.items() if path.is_file()}
        self.files["/"] = site / "index.html"
        found = POLICY.search(self.files["/"].read_bytes())
        policy = found[1].decode() if found else "default-src 'self'"
        self.headers = HEADERS | {"Content-Security-Policy": f"{policy}; frame-ancestors 'none'"}
        try:
            super().__init__((HERE, port), _Handler)
        except OSError as error:
            raise UserError(
                f"Port {port} cannot be had ({error.strerror}): give another one with --port, or "
                f"none."
            ) from error

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # without asking the network what this machine is called
        self.server_name, self.server_port = HERE, self.socket.getsockname()[1]

    @property
    def address(self) -> str:
        """Of the page."""
        return f"http://{HERE}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the browser wants no more of it
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer  # pyright: ignore[reportIncompatibleVariableOverride]  # it is always that

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not OURS.fullmatch(hosts[0].strip()):
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        try:
            # looked up among the names of what there is, so that no path leads elsewhere
            path = self.server.files[unquote(urlsplit(self.path).path)]
            file = path.open("rb")
        except (KeyError, ValueError, OSError):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with file:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", TYPES.get(path.suffix, OTHERS))
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.end_headers()
            if with_body:
                shutil.copyfileobj(file, self.wfile)

    def end_headers(self) -> None:
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
