"""Finds a locked file on its index and downloads it. No other module sends requests.

The lock file has names and hashes of files, but no addresses. The address is on the project's page of the index (PEP
503 and PEP 691: https://packaging.python.org/en/latest/specifications/simple-repository-api/). A download is accepted
only if it has the locked hash.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from threading import local
from typing import IO, TYPE_CHECKING

import requests
from pypi_simple import ACCEPT_JSON_PREFERRED
from requests.auth import HTTPBasicAuth
from urllib3.util import Retry

from pulumi_poetry_layer.errors import DownloadError
from pulumi_poetry_layer.host.variables import TIMEOUT_VARIABLE
from pulumi_poetry_layer.index.access import PackageIndex
from pulumi_poetry_layer.index.failures import Failure, index_error
from pulumi_poetry_layer.index.pages import FileEnd, PageError, find_file, read_end_of
from pulumi_poetry_layer.index.sources import Address, PackageSource
from pulumi_poetry_layer.index.tls import CertificatesAdapter
from pulumi_poetry_layer.masking import mask_urls

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage

    from pulumi_poetry_layer.index.access import Indexes
    from pulumi_poetry_layer.index.sources import Login
    from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource

_DEFAULT_TIMEOUT = 15.0  # seconds; the same as Poetry's
_ATTEMPTS = 5
_FIRST_PAUSE = 0.5  # seconds before the second attempt; doubled before each further attempt
_TRANSIENT = (429, 500, 502, 503, 504)
_BLOCK = 1 << 18


@dataclass(frozen=True)
class FoundFile:
    """A file that an index lists.

    Attributes:
        url: the address of the file.
        index: the index that lists the file.
        size: size in bytes, None if the index does not give it.
    """

    url: str
    index: PackageIndex
    size: int | None


class Downloader:
    """Downloads locked files. Safe to use from several threads.

    Proxies come from the environment of this process. Certificates come from the settings of the index, then from
    ``REQUESTS_CA_BUNDLE``, ``CURL_CA_BUNDLE`` and ``SSL_CERT_FILE``, then from ``certifi``.

    Args:
        indexes: the indexes of the project.
        deadline: a time of ``time.monotonic()``. No request is sent or waited for after it, and none is repeated.
            None means no time limit.
    """

    def __init__(self, indexes: Indexes, *, deadline: float | None = None) -> None:
        self._indexes = indexes
        self._thread = local()
        self._configured_timeout = float(indexes.variables.get(TIMEOUT_VARIABLE) or _DEFAULT_TIMEOUT)
        self._deadline = deadline
        _mask_debug_logs()

    def download_locked(
        self, package: str, project: str, file: LockedFile, locked: LockedSource | None, output: IO[bytes]
    ) -> None:
        """Find a file of a project on its index and download it.

        Args:
            package: name and version of the package, for error messages.
            project: normalized name of the project.
            file: name and hash of the file.
            locked: the package's source in the lock file; None means PyPI.
            output: an empty binary file that the download is written to.

        Raises:
            DownloadError: the index cannot be reached, does not have the file, or sends a file with another hash.
            InputError: a certificate file that is configured for the index does not exist.
        """
        found = self.find(package, project, file, locked)
        self._download(found.url, file, output, found.index, package)

    def download_url(self, package: str, url: str, file: LockedFile, output: IO[bytes]) -> None:
        """Download a file from the address in the lock file, with the login of the source on that host.

        Raises:
            DownloadError: the download fails, or the file has another hash than the locked one.
            InputError: a certificate file that is configured for the source does not exist.
        """
        address, index = self._index_of_address(url)
        self._download(address, file, output, index, package)

    def find(self, package: str, project: str, file: LockedFile, locked: LockedSource | None) -> FoundFile:
        """Find a locked file on its index; the arguments are those of :meth:`download_locked`.

        Raises:
            DownloadError: the index cannot be reached, or does not list the file.
            InputError: a certificate file that is configured for the index does not exist.
        """
        if locked is not None and locked.type == "url":
            return FoundFile(*self._index_of_address(locked.url), size=None)
        index = self._indexes.of_package(locked)
        listed = self._find_on_page(index, package, project, file.name)
        return FoundFile(listed.url, index, listed.size)

    def read_end(self, package: str, file: FoundFile, length: int) -> FileEnd:
        """Read the last ``length`` bytes of a file.

        If the server does not support range requests and the file is longer, only the size is returned.

        Raises:
            DownloadError: the server cannot be reached, or refuses the request.
        """
        address = Address.of(file.url)
        headers = {"Accept-Encoding": "identity", "Range": f"bytes=-{length}"}
        try:
            login = address.login or file.index.login_for(file.url)
            with self._get(address.url, login, headers, stream=True) as response:
                return read_end_of(response, length)
        except (requests.RequestException, OSError) as error:
            problem = _download_error(error, file.index, package, address.url)
        raise problem  # outside the except block: the original error would show addresses unmasked

    def _index_of_address(self, url: str) -> tuple[str, PackageIndex]:
        """The address without its login, and an index that has this login."""
        address = Address.of(url)
        index = self._indexes.of_url(address.url) or PackageIndex(PackageSource("", address))
        return address.url, PackageIndex(index.source, address.login or index.login, index.certificates)

    def _find_on_page(self, index: PackageIndex, package: str, project: str, file_name: str) -> DistributionPackage:
        """The entry for a file on the project's page."""
        page = index.source.page(project)
        try:
            with self._get(page, index.login, {"Accept": ACCEPT_JSON_PREFERRED}) as response:
                file = find_file(response, file_name)
        except PageError as error:
            problem = index_error(Failure.BAD_PAGE, index.source, package, detail=f"{page}: {error}")
        except (requests.RequestException, OSError, ValueError) as error:
            problem = _download_error(error, index, package)
        else:
            if file is not None:
                return file
            detail = f"{file_name} is not on {page}"
            problem = index_error(Failure.NOT_LISTED, index.source, package, detail=detail, login=index.login)
        raise problem  # outside the except block: the original error would show addresses unmasked

    def _download(self, url: str, file: LockedFile, output: IO[bytes], index: PackageIndex, package: str) -> None:
        """Download a file and check its hash. An interrupted download continues where it stopped."""
        algorithm, _, locked_digest = file.hash.partition(":")
        received = _Received(output, algorithm)
        address = Address.of(url)
        login = address.login or index.login_for(url)
        if problem := self._fetch(address.url, received, login, index, package):
            raise problem
        if received.hexdigest() != locked_digest:
            raise index_error(
                Failure.OTHER_FILE,
                index.source,
                package,
                detail=f"the {algorithm} of {address.url} is {received.hexdigest()}, "
                f"but the lock file says {locked_digest}",
            )

    def _fetch(
        self, url: str, received: _Received, login: Login | None, index: PackageIndex, package: str
    ) -> DownloadError | None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._receive(url, received, login)
            except (requests.RequestException, OSError) as error:
                problem = _download_error(error, index, package, url)
                if attempt == _ATTEMPTS or isinstance(error, requests.HTTPError | requests.exceptions.SSLError):
                    return problem
                time.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
            else:
                return None
        raise AssertionError("the last attempt returns")

    @property
    def _timeout(self) -> float:
        """How long to wait for a server that sends nothing, in seconds."""
        if self._deadline is None:
            return self._configured_timeout
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise requests.Timeout("the time limit was reached before the request was sent")
        return min(self._configured_timeout, left)

    @property
    def _session(self) -> requests.Session:
        """One session per thread, because sessions are not thread-safe."""
        if not hasattr(self._thread, "session"):
            session = requests.Session()
            further_attempts = 0 if self._deadline else _ATTEMPTS - 1
            retries = Retry(total=further_attempts, backoff_factor=_FIRST_PAUSE, status_forcelist=_TRANSIENT)
            bundle = self._indexes.variables.get("SSL_CERT_FILE")
            for scheme in ("https://", "http://"):
                session.mount(scheme, CertificatesAdapter(self._indexes.certificates_for, bundle, max_retries=retries))
            self._thread.session = session
        session = self._thread.session
        assert isinstance(session, requests.Session)  # noqa: S101 - for the type checker
        return session

    def _get(
        self, url: str, login: Login | None, headers: dict[str, str], *, stream: bool = False
    ) -> requests.Response:
        auth = HTTPBasicAuth(_header_value(login.username), _header_value(login.password)) if login else None
        response = self._session.get(url, headers=headers, auth=auth, timeout=self._timeout, stream=stream)
        try:
            response.raise_for_status()
        except requests.HTTPError:
            response.close()
            raise
        return response

    def _receive(self, url: str, received: _Received, login: Login | None) -> None:
        # "identity", because a download that is compressed for transport cannot be resumed
        headers = {"Accept-Encoding": "identity"}
        if received.length:
            headers["Range"] = f"bytes={received.length}-"
        with self._get(url, login, headers, stream=True) as response:
            if response.status_code != requests.codes.partial_content:
                received.restart()
            for block in response.iter_content(_BLOCK):
                received.add(block)


class _Received:
    """The part of a file that has been downloaded so far."""

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


def _header_value(text: str) -> bytes:
    """A user name or password, encoded as Poetry encodes it; in UTF-8 if that is impossible."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


_NOT_TRUSTED = re.compile("verify failed|doesn't match|not valid for|certificate bundle", re.IGNORECASE)
_FAILURES = {401: Failure.UNAUTHORIZED, 403: Failure.FORBIDDEN, 404: Failure.MISSING, 410: Failure.MISSING}


def _download_error(error: Exception, index: PackageIndex, package: str, url: str | None = None) -> DownloadError:
    """Explain an error of the HTTP library; ``url`` is the address of the file, None if it was the project's page."""
    response = getattr(error, "response", None)
    if isinstance(response, requests.Response):
        failure = _FAILURES.get(response.status_code, Failure.OTHER)
        login = index.login_for(response.url)
        says_status = failure in {Failure.UNAUTHORIZED, Failure.FORBIDDEN}
        detail = response.url if says_status else f"HTTP status {response.status_code}: {response.url}"
        return index_error(failure, index.source, package, detail=detail, login=login)
    message = str(error) or type(error).__name__
    if isinstance(error, requests.exceptions.SSLError):
        failure = Failure.UNTRUSTED if _NOT_TRUSTED.search(message) else Failure.HANDSHAKE
    elif _NOT_TRUSTED.search(message):
        failure = Failure.UNTRUSTED  # an environment variable has the path of a bundle that does not exist
    elif isinstance(error, requests.ConnectionError | requests.Timeout | OSError) and not isinstance(error, ValueError):
        failure = Failure.UNREACHABLE
    else:
        failure = Failure.OTHER
    return index_error(failure, index.source, package, detail=f"{url}: {message}" if url else message)


class _MaskedRecords(logging.Filter):
    """Masks logins and tokens in the log messages of the HTTP library."""

    def filter(self, record: logging.LogRecord) -> bool:
        with suppress(Exception):
            record.msg, record.args = mask_urls(record.getMessage()), ()
        return True


def _mask_debug_logs() -> None:
    for name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection", "requests"):
        logger = logging.getLogger(name)
        if not any(isinstance(present, _MaskedRecords) for present in logger.filters):
            logger.addFilter(_MaskedRecords())
