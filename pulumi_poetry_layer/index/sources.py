"""The package sources of a project (``[[tool.poetry.source]]``), and the source of a locked package.

Pure. The rules are Poetry's: https://python-poetry.org/docs/repositories/. A locked package is taken from the index
that it was locked from. It is never taken from another index that has the same name and version.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from pulumi_poetry_layer.poetry.toml_tables import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulumi_poetry_layer.poetry.locked import LockedSource

PYPI = "PyPI"
"""Poetry's name of the source that needs no ``url``. Upper and lower case are the same in names of sources."""

_SINGLE_PAGE = re.compile(r".*\.html?")
_EXPLICIT, _SUPPLEMENTAL, _PRIMARY = "explicit", "supplemental", "primary"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Login:
    """A user name and a password. Either may be empty, and ``repr`` shows neither.

    Attributes:
        username: the user name.
        password: the password or token.
        origin: where the login was found, for messages.
    """

    username: str = field(repr=False)
    password: str = field(repr=False)
    origin: str = ""


@dataclass(frozen=True)
class Address:
    """A URL, split into the URL without its login, and the login.

    Attributes:
        url: the URL without user information.
        login: the user information; None if the URL had none.
    """

    url: str
    login: Login | None = None

    @classmethod
    def of(cls, url: str) -> Address:
        """Split a URL."""
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
    """A source in pyproject.toml.

    Attributes:
        name: name of the source; empty for an index that pyproject.toml does not list.
        address: URL of the index without a slash at the end, as in Poetry.
        priority: ``primary``, ``supplemental`` or ``explicit``.
    """

    name: str
    address: Address
    priority: str = _PRIMARY

    @property
    def is_single_page(self) -> bool:
        """Whether the source is a single page that lists all files, instead of one page per project."""
        return _SINGLE_PAGE.fullmatch(self.address.url) is not None

    @property
    def is_pypi(self) -> bool:
        """Whether the source is PyPI. Projects list PyPI to give it a priority."""
        return self.name.lower() == PYPI.lower()

    @property
    def host(self) -> str:
        """Host of the index, with the port if the address has one."""
        return urlsplit(self.address.url).netloc

    def page(self, project: str) -> str:
        """Address of the page that lists the files of a project; ``project`` is its normalized name."""
        return self.address.url if self.is_single_page else f"{self.address.url}/{project}/"


@dataclass(frozen=True)
class Sources:
    """The sources of one project, in the order of the file."""

    listed: tuple[PackageSource, ...] = ()

    @classmethod
    def of(cls, pyproject: str) -> Sources:
        """Read the sources in the text of a pyproject.toml, which must be valid TOML. Invalid sources are ignored."""
        return _sources_of(pyproject)

    def named(self, name: str) -> PackageSource | None:
        """The source with this name; None if there is none."""
        return next((source for source in self.listed if source.name.lower() == name.lower()), None)

    @property
    def instead_of_pypi(self) -> PackageSource | None:
        """The source that replaces PyPI: the first primary one, unless PyPI is listed as well. None if PyPI stays."""
        primary = [source for source in self.listed if source.priority == _PRIMARY]
        return None if self.named(PYPI) or not primary else primary[0]

    def of_package(self, locked: LockedSource | None) -> PackageSource | None:
        """The source that a package was locked from; None means PyPI.

        The address is the one in pyproject.toml, because the content hash of the lock file covers it: someone who edits
        a lock file cannot send the login of a source to another host. An unlisted source never inherits another
        source's login.

        Args:
            locked: the package's source in the lock file; None means PyPI.
        """
        if locked is None or locked.type != "legacy":
            return None
        if locked.reference and (known := self.named(locked.reference)) and not known.is_pypi:
            return known
        return PackageSource("" if self.listed else locked.reference or "", Address.of(locked.url.rstrip("/")))

    def of_url(self, url: str) -> PackageSource | None:
        """The source whose login and certificates are used for a URL; None if there is none.

        It is the source on the same host that has the longest common path with the URL. This is Poetry's rule
        (``Authenticator.get_repository_config_for_url``). A source with https is never used for a URL with http.
        """
        found = [source for source in self.listed if is_same_host(source.address.url, url)]
        return max(found, key=lambda source: _common_path(source.address.url, url), default=None)


def is_same_host(index: str, url: str) -> bool:
    """Whether the login of an index may be sent to a URL.

    The URL must have the same host and port, and it must not be http if the index is https.
    """
    try:
        first, second = urlsplit(index), urlsplit(url)
        if first.scheme == second.scheme:
            return first.hostname == second.hostname and _port(first) == _port(second)
        upgraded = first.scheme == "http" and second.scheme == "https"
        return upgraded and first.hostname == second.hostname and first.port == second.port
    except ValueError:  # for example a port that is not a number
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
        name, url = (table.get("name"), table.get("url", "")) if isinstance(table, dict) else (None, None)
        if isinstance(name, str) and isinstance(url, str) and (url or name.lower() == PYPI.lower()):
            with suppress(ValueError):  # such as brackets without an IPv6 address between them
                yield PackageSource(name, Address.of(url.rstrip("/")), _priority(table))


def _priority(table: dict[str, Any]) -> str:
    """The priority of a source. Poetry 1 also had ``default`` and ``secondary``."""
    priority = str(table.get("priority", _PRIMARY)).lower()
    if table.get("secondary") or priority == "secondary":
        return _SUPPLEMENTAL
    return priority if priority in {_EXPLICIT, _SUPPLEMENTAL} else _PRIMARY
