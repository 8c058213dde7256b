"""What a lock file without groups and markers leaves to choose from on a target (see ``resolution``)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.plan.dependency_graph import package_dependencies
from pulumi_poetry_layer.poetry.constraints import allows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.locked import LockedSource
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage
    from pulumi_poetry_layer.poetry.markers import MarkerEnvironment


class Node(NamedTuple):
    """A package with extras asked of it: the solver takes each combination as a package of its own."""

    name: str
    extras: frozenset[str]


@dataclass(frozen=True)
class Requirement:
    """That a package fits a dependency, or that it is a certain package (``foo[extra]`` needs that very ``foo``)."""

    dependency: Dependency
    only: LockedPackage | None = None

    @property
    def node(self) -> Node:
        """What it is about."""
        return Node(self.dependency.name, frozenset() if self.only else self.dependency.extras)

    def is_met_by(self, package: LockedPackage) -> bool:
        """Whether a package fits."""
        if self.only:
            return package is self.only
        return _comes_from(package.source, self.dependency) and _allows(self.dependency.constraint, package.version)


class LockedPackages:
    """The candidates of a lock file on a target, and what they need there."""

    def __init__(self, packages: Iterable[LockedPackage], environment: MarkerEnvironment) -> None:
        self._environment = environment
        self._needs: dict[tuple[int, frozenset[str]], tuple[Dependency, ...]] = {}
        self._by_name: dict[str, list[LockedPackage]] = defaultdict(list)
        python = str(environment.python)
        for package in packages:
            if _allows(package.python, python):
                self._by_name[package.name].append(package)
        for candidates in self._by_name.values():
            candidates.sort(key=lambda package: Version(package.version), reverse=True)

    def named(self, name: str) -> Sequence[LockedPackage]:
        """The candidates of a name, highest version first."""
        return self._by_name.get(name, ())

    def highest(self) -> dict[str, LockedPackage]:
        """The highest version of each name."""
        return {name: candidates[0] for name, candidates in self._by_name.items()}

    def needs(self, package: LockedPackage, extras: frozenset[str]) -> tuple[Dependency, ...]:
        """What a candidate needs on the target when these extras are asked of it."""
        key = (id(package), extras)
        if key not in self._needs:
            self._needs[key] = tuple(package_dependencies(package, extras, self._environment))
        return self._needs[key]


@lru_cache(maxsize=16384)
def _allows(constraint: str, version: str) -> bool:
    return allows(constraint, Version(version))


def unsatisfied(causes: Iterable[tuple[Dependency, str]]) -> LockFileError:
    """That nothing locked meets some dependencies; each comes with the name of what needs it."""
    wishes = "; ".join(
        sorted({f"{needed_by} needs {dependency.name} ({dependency.constraint})" for dependency, needed_by in causes})
    )
    return LockFileError(
        f"the locked packages do not fit together on the target: {wishes}",
        where="poetry.lock",
        hint="run `poetry lock`",
    )


def _comes_from(source: LockedSource | None, dependency: Dependency) -> bool:
    """Whether a package's source is the one that a dependency names, if it names one."""
    if dependency.origin is not None:
        return source is not None and _is_at(source, dependency)
    if dependency.source is None:
        return True
    if source is None:
        return dependency.source.lower() == "pypi"
    return source.type == "legacy" and (source.reference or "").lower() == dependency.source.lower()


def _is_at(source: LockedSource, dependency: Dependency) -> bool:
    """Whether a package was locked from a repository, URL or path (paths are relative to different folders)."""
    if dependency.origin == "path":
        return source.type in {"file", "directory"}
    locked_at = (source.type, source.url, source.subdirectory or "")
    if locked_at != (dependency.origin, dependency.address, dependency.subdirectory or ""):
        return False
    locked, asked = source.reference or "", dependency.reference or ""
    commit = source.resolved_reference or ""
    return not asked or locked.startswith(asked) or asked.startswith(locked) or commit.startswith(asked)
