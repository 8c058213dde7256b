"""The indexes of a project and how to get into them: the source, the login and the certificates of each."""

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
    """An index, and how to get in.

    Attributes:
        source: its name and address.
        login: who this side is.
        certificates: how both sides prove it.
    """

    source: PackageSource
    login: Login | None = None
    certificates: Certificates = field(default_factory=Certificates)

    def login_for(self, url: str) -> Login | None:
        """The login, for addresses on the index's own host and nowhere else."""
        return self.login if is_same_host(self.source.address.url, url) else None


class Indexes:
    """The indexes that a project's packages are locked from.

    Args:
        sources: what pyproject.toml lists.
        credentials: who this user is to them.
    """

    def __init__(self, sources: Sources, credentials: Credentials) -> None:
        self._sources = sources
        self._credentials = credentials

    @property
    def variables(self) -> Mapping[str, str]:
        """Environment variables."""
        return self._credentials.configuration.variables

    def of_package(self, locked: LockedSource | None) -> PackageIndex:
        """The index that a package was locked from; ``locked`` is its source in the lock file, None for PyPI.

        Raises:
            InputError: a certificate that is configured for it does not exist.
        """
        source = self._sources.of_package(locked) or self._mirror
        # PyPI itself asks for no login, and http-basic.pypi is what people publish with.
        return self._index(source) if source else PackageIndex(_PYPI)

    def of_url(self, url: str) -> PackageIndex | None:
        """The index on whose host an address is."""
        source = self._source_at(url)
        return self._index(source) if source else None

    def certificates_for(self, url: str) -> Certificates:
        """The certificates of connections to an address: those of the index on its host, else those of everybody.

        Raises:
            InputError: a certificate that is configured for the index does not exist.
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
        """What stands in for PyPI; not PyPI itself, for which a keyring would be opened, and that takes its time."""
        mirror = self._credentials.mirror()
        return mirror if mirror and mirror.address != _PYPI.address else None

    def _index(self, source: PackageSource) -> PackageIndex:
        return PackageIndex(source, self._credentials.login(source), self._certificates(source))

    def _certificates(self, source: PackageSource) -> Certificates:
        return self._credentials.configuration.certificates(source.name) if source.name else Certificates()
