"""A private package index: the real pypiserver on loopback, over http or https, with a login.

Its answers may be cached for an hour, and they vary by ``Authorization``. So a client that caches them may also write
the password to its cache, which the tests would find.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import socketserver
import ssl
import sys
import tarfile
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import tomli_w
from samples.wheels import WheelSample

from pulumi_poetry_layer.poetry.pyproject import parse_project

USER, PASSWORD = "reader-of-inner", "swordfish-of-inner"
FILE_NAME = "inner_package-1.0-py3-none-any.whl"
NAME = "inner"
"""The name of the index in projects."""

_LONGEST_SECONDS = 300

_BACKEND = """\
import base64, hashlib, zipfile

INFO = "{stem}-{version}.dist-info"


def row(path, text):
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{{path}},sha256={{digest}},{{len(text)}}"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "{stem}-{version}-py3-none-any.whl"
    files = {{
        "{stem}.py": open("{stem}.py").read(),
        f"{{INFO}}/METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
        f"{{INFO}}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    with zipfile.ZipFile(f"{{wheel_directory}}/{{name}}", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        rows = [*(row(path, text) for path, text in files.items()), f"{{INFO}}/RECORD,,"]
        archive.writestr(f"{{INFO}}/RECORD", "\\n".join(rows))
    return name
"""


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package with one module, as a wheel or an sdist."""

    name: str = "inner-package"
    text: str = "SECRET_SAUCE = 1\n"
    is_sdist: bool = False

    @property
    def stem(self) -> str:
        """Name of the module."""
        return self.name.replace("-", "_")

    @property
    def file_name(self) -> str:
        """Name of the wheel or sdist."""
        return f"{self.stem}-1.0" + (".tar.gz" if self.is_sdist else "-py3-none-any.whl")

    def data(self) -> bytes:
        """Content of the wheel or sdist."""
        return self._sdist() if self.is_sdist else self._wheel()

    def _wheel(self) -> bytes:
        return WheelSample(name=self.name, files={f"{self.stem}.py": self.text.encode()}).data()

    def tree(self) -> dict[str, bytes]:
        """The source files, with a build backend that has no requirements."""
        files = {
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            f'[project]\nname = "{self.name}"\nversion = "1.0"\n',
            "PKG-INFO": f"Metadata-Version: 2.1\nName: {self.name}\nVersion: 1.0\n",
            "backend.py": _BACKEND.format(stem=self.stem, name=self.name, version="1.0"),
            f"{self.stem}.py": self.text,
        }
        return {name: text.encode() for name, text in files.items()}

    def _sdist(self) -> bytes:
        buffer = io.BytesIO()
        with (
            gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as compressed,
            tarfile.open(fileobj=compressed, mode="w") as archive,
        ):
            for name, data in self.tree().items():
                member = tarfile.TarInfo(f"{self.stem}-1.0/{name}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return buffer.getvalue()


WHEEL = Package()
SDIST = Package(name="inner-source", text="SECRET_SOURCE = 1\n", is_sdist=True)


@dataclass
class PrivateIndex:
    """A running index.

    Attributes:
        url: address of its simple API.
        folder: the folder with its files; a test may change them.
        logins: user name → password; a test may change it.
        requests: path and ``Authorization`` header of each request.
        refused: paths of the requests that were answered with status 401 or 403.
        answers: part of a path → HTTP status to answer with instead of the normal answer.
    """

    folder: Path
    logins: dict[str, str]
    url: str = ""
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    _held: str | None = None
    _reached: threading.Event = field(default_factory=threading.Event)
    _released: threading.Event = field(default_factory=threading.Event)

    def hold(self, part: str) -> threading.Event:
        """Delay requests with this part in their path. Returns an event that is set when there is such a request."""
        self._held = part
        return self._reached

    def release(self) -> None:
        """Answer the delayed requests."""
        self._held = None
        self._released.set()

    def wait(self, path: str) -> None:
        """Wait if requests with this path are delayed."""
        if self._held and self._held in path:
            self._reached.set()
            self._released.wait(_LONGEST_SECONDS)

    def publish(self, *packages: Package) -> None:
        """Add packages to the index."""
        for package in packages:
            (self.folder / package.file_name).write_bytes(package.data())

    def write_project(self, folder: Path, *packages: Package) -> Path:
        """Write a project with packages that are locked from this index."""
        return write_project(folder, {NAME: self.url}, {NAME: packages or (WHEEL,)})


def write_project(
    folder: Path,
    sources: Mapping[str, str],
    packages: Mapping[str, Iterable[Package]],
    *,
    priorities: Mapping[str, str] | None = None,
) -> Path:
    """Write a project with a lock file.

    Args:
        folder: the folder of the project.
        sources: name of a source → its URL.
        packages: name of a source → the packages that are locked from it.
        priorities: name of a source → its priority; the default is ``explicit``.
    """
    locked = [(source, package) for source, from_source in packages.items() for package in from_source]
    document: dict[str, Any] = {
        "project": {
            "name": "service",
            "version": "0.1.0",
            "requires-python": ">=3.10,<4.0",
            "dependencies": [f"{package.name} (==1.0)" for _, package in locked],
        },
        "tool": {
            "poetry": {
                "package-mode": False,
                "dependencies": {package.name: {"source": source} for source, package in locked},
                "source": [
                    {"name": name, "url": url, "priority": (priorities or {}).get(name, "explicit")}
                    for name, url in sources.items()
                ],
            }
        },
    }
    return write_locked(
        folder, document, [locked_package(package, source, sources[source]) for source, package in locked]
    )


def write_locked(folder: Path, document: Mapping[str, Any], packages: Sequence[Mapping[str, Any]]) -> Path:
    """Write a pyproject.toml, and a lock file with these packages and the right content hash."""
    pyproject = tomli_w.dumps(document)
    lock = {
        "package": packages,
        "metadata": {
            "lock-version": "2.1",
            "python-versions": ">=3.10,<4.0",
            "content-hash": parse_project(pyproject).content_hash,
        },
    }
    generated = "# This file is automatically @generated by Poetry 2.5.1 and should not be changed by hand.\n\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    (folder / "poetry.lock").write_text(generated + tomli_w.dumps(lock), encoding="utf-8")
    return folder


def locked_package(package: Package, source: str = "", url: str = "") -> dict[str, Any]:
    """The entry for a package in a lock file, locked from PyPI unless a source is given."""
    digest = hashlib.sha256(package.data()).hexdigest()
    locked = {
        "name": package.name,
        "version": "1.0",
        "description": "",
        "optional": False,
        "python-versions": "*",
        "groups": ["main"],
        "files": [{"file": package.file_name, "hash": f"sha256:{digest}"}],
    }
    return {**locked, "source": {"type": "legacy", "url": url, "reference": source}} if source else locked


@contextmanager
def private_index(*packages: Package, tls: ssl.SSLContext | None = None) -> Iterator[PrivateIndex]:
    """Run an index on a free port.

    Args:
        packages: the packages on the index; by default ``WHEEL``.
        tls: serve over https with this context.
    """
    with tempfile.TemporaryDirectory() as folder:
        index = PrivateIndex(Path(folder), {USER: PASSWORD})
        index.publish(*(packages or (WHEEL,)))
        application = _pypiserver(index)
        with _Server(("127.0.0.1", 0), _Handler) as server:
            server.set_app(_watched(application, index))
            if tls:
                server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            index.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/simple"
            thread = Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield index
            finally:
                server.shutdown()
                thread.join()


def _pypiserver(index: PrivateIndex) -> Callable[..., Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pypiserver's own imports cause warnings
        import pypiserver

        # Its web framework leaves an import hook of Python 2's kind, of which every later import would warn.
        sys.meta_path[:] = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
        application: Callable[..., Any] = pypiserver.app(
            roots=[index.folder],
            authenticate=["list", "download"],
            auther=lambda user, password: index.logins.get(user) == password,
            disable_fallback=True,
        )
    return application


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that close the connection, for example because they do not trust the certificate."""


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


def _watched(application: Callable[..., Any], index: PrivateIndex) -> Callable[..., Any]:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"]
        index.requests.append((path, environ.get("HTTP_AUTHORIZATION")))
        if "HTTP_RANGE" not in environ:  # the question how large a layer will be comes before the build
            index.wait(path)
        environ.pop("HTTP_RANGE", None)  # pypiserver does not close files of which it sends only a part
        if status := next((status for part, status in index.answers.items() if part in path), None):
            start_response(status, [("Content-Length", "0")])
            return [b""]

        def start(status: str, headers: Sequence[tuple[str, str]], *more: Any) -> Any:
            if status.startswith(("401", "403")):
                index.refused.append(path)
            caching = [("Cache-Control", "max-age=3600"), ("Vary", "Authorization")]
            return start_response(status, [*headers, *caching], *more)

        return application(environ, start)

    return answer


def forms(user: str = USER, password: str = PASSWORD) -> list[bytes]:
    """A password in every form in which it could appear: plain, URL-encoded, and in base64 with the user name."""
    basic = base64.b64encode(f"{user}:{password}".encode())
    return [password.encode(), quote(password, safe="").encode(), basic, base64.urlsafe_b64encode(basic)]
