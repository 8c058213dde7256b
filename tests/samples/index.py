"""A package index on loopback that can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Index:
    """What an index serves, and what was asked of it.

    Attributes:
        files: name → content, all of the projects that the names tell.
        html: answer with PEP 503 pages instead of PEP 691 ones.
        login: user name and password to ask for.
        breaks: how many answers with a file to cut short.
        failures: status codes to answer the next requests with.
        ranges: whether a part of a file may be asked for.
        sizes: whether JSON pages tell the files' sizes (PEP 700).
        files_at: where the files lie, when not here.
        redirects: path → the address to send a request on to.
        requests: path and headers of what was asked.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    html: bool = False
    login: tuple[str, str] | None = None
    breaks: int = 0
    failures: list[int] = field(default_factory=list)
    ranges: bool = True
    sizes: bool = False
    files_at: str = ".."
    redirects: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    url: str = ""

    def page(self, project: str) -> tuple[str, bytes] | None:
        """Content type and text of a project's page."""
        names = [name for name in self.files if name.split("-")[0].replace("_", "-").lower() == project]
        if not names:
            return None
        if self.html:
            links = "".join(f'<a href="{self.files_at}/../files/{name}#sha256=0">{name}</a>' for name in names)
            return "text/html", f"<html><body>{links}</body></html>".encode()
        files: list[dict[str, Any]] = [
            {"filename": name, "url": f"{self.files_at}/../files/{name}", "hashes": {}} for name in names
        ]
        if self.sizes:
            files = [{**file, "size": len(self.files[file["filename"]])} for file in files]
        document = {"meta": {"api-version": "1.0"}, "name": project, "files": files}
        return "application/vnd.pypi.simple.v1+json; charset=utf-8", json.dumps(document).encode()


class _Handler(BaseHTTPRequestHandler):
    index: Index

    def do_GET(self) -> None:
        self.index.requests.append((self.path, dict(self.headers)))
        if self.index.failures:
            self._answer(self.index.failures.pop(0), b"")
        elif not self._logged_in():
            self._answer(401, b"", {"WWW-Authenticate": "Basic"})
        elif self.path in self.index.redirects:
            self._answer(302, b"", {"Location": self.index.redirects[self.path]})
        elif self.path.startswith("/simple/"):
            kind_and_page = self.index.page(self.path.split("/")[2])
            if kind_and_page is None:
                self._answer(404, b"")
            else:
                self._answer(200, kind_and_page[1], {"Content-Type": kind_and_page[0]})
        else:
            self._send_file(self.index.files.get(self.path.partition("?")[0].rpartition("/")[2]))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Keep the tests' output clean."""

    def _logged_in(self) -> bool:
        if self.index.login is None:
            return True
        told = base64.b64encode(":".join(self.index.login).encode()).decode()
        return self.headers.get("Authorization") == f"Basic {told}"

    def _send_file(self, data: bytes | None) -> None:
        if data is None:
            self._answer(404, b"")
            return
        start = _first_byte(self.headers["Range"], len(data)) if self.index.ranges and "Range" in self.headers else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if self.index.breaks > 0:
            self.index.breaks -= 1
            data = data[: start + (len(data) - start) // 2]
        with suppress(ConnectionError):  # who asks for the end alone does not wait for the whole
            self.wfile.write(data[start:])
        self.close_connection = True

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _first_byte(wanted: str, size: int) -> int:
    """Where ``bytes=100-`` or ``bytes=-100`` begins; a whole file is no part of one."""
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    return int(first) if first else max(size - int(last), 0)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up, as those do that do not trust a certificate, are part of the tests."""


@contextmanager
def serve(index: Index, tls: ssl.SSLContext | None = None) -> Iterator[Index]:
    """Serve an index, over https with a context; its ``url`` is that of its simple API."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"index": index}))
    if tls:
        # The handshake is each connection's own: one that fails must not stop the server.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    index.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/simple/"
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def file_hash(data: bytes, algorithm: str = "sha256") -> str:
    """The hash of a file as a lock file tells it."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
