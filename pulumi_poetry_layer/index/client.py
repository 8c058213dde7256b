"""The only door to the network: find a locked file through an index's simple API and download it.

The lock file names files and hashes, not addresses; the address comes from the project's page on the index (PEP 503,
PEP 691: https://packaging.python.org/en/latest/specifications/simple-repository-api/). Whatever an index sends, only
bytes with the locked hash are accepted.
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

_DEFAULT_TIMEOUT = 15.0  # Poetry's own
_ATTEMPTS = 5
_FIRST_PAUSE = 0.5  # seconds before the second attempt; doubled for each further one
_TRANSIENT = (429, 500, 502, 503, 504)
_BLOCK = 1 << 18


@dataclass(frozen=True)
class FoundFile:
    """Where a file lies, the index that says how to get at it, and its size in bytes where that is known already."""

    url: str
    index: PackageIndex
    size: int | None


class Downloader:
    """Downloads locked files; may be used from several threads.

    Proxies are those of the process's own environment. The certificates are those of the index that an address
    belongs to, then ``REQUESTS_CA_BUNDLE`` and ``CURL_CA_BUNDLE``, then ``SSL_CERT_FILE``, then those of ``certifi``.

    Args:
        indexes: where packages come from.
        deadline: for questions that are not worth much waiting: ``time.monotonic()`` after which nothing is asked or
            waited for any more. Nothing is asked twice then.
    """

    def __init__(self, indexes: Indexes, *, deadline: float | None = None) -> None:
        self._indexes = indexes
        self._thread = local()
        self._longest = float(indexes.variables.get(TIMEOUT_VARIABLE) or _DEFAULT_TIMEOUT)
        self._deadline = deadline
        _mask_debug_logs()

    def download_locked(
        self, package: str, project: str, file: LockedFile, locked: LockedSource | None, output: IO[bytes]
    ) -> None:
        """Find a file of a project on its index, and download it.

        Args:
            package: what to call the package in errors.
            project: its normalized name.
            file: the file's name and hash.
            locked: the package's source in the lock file; None for PyPI.
            output: an empty binary file.

        Raises:
            DownloadError: the index cannot be reached, does not have the file, or sends other bytes.
            InputError: a certificate that is configured for it does not exist.
        """
        found = self.find(package, project, file, locked)
        self._download(found.url, file, output, found.index, package)

    def download_url(self, package: str, url: str, file: LockedFile, output: IO[bytes]) -> None:
        """Download a file from the address that is locked; a source on that host says how to get in.

        Raises:
            DownloadError: the file cannot be had, or is not the locked one.
            InputError: a certificate that is configured for the source does not exist.
        """
        address, index = self._addressed(url)
        self._download(address, file, output, index, package)

    def find(self, package: str, project: str, file: LockedFile, locked: LockedSource | None) -> FoundFile:
        """Where a locked file lies; arguments as in :meth:`download_locked`.

        Raises:
            DownloadError: the index cannot be reached, or has no such file.
            InputError: a certificate that is configured for it does not exist.
        """
        if locked is not None and locked.type == "url":
            return FoundFile(*self._addressed(locked.url), size=None)
        index = self._indexes.of_package(locked)
        listed = self._listed(index, package, project, file.name)
        return FoundFile(listed.url, index, listed.size)

    def read_end(self, package: str, file: FoundFile, length: int) -> FileEnd:
        """The last bytes of a file; of a longer one its size alone where the server does not give parts of files.

        Raises:
            DownloadError: the server cannot be reached, or refuses.
        """
        address = Address.of(file.url)
        headers = {"Accept-Encoding": "identity", "Range": f"bytes=-{length}"}
        try:
            login = address.login or file.index.login_for(file.url)
            with self._get(address.url, login, headers, stream=True) as response:
                return read_end_of(response, length)
        except (requests.RequestException, OSError) as error:
            problem = _explained(error, file.index, package, address.url)
        raise problem  # out of the block: a cause would show addresses unmasked

    def _addressed(self, url: str) -> tuple[str, PackageIndex]:
        """An address without its login, and the source on that host with it."""
        address = Address.of(url)
        index = self._indexes.of_url(address.url) or PackageIndex(PackageSource("", address))
        return address.url, PackageIndex(index.source, address.login or index.login, index.certificates)

    def _listed(self, index: PackageIndex, package: str, project: str, file_name: str) -> DistributionPackage:
        """What the project's page says about a file."""
        page = index.source.page(project)
        try:
            with self._get(page, index.login, {"Accept": ACCEPT_JSON_PREFERRED}) as response:
                file = find_file(response, file_name)
        except PageError as error:
            problem = index_error(Failure.BAD_PAGE, index.source, package, detail=f"{page}: {error}")
        except (requests.RequestException, OSError, ValueError) as error:
            problem = _explained(error, index, package)
        else:
            if file is not None:
                return file
            detail = f"{page} does not list {file_name}"
            problem = index_error(Failure.NOT_LISTED, index.source, package, detail=detail, login=index.login)
        raise problem  # out of the block: a cause would show addresses unmasked

    def _download(self, url: str, file: LockedFile, output: IO[bytes], index: PackageIndex, package: str) -> None:
        """Download a file and check its hash on the way; what broke off is resumed."""
        algorithm, _, told = file.hash.partition(":")
        received = _Received(output, algorithm)
        address = Address.of(url)
        login = address.login or index.login_for(url)
        if problem := self._fetch(address.url, received, login, index, package):
            raise problem
        if received.hexdigest() != told:
            raise index_error(
                Failure.OTHER_FILE,
                index.source,
                package,
                detail=f"the {algorithm} of {address.url} is {received.hexdigest()}, but the lock file says {told}",
            )

    def _fetch(
        self, url: str, received: _Received, login: Login | None, index: PackageIndex, package: str
    ) -> DownloadError | None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._receive(url, received, login)
            except (requests.RequestException, OSError) as error:
                problem = _explained(error, index, package, url)
                if attempt == _ATTEMPTS or isinstance(error, requests.HTTPError | requests.exceptions.SSLError):
                    return problem
                time.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
            else:
                return None
        raise AssertionError("the last attempt returns")

    @property
    def _timeout(self) -> float:
        """Seconds that a server may be silent."""
        if self._deadline is None:
            return self._longest
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise requests.Timeout("no time was left to ask")
        return min(self._longest, left)

    @property
    def _session(self) -> requests.Session:
        """One session per thread: they are not made to be shared."""
        if not hasattr(self._thread, "session"):
            session = requests.Session()
            again = 0 if self._deadline else _ATTEMPTS - 1
            retries = Retry(total=again, backoff_factor=_FIRST_PAUSE, status_forcelist=_TRANSIENT)
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
        # identity: a file that is compressed for transport could not be resumed
        headers = {"Accept-Encoding": "identity"}
        if received.length:
            headers["Range"] = f"bytes={received.length}-"
        with self._get(url, login, headers, stream=True) as response:
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


def _header_value(text: str) -> bytes:
    """A part of a login as Poetry sends it, and what Poetry fails on in UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


_NOT_TRUSTED = re.compile("verify failed|doesn't match|not valid for|certificate bundle", re.IGNORECASE)
_FAILURES = {401: Failure.UNAUTHORIZED, 403: Failure.FORBIDDEN, 404: Failure.MISSING, 410: Failure.MISSING}


def _explained(error: Exception, index: PackageIndex, package: str, url: str | None = None) -> DownloadError:
    """What an error of the HTTP library means; ``url`` is the file's address, None for the project's page."""
    response = getattr(error, "response", None)
    if isinstance(response, requests.Response):
        failure = _FAILURES.get(response.status_code, Failure.OTHER)
        login = index.login_for(response.url)
        says_status = failure in {Failure.UNAUTHORIZED, Failure.FORBIDDEN}
        detail = response.url if says_status else f"HTTP status {response.status_code}: {response.url}"
        return index_error(failure, index.source, package, detail=detail, login=login)
    told = str(error) or type(error).__name__
    if isinstance(error, requests.exceptions.SSLError):
        failure = Failure.UNTRUSTED if _NOT_TRUSTED.search(told) else Failure.HANDSHAKE
    elif _NOT_TRUSTED.search(told):
        failure = Failure.UNTRUSTED  # a bundle that the environment names and that is not there
    elif isinstance(error, requests.ConnectionError | requests.Timeout | OSError) and not isinstance(error, ValueError):
        failure = Failure.UNREACHABLE
    else:
        failure = Failure.OTHER
    return index_error(failure, index.source, package, detail=f"{url}: {told}" if url else told)


class _MaskedRecords(logging.Filter):
    """Takes logins and tokens out of what the HTTP library logs of each request; the rest stays readable."""

    def filter(self, record: logging.LogRecord) -> bool:
        with suppress(Exception):
            record.msg, record.args = mask_urls(record.getMessage()), ()
        return True


def _mask_debug_logs() -> None:
    for name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection", "requests"):
        logger = logging.getLogger(name)
        if not any(isinstance(present, _MaskedRecords) for present in logger.filters):
            logger.addFilter(_MaskedRecords())
