"""A Docker daemon on loopback: it answers as a real one does, and has no containers."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

ANSWERS: dict[str, Any] = {
    "/version": {"ApiVersion": "1.44", "Arch": "amd64"},
    "/volumes/create": {"Name": "cache"},
    "/containers/create": {"Id": "abc", "Warnings": []},
    "/images/sha256:0/json": {"Id": "sha256:0", "Architecture": "amd64"},
    "/containers/NAME/json": {"Id": "abc", "State": {"Running": True}},
    "/containers/NAME/exec": {"Id": "def"},
    "/containers/NAME/start": None,
    "/exec/def/json": {"ExitCode": 0},
}
"""Path of the API → the answer if all is well; NAME stands for the name of the container."""

GONE = object()
"""The answer about a container or a program that does not exist any more."""


class Daemon(ThreadingHTTPServer):
    """A daemon.

    Args:
        silent: the end of the paths that it does not answer.
        answers: path → another answer than the usual one.
        output: what a program prints that runs in a container.

    Attributes:
        reached: set when a request has arrived that is not answered.
        is_read: to be set when the client reads the output of a program.
        created: the name of the container that was created.
        removed: the name of the container that was removed.
    """

    def __init__(self, silent: str = "", answers: Mapping[str, object] | None = None, output: bytes = b"") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.daemon_threads, self.block_on_close = True, False
        self.silent = silent
        self.answers = {**ANSWERS, **(answers or {})}
        self.output = output
        self.reached, self.is_read = Event(), Event()
        self.created = self.removed = ""

    @property
    def address(self) -> str:
        """The value of DOCKER_HOST."""
        return f"tcp://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that hang up."""


@contextmanager
def serve(daemon: Daemon) -> Iterator[Daemon]:
    """Let a daemon answer in the block."""
    with daemon:
        Thread(target=daemon.serve_forever, args=(0.01,), daemon=True).start()
        yield daemon
        daemon.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Daemon

    def do_POST(self) -> None:
        path, _, query = self.path.partition("?")
        path = path if path == "/version" else path[path.index("/", 1) :]
        if path == "/containers/create":
            self.server.created = query.removeprefix("name=")
        path = path.replace(self.server.created or "NAME", "NAME")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.server.silent and path.endswith(self.server.silent):
            self.server.reached.set()
            Event().wait()
        if path.endswith("/attach"):
            self._upgrade()
            self.rfile.read()  # until the client ends
        elif path == "/exec/def/start":
            self._upgrade()
            if self.server.output:
                # A real program prints nothing before the client has read the headers; more would be lost.
                self.server.is_read.wait()
                # Each part of the output has a header with the stream (1: standard output) and the length.
                self.wfile.write(struct.pack(">BxxxL", 1, len(self.server.output)) + self.server.output)
            self.close_connection = True
        else:
            self._answer(self.server.answers[path])

    def do_GET(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.server.removed = self.path.partition("?")[0].rpartition("/")[2]
        self._answer(None)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""

    def _upgrade(self) -> None:
        """Turn the connection into one for the input and output of a program."""
        self.send_response_only(101)
        self.send_header("Upgrade", "tcp")
        self.send_header("Connection", "Upgrade")
        self.end_headers()

    def _answer(self, document: object) -> None:
        is_gone = document is GONE
        body = json.dumps({"message": "No such container"} if is_gone else document).encode() if document else b""
        self.send_response(404 if is_gone else 200 if body else 204)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
