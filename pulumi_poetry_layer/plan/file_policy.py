"""Poetry's settings ``installer.no-binary`` and ``installer.only-binary``: which packages may use wheels and sdists.

The rules are those of ``PackageFilterPolicy`` in ``poetry/config/config.py`` and of ``poetry/installation/chooser.py``:
the name of a package in one setting has precedence over ``:all:`` in the other one.
https://python-poetry.org/docs/configuration/#installerno-binary
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_poetry_layer.names import is_wheel, normalized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_poetry_layer.poetry.locked import LockedFile
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage

_ALL, _NONE = ":all:", ":none:"
_BOOLEANS = {"true": _ALL, "1": _ALL, "false": _NONE, "0": _NONE}


@dataclass(frozen=True, kw_only=True)
class FilePolicy:
    """Which packages may use wheels, and which may use sdists.

    Attributes:
        no_binary: the packages that must be built from their sdists; may contain ``:all:`` or ``:none:``.
        only_binary: the packages that must come from wheels; may contain ``:all:`` or ``:none:``.
    """

    no_binary: frozenset[str] = frozenset()
    only_binary: frozenset[str] = frozenset()

    @classmethod
    def of(cls, no_binary: Any, only_binary: Any) -> FilePolicy:
        """The policy for the values of the two settings, from a TOML file or an environment variable."""
        return cls(no_binary=_names(no_binary), only_binary=_names(only_binary))

    def allowed_files(self, package: LockedPackage) -> Sequence[LockedFile]:
        """The locked files that a package may use. Poetry's settings apply to packages from an index only."""
        if package.source and package.source.type != "legacy":
            return package.files
        wheels, sdists = self._allows_wheels(package.name), self._allows_sdists(package.name)
        return [file for file in package.files if (wheels if is_wheel(file.name) else sdists)]

    def forbidden_kinds(self, package: LockedPackage) -> dict[str, str]:
        """Setting → the kind of files (``wheels``, ``sdists``) that it forbids, for the kinds that are locked."""
        forbidden = [file for file in package.files if file not in self.allowed_files(package)]
        are_wheels = {is_wheel(file.name) for file in forbidden}
        found = {"installer.no-binary": "wheels"} if True in are_wheels else {}
        return found | ({"installer.only-binary": "sdists"} if False in are_wheels else {})

    def _allows_wheels(self, package: str) -> bool:
        return _allows(package, self.no_binary, self.only_binary)

    def _allows_sdists(self, package: str) -> bool:
        return _allows(package, self.only_binary, self.no_binary)


EVERY_FILE = FilePolicy()
"""The policy of a user who has none of the two settings."""


def _allows(package: str, refusing: frozenset[str], requiring: frozenset[str]) -> bool:
    if package in refusing:
        return False
    return _ALL not in refusing or package in requiring


def _names(value: Any) -> frozenset[str]:
    """The names in a setting. Poetry normalizes those in a text, but not those in an array."""
    if isinstance(value, bool):
        return frozenset({_ALL if value else _NONE})
    if isinstance(value, str):
        if value in _BOOLEANS:
            return frozenset({_BOOLEANS[value]})
        names = filter(None, map(str.strip, value.split(",")))
        return frozenset(name if name in {_ALL, _NONE} else normalized(name) for name in names)
    return frozenset(name for name in value if isinstance(name, str)) if isinstance(value, list) else frozenset()
