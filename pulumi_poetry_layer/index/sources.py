"""The package sources of a project (``[[tool.poetry.source]]``), and which of them a locked package is taken from.

Pure. The rules are Poetry's: https://python-poetry.org/docs/repositories/. A locked package is looked for on the one
index that it was locked from and on no other, whatever another one offers under the same name and version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from pulumi_poetry_layer.poetry.toml_tables import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_poetry_layer.poetry.locked import LockedSource

PYPI = "PyPI"
"""What Poetry calls the index that needs no ``url``; names of sources are compared without their case."""

_SINGLE_PAGE = re.compile(r".*\.html?")
_EXPLICIT, _SUPPLEMENTAL, _PRIMARY = "explicit", "supplemental", "primary"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Login:
    """A user name and a password, either of which may be empty; its text shows neither.

    Attributes:
        username: who.
        password: the secret.
        origin: where the two were found, for messages.
    """

    username: str = field(repr=False)
    password: str = field(repr=False)
    origin: str = ""


@dataclass(frozen=True)
class Address:
    """A URL apart from the login that stood in it.

    Attributes:
        url: the URL without user information.
        login: that information.
    """

    url: str
    login: Login | None = None

    @classmethod
    def of(cls, url: str) -> Address:
        """Take a URL apart."""
        parts = urlsplit(url)
        information, at, host = parts.netloc.rpartition("@")
        if not at:
            return cls(url)
        username, _, password = information.partition(":")
        login = Login(unquote(username), unquote(password), "the address of the index")
        return cls(parts._replace(netloc=host).geturl(), login)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return urlsplit(self.url)._replace(path="", query="", fragment="").geturl()


@dataclass(frozen=True)
class PackageSource:
    """An index as pyproject.toml names it.

    Attributes:
        name: its name.
        address: its URL, as Poetry takes it: without a slash at the end.
        priority: ``primary``, ``supplemental`` or ``explicit``.
    """

    name: str
    address: Address
    priority: str = _PRIMARY

    @property
    def is_single_page(self) -> bool:
        """Whether it is one page with all files of all projects on it, and not a simple API."""
        return _SINGLE_PAGE.fullmatch(self.address.url) is not None

    @property
    def is_pypi(self) -> bool:
        """Whether it is PyPI, named to give it a priority."""
        return self.name.lower() == PYPI.lower()

    @property
    def host(self) -> str:
        """Its host, and its port if the address has one."""
        return urlsplit(self.address.url).netloc

    def page(self, project: str) -> str:
        """Address of the page that lists a project's files."""
        return self.address.url if self.is_single_page else f"{self.address.url}/{project}/"


@dataclass(frozen=True)
class Sources:
    """The sources of one project, in the order of the file."""

    listed: tuple[PackageSource, ...] = ()

    @classmethod
    def of(cls, pyproject: str) -> Sources:
        """Those of a pyproject.toml that has been checked before: what is no source is passed over."""
        return _sources_of(pyproject)

    def named(self, name: str) -> PackageSource | None:
        """The source of a name."""
        return next((source for source in self.listed if source.name.lower() == name.lower()), None)

    @property
    def instead_of_pypi(self) -> PackageSource | None:
        """The source that stands where PyPI stood: a primary source takes it off, unless PyPI is listed too."""
        primary = [source for source in self.listed if source.priority == _PRIMARY]
        return None if self.named(PYPI) or not primary else primary[0]

    def of_package(self, locked: LockedSource | None) -> PackageSource | None:
        """The one index that a package is taken from, None for PyPI: what the lock file says, whatever else is listed.

        The address is that of pyproject.toml, which the lock's content hash covers: whoever edits a lock file cannot
        send the login of a source to another host. A source that is not in pyproject.toml is nobody's namesake.
        """
        if locked is None or locked.type != "legacy":
            return None
        if locked.reference and (known := self.named(locked.reference)) and not known.is_pypi:
            return known
        return PackageSource("" if self.listed else locked.reference or "", Address.of(locked.url.rstrip("/")))

    def of_url(self, url: str) -> PackageSource | None:
        """The source whose login and certificates an address gets: on the same host, with the longest common path.

        Poetry's rule (``Authenticator.get_repository_config_for_url``); never from https down to http.
        """
        found = [source for source in self.listed if is_same_host(source.address.url, url)]
        return max(found, key=lambda source: _common_path(source.address.url, url), default=None)


def is_same_host(index: str, url: str) -> bool:
    """Whether what an index is told may be told at an address: same host, same port, and no less encrypted."""
    try:
        first, second = urlsplit(index), urlsplit(url)
        if first.scheme == second.scheme:
            return first.hostname == second.hostname and _port(first) == _port(second)
        upgraded = first.scheme == "http" and second.scheme == "https"
        return upgraded and first.hostname == second.hostname and first.port == second.port
    except ValueError:  # such as a port that is not a number
        return False


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)


def _common_path(index: str, url: str) -> tuple[int, bool]:
    own, other = (_segments(address) for address in (index, url))
    shared = 0
    for first, second in zip(own, other, strict=False):
        if first != second:
            break
        shared += 1
    return shared, shared == len(own)


def _segments(url: str) -> list[str]:
    return [segment for segment in urlsplit(url).path.split("/") if segment]


@lru_cache(maxsize=16)
def _sources_of(pyproject: str) -> Sources:
    tool = parse_toml(pyproject).get("tool", {})
    listed: Any = tool.get("poetry", {}).get("source", []) if isinstance(tool, dict) else []
    return Sources(tuple(_read(listed if isinstance(listed, list) else [])))


def _read(listed: Iterable[Any]) -> Iterator[PackageSource]:
    for table in listed:
        name, url = table.get("name"), table.get("url", "")
        if isinstance(name, str) and isinstance(url, str) and (url or name.lower() == PYPI.lower()):
            yield PackageSource(name, Address.of(url.rstrip("/")), _priority(table))


def _priority(table: dict[str, Any]) -> str:
    """A source's priority; Poetry 1 had ``default`` and ``secondary`` besides."""
    told = str(table.get("priority", _PRIMARY)).lower()
    if table.get("secondary") or told == "secondary":
        return _SUPPLEMENTAL
    return told if told in {_EXPLICIT, _SUPPLEMENTAL} else _PRIMARY
