"""Finds the dependencies that apply on a target, by the rules of Poetry's installer.

The rules are those of ``Provider.complete_package`` in ``poetry/puzzle/provider.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.poetry.applicability import applies
from pulumi_poetry_layer.poetry.markers import extras_in, names_extras

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Set

    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage
    from pulumi_poetry_layer.poetry.markers import MarkerEnvironment
    from pulumi_poetry_layer.poetry.pyproject import Project


def root_dependencies(project: Project, groups: Iterable[str], environment: MarkerEnvironment) -> Iterator[Dependency]:
    """The project's dependencies in these groups that apply on the target, including optional ones.

    Raises:
        InvalidMarker: a marker is invalid.
        InvalidConstraint: a ``python`` key is invalid.
    """
    for group in sorted(groups):
        for dependency in project.groups[group]:
            if applies(dependency, environment):
                yield dependency


def is_requested(dependency: Dependency, extras: Set[str]) -> bool:
    """Whether a dependency of the project is installed with these extras of the project."""
    return not dependency.optional or not extras.isdisjoint(dependency.in_extras)


def extras_of(dependency: Dependency) -> frozenset[str]:
    """The extras of a locked package that request one of its dependencies."""
    return extras_in(dependency.marker)


def package_dependencies(
    package: LockedPackage, extras: Set[str], environment: MarkerEnvironment
) -> Iterator[Dependency]:
    """What a locked package needs on the target if these extras of it are requested.

    Raises:
        InvalidMarker: a marker is invalid.
        InvalidConstraint: a ``python`` key is invalid.
    """
    active = active_extras(package, extras)
    optional = {m.name for extra in active for m in package.extras.get(extra, ()) if m.name != package.name}
    without_extras = environment.with_extras(None)
    for dependency in package.dependencies:
        in_extras = extras_of(dependency)
        is_optional = dependency.optional or names_extras(dependency.marker)
        if is_optional and dependency.name not in optional:
            continue
        if in_extras and in_extras.isdisjoint(active):
            continue
        if applies(dependency, without_extras):
            yield dependency


def reachable(
    roots: Iterable[Dependency],
    packages: Mapping[str, LockedPackage],
    environment: MarkerEnvironment,
    without: Set[str] = frozenset(),
) -> dict[str, frozenset[str]]:
    """Name → requested extras, of all packages that the roots need, directly or indirectly.

    Leaves out the packages in ``without``, and what only they need.
    """
    extras: dict[str, frozenset[str]] = {}
    waiting = list(roots)
    while waiting:
        dependency = waiting.pop()
        package = packages.get(dependency.name)
        if package is None or package.name in without:
            continue
        active = extras.get(package.name, frozenset()) | dependency.extras
        if package.name in extras and active == extras[package.name]:
            continue
        extras[package.name] = active
        waiting.extend(package_dependencies(package, active, environment))
    return extras


def active_extras(package: LockedPackage, extras: Set[str]) -> list[str]:
    """The requested extras of a package, and the extras of the same package that they request."""
    active: dict[str, None] = {}
    waiting = sorted(extras)
    while waiting:
        extra = waiting.pop()
        if extra in active:
            continue
        active[extra] = None
        for member in package.extras.get(extra, ()):
            if member.name == package.name:
                waiting += sorted(member.extras)
    return list(active)
