"""The indexes of a project, each with the login and the certificates that the client uses for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pypi_simple import PYPI_SIMPLE_ENDPOINT

from pulumi_poetry_layer.index.poetry_config import Certificates
from pulumi_poetry_layer.index.sources import PYPI, Address, PackageSource, is_same_host

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_poetry_layer.index.credentials import Credentials
    from pulumi_poetry_layer.index.sources import Login, Sources
    from pulumi_poetry_layer.poetry.locked import LockedSource

_PYPI = PackageSource(PYPI, Address.of(PYPI_SIMPLE_ENDPOINT.rstrip("/")))


@dataclass(frozen=True)
class PackageIndex:
    """An index and what the client needs to connect to it.

    Attributes:
        source: name and address of the index.
        login: user name and password, None if there is no login.
        certificates: which certificates to trust and to show.
    """

    source: PackageSource
    login: Login | None = None
    certificates: Certificates = field(default_factory=Certificates)

    def login_for(self, url: str) -> Login | None:
        """The login for an address; None if the address is not on the host of the index."""
        return self.login if is_same_host(self.source.address.url, url) else None


class Indexes:
    """The indexes that the packages of a project are locked from.

    Args:
        sources: the sources in pyproject.toml.
        credentials: the logins of the current user.
    """

    def __init__(self, sources: Sources, credentials: Credentials) -> None:
        self._sources = sources
        self._credentials = credentials

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables that the configuration is read from."""
        return self._credentials.configuration.variables

    def of_package(self, locked: LockedSource | None) -> PackageIndex:
        """The index that a package was locked from.

        Args:
            locked: the package's source in the lock file; None means PyPI.

        Raises:
            InputError: a certificate file that is configured for the index does not exist.
        """
        source = self._sources.of_package(locked) or self._mirror
        # PyPI needs no login for downloads. People set http-basic.pypi to publish, so it is not sent.
        return self._index(source) if source else PackageIndex(_PYPI)

    def of_url(self, url: str) -> PackageIndex | None:
        """The index on the host of an address; None if no index is on that host."""
        source = self._source_at(url)
        return self._index(source) if source else None

    def certificates_for(self, url: str) -> Certificates:
        """The certificates for connections to an address: those of the index on its host, else the defaults.

        Raises:
            InputError: a certificate file that is configured for the index does not exist.
        """
        source = self._source_at(url)
        return self._certificates(source) if source else Certificates()

    def _source_at(self, url: str) -> PackageSource | None:
        if source := self._sources.of_url(url):
            return source
        mirror = self._mirror
        return mirror if mirror and is_same_host(mirror.address.url, url) else None

    @property
    def _mirror(self) -> PackageSource | None:
        """The mirror of PyPI. None if it is PyPI itself, so that no keyring is opened for PyPI."""
        mirror = self._credentials.mirror()
        return mirror if mirror and mirror.address != _PYPI.address else None

    def _index(self, source: PackageSource) -> PackageIndex:
        return PackageIndex(source, self._credentials.login(source), self._certificates(source))

    def _certificates(self, source: PackageSource) -> Certificates:
        return self._credentials.configuration.certificates(source.name) if source.name else Certificates()
