"""Chooses one version of a package if a lock file selects several versions of it for the same target.

Poetry writes such lock files if the markers of two versions overlap, and installs all of these versions into one
folder, so that their files are mixed. A layer has one of them: the newest one that every other package allows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.version import Version

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.masking import mask_address
from pulumi_poetry_layer.plan.dependency_graph import is_requested, root_dependencies
from pulumi_poetry_layer.plan.old_locks.locked_packages import LockedPackages
from pulumi_poetry_layer.plan.old_locks.version_solver import solve
from pulumi_poetry_layer.wording import argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pulumi_poetry_layer.plan.build_plan import Choice
    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage
    from pulumi_poetry_layer.poetry.markers import MarkerEnvironment
    from pulumi_poetry_layer.poetry.pyproject import Project


@dataclass(frozen=True, kw_only=True)
class OneOfEach:
    """The packages with one version of each, and a warning for each name with several versions."""

    packages: tuple[LockedPackage, ...]
    warnings: tuple[str, ...] = ()


def one_of_each(
    packages: Iterable[LockedPackage], project: Project, choice: Choice, environment: MarkerEnvironment
) -> OneOfEach:
    """Choose one version of each package.

    Args:
        packages: the packages that the lock file selects.
        project: the project.
        choice: the groups, extras and exclusions. What an excluded package needs does not count.
        environment: the target, with the chosen extras.

    Raises:
        LockFileError: no choice of versions meets all requirements.
        InvalidMarker: a marker is invalid.
        InvalidConstraint: a version constraint is invalid.
    """
    by_name: dict[str, list[LockedPackage]] = defaultdict(list)
    for package in packages:
        by_name[package.name].append(package)
    several = {name: found for name, found in by_name.items() if len(found) > 1}
    chosen = {name: found[0] for name, found in by_name.items()}
    if several:
        chosen |= _chosen(several, by_name, project, choice, environment)
    return OneOfEach(
        packages=tuple(chosen.values()),
        warnings=tuple(
            f"poetry.lock selects {_listed(found)} of {name} for the target; the layer has {chosen[name].version}, "
            "the newest one that all other packages allow (Poetry would mix the files of all of them)"
            for name, found in sorted(several.items())
            if name not in choice.exclude
        ),
    )


def _chosen(
    several: Mapping[str, Sequence[LockedPackage]],
    by_name: Mapping[str, Sequence[LockedPackage]],
    project: Project,
    choice: Choice,
    environment: MarkerEnvironment,
) -> dict[str, LockedPackage]:
    """The version that is chosen of each package with several ones. The newest one, if no other package needs it."""
    originals = {
        id(copy := _without(package, choice.exclude)): (package, copy)
        for name, found in by_name.items()
        if name not in choice.exclude
        for package in found
    }
    groups = {
        group: tuple(
            replace(dependency, optional=False, marker="", python="*", platform="")
            for dependency in root_dependencies(project, [group], environment)
            if is_requested(dependency, choice.extras) and dependency.name not in choice.exclude
        )
        for group in choice.groups
    }
    copies = [copy for _, copy in originals.values()]
    try:
        solution = solve(LockedPackages(replace(project, groups=groups), copies, choice.groups, environment))
    except LockFileError as error:
        raise LockFileError(
            f"selects {'; '.join(f'{_listed(found)} of {name}' for name, found in sorted(several.items()))} "
            f"for the target, but a layer can have only one version of a package, and {error.what}",
            where="poetry.lock",
            hint="limit the package to one version with a constraint in pyproject.toml and run `poetry lock`, or leave "
            f"out a package that needs the other version with {argument('exclude')}",
        ) from error
    newest = {name: max(found, key=lambda package: Version(package.version)) for name, found in several.items()}
    solved = {node.name: originals[id(found.package)][0] for node, found in solution.items() if node.name in several}
    return newest | solved


def _without(package: LockedPackage, names: frozenset[str]) -> LockedPackage:
    """A copy of a package that does not need the packages with these names."""

    def needed(dependencies: Iterable[Dependency]) -> tuple[Dependency, ...]:
        return tuple(dependency for dependency in dependencies if dependency.name not in names)

    extras = {extra: needed(members) for extra, members in package.extras.items()}
    return replace(package, dependencies=needed(package.dependencies), extras=extras)


def _listed(packages: Sequence[LockedPackage]) -> str:
    """The versions, with their sources if the versions are the same."""
    versions = [package.version for package in packages]
    if len(set(versions)) < len(versions):
        versions = [f"{p.version} ({mask_address(p.source.url) if p.source else 'PyPI'})" for p in packages]
    return f"{', '.join(versions[:-1])} and {versions[-1]}"
