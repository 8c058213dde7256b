"""A package index on loopback that can fail in various ways, for tests."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from threading import Thread
from typing import Any


@dataclass
class Index:
    """The content and behavior of an index, and the requests that it received.

    Attributes:
        files: file name → content. The names of the files decide the projects.
        html: answer with HTML pages (PEP 503) instead of JSON pages (PEP 691).
        login: user name and password that a client must send.
        breaks: number of files whose transfer breaks in the middle.
        failures: status codes of the next answers.
        ranges: whether range requests are supported.
        hashes: whether JSON pages contain the hashes of the files.
        sizes: whether JSON pages contain the sizes of the files (PEP 700).
        files_at: base URL of the links to files, relative to the page.
        redirects: path → URL to redirect to.
        answers: path → functions that write the next answers to requests for it, headers included.
        requests: path and headers of each request.
        url: URL of the simple API.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    html: bool = False
    login: tuple[str, str] | None = None
    breaks: int = 0
    failures: list[int] = field(default_factory=list)
    ranges: bool = True
    hashes: bool = False
    sizes: bool = False
    files_at: str = ".."
    redirects: dict[str, str] = field(default_factory=dict)
    answers: dict[str, list[Callable[[BufferedIOBase], None]]] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    url: str = ""

    def page(self, project: str) -> tuple[str, bytes] | None:
        """Content type and content of a project's page; None if there is no such project."""
        names = [name for name in self.files if name.split("-")[0].replace("_", "-").lower() == project]
        if not names:
            return None
        if self.html:
            links = "".join(f'<a href="{self.files_at}/../files/{name}#sha256=0">{name}</a>' for name in names)
            return "text/html", f"<html><body>{links}</body></html>".encode()
        files: list[dict[str, Any]] = [
            {
                "filename": name,
                "url": f"{self.files_at}/../files/{name}",
                "hashes": {"sha256": file_hash(self.files[name]).partition(":")[2]} if self.hashes else {},
            }
            for name in names
        ]
        if self.sizes:
            files = [{**file, "size": len(self.files[file["filename"]])} for file in files]
        document = {"meta": {"api-version": "1.0"}, "name": project, "files": files}
        return "application/vnd.pypi.simple.v1+json; charset=utf-8", json.dumps(document).encode()


class _Handler(BaseHTTPRequestHandler):
    index: Index

    def do_GET(self) -> None:
        self.index.requests.append((self.path, dict(self.headers)))
        if answers := self.index.answers.get(self.path):
            self.close_connection = True
            with suppress(OSError):  # the client gives up
                answers.pop(0)(self.wfile)
        elif self.index.failures:
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
        expected = base64.b64encode(":".join(self.index.login).encode()).decode()
        return self.headers.get("Authorization") == f"Basic {expected}"

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
        with suppress(ConnectionError):  # a client that needs only a part may hang up early
            self.wfile.write(data[start:])
        self.close_connection = True

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _first_byte(range_header: str, size: int) -> int:
    """The offset at which ``bytes=100-`` or ``bytes=-100`` begins."""
    first, _, last = range_header.removeprefix("bytes=").partition("-")
    return int(first) if first else max(size - int(last), 0)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that hang up; those that do not trust the certificate are part of the tests."""


@contextmanager
def serve(index: Index, tls: ssl.SSLContext | None = None) -> Iterator[Index]:
    """Serve an index, and set its ``url``. With a TLS context it is served over https."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"index": index}))
    if tls:
        # Each connection does its own handshake, so that one that fails does not stop the server.
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
    """The hash of a file in the form of a lock file."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
