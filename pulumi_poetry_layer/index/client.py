"""Finds a locked file on its index and downloads it.

The lock file has names and hashes of files, but no addresses. The address is on the project's page of the index (PEP
503 and PEP 691: https://packaging.python.org/en/latest/specifications/simple-repository-api/). A download is accepted
only if it has the locked hash.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import requests
from pypi_simple import ACCEPT_JSON_PREFERRED

from pulumi_poetry_layer.host.failures import host_error
from pulumi_poetry_layer.index.access import PackageIndex
from pulumi_poetry_layer.index.diagnosis import download_error
from pulumi_poetry_layer.index.failures import Failure, index_error
from pulumi_poetry_layer.index.http import HttpClient
from pulumi_poetry_layer.index.limits import Limits
from pulumi_poetry_layer.index.pages import FileEnd, PageError, find_file, read_end_of
from pulumi_poetry_layer.index.sources import Address, PackageSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_simple import DistributionPackage

    from pulumi_poetry_layer.errors import BuildError
    from pulumi_poetry_layer.index.access import Indexes
    from pulumi_poetry_layer.index.sources import Login
    from pulumi_poetry_layer.poetry.locked import LockedFile, LockedSource


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
        limits: limits of time and size; None means those that environment variables set.
        clock: returns the time in seconds.

    Raises:
        InputError: an environment variable with a limit is not a number of seconds.
    """

    def __init__(
        self, indexes: Indexes, *, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._indexes = indexes
        self._limits = limits or Limits.of(indexes.variables)
        self._http = HttpClient(indexes, self._limits, clock)

    def stop(self) -> None:
        """End all downloads, for example because the build failed."""
        self._http.stop()

    def find(self, package: str, project: str, file: LockedFile, locked: LockedSource | None) -> FoundFile:
        """Find a locked file on its index.

        Args:
            package: name and version of the package, for error messages.
            project: normalized name of the project.
            file: name and hash of the file.
            locked: the package's source in the lock file; None means PyPI. The address of a ``url`` source is used
                with the login of the index on that host.

        Raises:
            DownloadError: the index cannot be reached, or does not list the file.
            InputError: a certificate file that is configured for the index does not exist.
        """
        if locked is not None and locked.type == "url":
            return FoundFile(*self._index_of_address(locked.url), size=None)
        index = self._indexes.of_package(locked)
        listed = self._find_on_page(index, package, project, file.name)
        return FoundFile(listed.url, index, listed.size)

    def download(self, found: FoundFile, file: LockedFile, output: IO[bytes], package: str) -> None:
        """Download a file that :meth:`find` has found. An interrupted download continues where it stopped.

        Args:
            found: where the file is.
            file: name and hash of the file.
            output: an empty binary file that the download is written to.
            package: name and version of the package, for error messages.

        Raises:
            DownloadError: the download fails, or the file has another hash than the locked one.
            InputError: a certificate file that is configured for the index does not exist.
        """
        algorithm, _, locked_digest = file.hash.partition(":")
        received = _Received(output, algorithm, package)
        address, index = Address.of(found.url), found.index
        login = address.login or index.login_for(found.url)
        most = self._limits.file if found.size is None else found.size

        def receive(end: float) -> None:
            self._receive(address.url, received, login, most, end)
            if received.was_resumed and received.hexdigest() != locked_digest:
                # Another server of the index may have sent another part. The whole file comes from one server.
                received.restart()
                self._receive(address.url, received, login, most, end)

        self._http.attempt(receive, lambda error: download_error(error, index, package, address.url))
        if received.hexdigest() != locked_digest:
            raise index_error(
                Failure.OTHER_FILE,
                index.source,
                package,
                detail=f"the {algorithm} of {address.url} is {received.hexdigest()}, "
                f"but the lock file says {locked_digest}",
            )

    def read_end(self, package: str, file: FoundFile, length: int) -> FileEnd:
        """Read the last ``length`` bytes of a file.

        If the server does not support range requests and the file is longer, only the size is returned.

        Raises:
            DownloadError: the server cannot be reached, or refuses the request.
        """
        address = Address.of(file.url)
        login = address.login or file.index.login_for(file.url)
        headers = {"Accept-Encoding": "identity", "Range": f"bytes=-{length}"}

        def read(end: float) -> FileEnd:
            with self._http.get(address.url, login, headers, end) as response:
                return read_end_of(response, length, lambda: b"".join(self._http.blocks(response, length, end)))

        return self._http.attempt(read, lambda error: download_error(error, file.index, package, address.url))

    def _index_of_address(self, url: str) -> tuple[str, PackageIndex]:
        """The address without its login, and an index that has this login."""
        address = Address.of(url)
        index = self._indexes.of_url(address.url) or PackageIndex(PackageSource("", address))
        return address.url, PackageIndex(index.source, address.login or index.login, index.certificates)

    def _find_on_page(self, index: PackageIndex, package: str, project: str, file_name: str) -> DistributionPackage:
        """The entry for a file on the project's page."""
        page = index.source.page(project)

        def read(end: float) -> DistributionPackage | None:
            with self._http.get(page, index.login, {"Accept": ACCEPT_JSON_PREFERRED}, end) as response:
                return find_file(response, b"".join(self._http.blocks(response, self._limits.page, end)), file_name)

        def explain(error: Exception) -> BuildError:
            if isinstance(error, PageError):
                return index_error(Failure.BAD_PAGE, index.source, package, detail=f"{page}: {error}")
            return download_error(error, index, package)

        file = self._http.attempt(read, explain)
        if file is None:
            detail = f"{file_name} is not on {page}"
            raise index_error(Failure.NOT_LISTED, index.source, package, detail=detail, login=index.login)
        return file

    def _receive(self, url: str, received: _Received, login: Login | None, most: int, end: float) -> None:
        # "identity", because a download that is compressed for transport cannot be resumed
        headers = {"Accept-Encoding": "identity"}
        if received.length:
            headers["Range"] = f"bytes={received.length}-"
        with self._http.get(url, login, headers, end) as response:
            if response.status_code == requests.codes.partial_content:
                received.was_resumed = True
            else:
                received.restart()
            for block in self._http.blocks(response, most - received.length, end):
                received.add(block)


class _Received:
    """The part of a file that has been downloaded so far."""

    def __init__(self, output: IO[bytes], algorithm: str, package: str) -> None:
        self._output = output
        self._algorithm = algorithm
        self._package = package
        self.restart()

    def restart(self) -> None:
        self._output.seek(0)
        self._output.truncate()
        self._digest = hashlib.new(self._algorithm)
        self.length = 0
        self.was_resumed = False

    def add(self, block: bytes) -> None:
        try:
            self._output.write(block)
        except OSError as error:  # not an error of the network
            raise host_error(error, self._package) from error
        self._digest.update(block)
        self.length += len(block)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()
