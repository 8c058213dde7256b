"""The only door to the network: find a locked file through an index's simple API and download it.

The lock file names files and hashes, not addresses; the address comes from the project's page on the index (PEP 503,
PEP 691: https://packaging.python.org/en/latest/specifications/simple-repository-api/). Whatever an index sends, only
bytes with the locked hash are accepted.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from threading import local
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.process import mask_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_poetry_layer.build_plan import LockedFile, Source

MIRROR_VARIABLE = "POETRY_PYPI_MIRROR_URL"
"""The variable of poetry-plugin-pypi-mirror: a simple API to use in place of PyPI's."""

TIMEOUT_VARIABLE = "POETRY_REQUESTS_TIMEOUT"
"""Poetry's variable for how long an index may be silent, in seconds: https://python-poetry.org/docs/configuration/."""

_DEFAULT_TIMEOUT = 15.0  # Poetry's own
_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPT = f"{_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"  # PEP 691's own example
_ATTEMPTS = 5
_FIRST_PAUSE = 0.5  # seconds before the second attempt; doubled for each further one
_TRANSIENT = (429, 500, 502, 503, 504)
_BLOCK = 1 << 18


@dataclass(frozen=True)
class PackageIndex:
    """An index: the address of its simple API, and how to log in.

    Attributes:
        url: ends in a slash.
        name: what pyproject.toml calls it, None for PyPI.
        login: user name and password.
    """

    url: str
    name: str | None = None
    login: tuple[str, str] | None = None

    def __repr__(self) -> str:
        return f"PackageIndex({mask_secrets(self.url)!r}, {self.name!r})"

    def login_for(self, url: str) -> tuple[str, str] | None:
        """The login, for addresses on the index's own host and nowhere else."""
        return self.login if _origin(url) == _origin(self.url) else None

    def page(self, project: str) -> str:
        """Address of a project's page."""
        return f"{self.url}{project}/"


def index_of(source: Source | None, variables: Mapping[str, str] = os.environ) -> PackageIndex:
    """The index that a package was locked from.

    Args:
        source: the package's source in the lock file; None for PyPI.
        variables: environment variables, for the mirror of PyPI and for logins (``POETRY_HTTP_BASIC_<NAME>_…``).
    """
    if source is None:
        url, login = _split_login(variables.get(MIRROR_VARIABLE) or _pypi())
        return PackageIndex(url, None, login)
    name = source.reference or ""
    prefix = "POETRY_HTTP_BASIC_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    username = variables.get(f"{prefix}_USERNAME")
    url, login = _split_login(source.url)
    if username is not None:
        login = username, variables.get(f"{prefix}_PASSWORD", "")
    return PackageIndex(url, name, login)


class Downloader:
    """Downloads locked files; may be used from several threads.

    Args:
        variables: environment variables; see :func:`index_of`. Proxies and certificates are those that ``requests``
            reads from the process's own environment.
    """

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        self._variables = variables
        self._thread = local()
        self._timeout = float(variables.get(TIMEOUT_VARIABLE) or _DEFAULT_TIMEOUT)

    def download_locked(self, project: str, file: LockedFile, source: Source | None, output: IO[bytes]) -> None:
        """Find a file of a project on its index, and download it.

        Args:
            project: normalised name.
            file: the file's name and hash.
            source: the package's source in the lock file; None for PyPI.
            output: an empty binary file.

        Raises:
            DownloadError: the index cannot be reached, does not have the file, or sends other bytes.
        """
        index = index_of(source, self._variables)
        url = self.locate(index, project, file.name)
        self.download(url, file, output, login=index.login_for(url))

    def locate(self, index: PackageIndex, project: str, file_name: str) -> str:
        """The address of a project's file.

        Raises:
            DownloadError: the index cannot be reached, or has no such file.
        """
        page = index.page(project)
        try:
            response = self._session.get(
                page, headers={"Accept": _ACCEPT}, auth=index.login_for(page), timeout=self._timeout
            )
            response.raise_for_status()
            url = _find(response, project, file_name)
        except (requests.RequestException, ValueError) as error:
            raise _failed(error, page, index) from error
        if url is None:
            raise DownloadError(
                f"{mask_secrets(page)} does not list {file_name}",
                where=project,
                hint="if the file was taken off the index, lock another version",
            )
        return url

    def download(self, url: str, file: LockedFile, output: IO[bytes], *, login: tuple[str, str] | None = None) -> None:
        """Download a file and check its hash on the way; what broke off is resumed.

        Raises:
            DownloadError: the file cannot be had, or is not the locked one.
        """
        algorithm, _, told = file.hash.partition(":")
        digest = _Received(output, algorithm)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._receive(url, digest, login)
                break
            except requests.HTTPError as error:
                raise _failed(error, url) from error
            except (requests.RequestException, OSError) as error:
                if attempt == _ATTEMPTS:
                    raise _failed(error, url) from error
                time.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
        if digest.hexdigest() != told:
            raise DownloadError(
                f"{mask_secrets(url)} is not the locked file: its {algorithm} is {digest.hexdigest()}, "
                f"the lock file tells {told}",
                where=file.name,
                hint="find out why the file changed before you lock it anew",
            )

    @property
    def _session(self) -> requests.Session:
        """One session per thread: they are not made to be shared."""
        if not hasattr(self._thread, "session"):
            session = requests.Session()
            retries = Retry(total=_ATTEMPTS - 1, backoff_factor=_FIRST_PAUSE, status_forcelist=_TRANSIENT)
            for scheme in ("https://", "http://"):
                session.mount(scheme, HTTPAdapter(max_retries=retries))
            self._thread.session = session
        session = self._thread.session
        assert isinstance(session, requests.Session)  # noqa: S101 - for the type checker
        return session

    def _receive(self, url: str, received: _Received, login: tuple[str, str] | None) -> None:
        # identity: a file that is compressed for transport could not be resumed
        headers = {"Accept-Encoding": "identity"}
        if received.length:
            headers["Range"] = f"bytes={received.length}-"
        with self._session.get(url, headers=headers, auth=login, timeout=self._timeout, stream=True) as response:
            response.raise_for_status()
            if response.status_code != requests.codes.partial_content:
                received.restart()
            for block in response.iter_content(_BLOCK):
                received.add(block)


class _Received:
    """What has come of a file so far."""

    def __init__(self, output: IO[bytes], algorithm: str) -> None:
        self._output = output
        self._algorithm = algorithm
        self.restart()

    def restart(self) -> None:
        self._output.seek(0)
        self._output.truncate()
        self._digest = hashlib.new(self._algorithm)
        self.length = 0

    def add(self, block: bytes) -> None:
        self._output.write(block)
        self._digest.update(block)
        self.length += len(block)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def _find(response: requests.Response, project: str, file_name: str) -> str | None:
    """The address of the file on a project's page."""
    if response.headers.get("Content-Type", "").partition(";")[0] == _JSON:
        # pypi-simple makes an object of each of a page's thousands of files, 0.1 to 0.2 s for a page of PyPI's.
        files = ((file["filename"], file["url"]) for file in response.json()["files"])
    else:
        from pypi_simple import ProjectPage

        page = ProjectPage.from_html(project, response.content, base_url=response.url)
        files = ((package.filename, package.url) for package in page.packages)
    return next((urljoin(response.url, url) for name, url in files if name == file_name), None)


def _pypi() -> str:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return PYPI_SIMPLE_ENDPOINT


def _split_login(url: str) -> tuple[str, tuple[str, str] | None]:
    """An index's address without user information, ending in a slash, and that information."""
    parts = urlsplit(url.rstrip("/") + "/")
    information, at, host = parts.netloc.rpartition("@")
    if not at:
        return parts.geturl(), None
    username, _, password = information.partition(":")
    return parts._replace(netloc=host).geturl(), (unquote(username), unquote(password))


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _failed(error: Exception, url: str, index: PackageIndex | None = None) -> DownloadError:
    response = getattr(error, "response", None)
    status = response.status_code if isinstance(response, requests.Response) else None
    hint = "check the network and the address of the index"
    if status in {401, 403}:
        name = re.sub(r"[^A-Z0-9]", "_", ((index and index.name) or "<name of the source>").upper())
        hint = f"set POETRY_HTTP_BASIC_{name}_USERNAME and POETRY_HTTP_BASIC_{name}_PASSWORD"
    told = f"HTTP status {status}" if status else mask_secrets(str(error))
    return DownloadError(f"cannot be downloaded: {told}", where=mask_secrets(url), hint=hint)
