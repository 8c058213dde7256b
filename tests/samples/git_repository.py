"""A git repository on loopback that requires a login, for tests."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


@contextmanager
def repository(folder: Path, login: str, files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Serve a git repository with one commit over http (git's dumb protocol).

    Args:
        folder: where to create the repository.
        login: ``user:password`` that a client must send.
        files: name → content of the files in the commit.

    Yields:
        ``host:port/`` of the repository, and the hash of the commit.
    """
    required = f"Basic {base64.b64encode(login.encode()).decode()}"

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers["Authorization"] == required:
                super().do_GET()
            else:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="inner"')
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["update-server-info"]):
        _git(folder, *command)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder / ".git"))) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}/", _git(folder, "rev-parse", "HEAD").strip()
        finally:
            server.shutdown()
            thread.join()


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=n", "-c", "user.email=e@example.invalid", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
