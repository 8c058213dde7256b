"""The packages of a lock file as candidates on a target."""

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
    """A package and its requested extras. The solver treats each combination as a separate package."""

    name: str
    extras: frozenset[str]


@dataclass(frozen=True)
class Requirement:
    """A requirement for the solver.

    Attributes:
        dependency: the dependency that a package must satisfy.
        only: the only package that is allowed; None if any is. ``foo[extra]`` needs exactly this ``foo``.
    """

    dependency: Dependency
    only: LockedPackage | None = None

    @property
    def node(self) -> Node:
        """The package and extras that it requires."""
        return Node(self.dependency.name, frozenset() if self.only else self.dependency.extras)

    def is_satisfied_by(self, package: LockedPackage) -> bool:
        """Whether a package satisfies the requirement."""
        if self.only:
            return package is self.only
        return _comes_from(package.source, self.dependency) and _allows(self.dependency.constraint, package.version)


class LockedPackages:
    """The packages of a lock file that allow the target's Python, and what they need there."""

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
        """All candidates with a name, highest version first."""
        return self._by_name.get(name, ())

    def highest(self) -> dict[str, LockedPackage]:
        """Name → the candidate with the highest version."""
        return {name: candidates[0] for name, candidates in self._by_name.items()}

    def needs(self, package: LockedPackage, extras: frozenset[str]) -> tuple[Dependency, ...]:
        """What a candidate needs on the target if these extras of it are requested."""
        key = (id(package), extras)
        if key not in self._needs:
            self._needs[key] = tuple(package_dependencies(package, extras, self._environment))
        return self._needs[key]


@lru_cache(maxsize=16384)
def _allows(constraint: str, version: str) -> bool:
    return allows(constraint, Version(version))


def unsatisfied(causes: Iterable[tuple[Dependency, str]]) -> LockFileError:
    """An error: the locked packages do not satisfy some dependencies.

    Args:
        causes: the dependencies, each with the label of what needs it.
    """
    needs = "; ".join(
        sorted({f"{needed_by} needs {dependency.name} ({dependency.constraint})" for dependency, needed_by in causes})
    )
    return LockFileError(
        f"no locked packages satisfy all dependencies on the target: {needs}",
        where="poetry.lock",
        hint="run `poetry lock`",
    )


def _comes_from(source: LockedSource | None, dependency: Dependency) -> bool:
    """Whether a package comes from the source that a dependency names. True if it names none."""
    if dependency.origin is not None:
        return source is not None and _is_at(source, dependency)
    if dependency.source is None:
        return True
    if source is None:
        return dependency.source.lower() == "pypi"
    return source.type == "legacy" and (source.reference or "").lower() == dependency.source.lower()


def _is_at(source: LockedSource, dependency: Dependency) -> bool:
    """Whether a package was locked from the repository, URL or path that a dependency names.

    Paths are not compared: they are relative to different folders.
    """
    if dependency.origin == "path":
        return source.type in {"file", "directory"}
    locked_at = (source.type, source.url, source.subdirectory or "")
    if locked_at != (dependency.origin, dependency.address, dependency.subdirectory or ""):
        return False
    locked, required = source.reference or "", dependency.reference or ""
    commit = source.resolved_reference or ""
    return not required or locked.startswith(required) or required.startswith(locked) or commit.startswith(required)
