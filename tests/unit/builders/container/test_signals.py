"""A signal ends a build in a container, and the container with it. The daemon is a server on this host."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no signals that end a process from outside")

PROGRAM = """
from pulumi_poetry_layer.builders.container.container import ContainerLimits, start_container
from pulumi_poetry_layer.builders.container.daemon import connect
from pulumi_poetry_layer.host.cleanup import end_on_signals

def build():
    with connect() as client, start_container(client, "sha256:0", ContainerLimits(timeout=3600)) as container:
        container.run(["sleep", "3600"], environment={})

end_on_signals(build)
"""
ANSWERS: dict[str, Any] = {
    "/version": {"ApiVersion": "1.44", "Arch": "amd64"},
    "/volumes/create": {"Name": "cache"},
    "/containers/create": {"Id": "abc", "Warnings": []},
    "/images/sha256:0/json": {"Id": "sha256:0", "Architecture": "amd64"},
    "/containers/NAME/json": {"Id": "abc", "State": {"Running": True}},
    "/containers/NAME/exec": {"Id": "def"},
    "/containers/NAME/start": None,
}
"""The answers of a daemon to what happens before a program runs in a container."""


class Daemon(ThreadingHTTPServer):
    """A Docker daemon that does not answer one kind of request.

    Attributes:
        silent: the end of the paths that it does not answer.
        reached: set when such a request has arrived.
        created: the name of the container that was created.
        removed: the name of the container that was removed.
    """

    def __init__(self, silent: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.silent = silent
        self.reached = Event()
        self.created = self.removed = ""

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: Daemon

    def do_POST(self) -> None:
        path, _, query = self.path.partition("?")
        path = path if path == "/version" else path[path.index("/", 1) :]
        if path == "/containers/create":
            self.server.created = query.removeprefix("name=")
        path = path.replace(self.server.created or "NAME", "NAME")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if path.endswith(self.server.silent):
            self.server.reached.set()
            Event().wait()
        if path.endswith("/attach"):
            self.send_response_only(101)
            self.send_header("Upgrade", "tcp")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.rfile.read()  # until the client ends
            return
        self._answer(ANSWERS[path])

    def do_GET(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.server.removed = self.path.partition("?")[0].rpartition("/")[2]
        self._answer(None)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode() if document is not None else b""
        self.send_response(200 if body else 204)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(params=["/containers/create", "/attach", "/exec", "/start"])
def daemon(request: pytest.FixtureRequest) -> Iterator[Daemon]:
    """A daemon that is silent at this step of a build."""
    with Daemon(request.param) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_removes_the_container_at_any_step(daemon: Daemon, number: signal.Signals) -> None:
    """A container that was created and not started would stay for an hour, and a running one until its program ends."""
    variables = {**os.environ, "DOCKER_HOST": f"tcp://127.0.0.1:{daemon.server_port}", "NO_PROXY": "*"}
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen([sys.executable, "-c", PROGRAM], env=variables, stderr=subprocess.PIPE, text=True) as process:
        while not daemon.reached.wait(0.1):
            assert process.poll() is None, process.communicate()[1]
        process.send_signal(number)
        process.communicate()

    assert process.returncode == -number
    assert daemon.removed == daemon.created != ""
