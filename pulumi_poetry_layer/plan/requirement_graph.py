"""Why each package is in a layer: what requires it, on which paths, and what only it needs. Pure."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

from pulumi_poetry_layer.plan.dependency_graph import (
    active_extras,
    extras_of,
    is_requested,
    package_dependencies,
    reachable,
    root_dependencies,
)
from pulumi_poetry_layer.poetry.markers import ANY, MarkerEnvironment, comparisons, names_extras

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Set

    from pulumi_poetry_layer.plan.build_plan import Choice
    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage
    from pulumi_poetry_layer.poetry.pyproject import Project

_STEPS_FOR_PATH = 50


@dataclass(frozen=True, kw_only=True, order=True)
class Requirement:
    """A dependency that applies on the target: an edge of the graph.

    Attributes:
        by: the package that requires the other one; empty for the project itself.
        group: the group of the project that has the dependency; empty for a dependency of a package.
        name: the required package.
        by_extras: the requested extras of the project or of ``by`` without which this would not be required.
        extras: the extras of ``name`` that are required.
        constraint: the versions that are accepted.
        condition: the marker, without one that only compares extras, and the other limits; they hold on the target.
    """

    by: str
    group: str = ""
    name: str
    by_extras: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    constraint: str = "*"
    condition: str = ""


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Paths from the project to a package, the shortest first.

    Attributes:
        found: the paths; each starts with a dependency of the project.
        are_complete: False if there may be more.
    """

    found: tuple[tuple[Requirement, ...], ...]
    are_complete: bool


@dataclass(frozen=True, kw_only=True)
class RequirementGraph:
    """The requirements of a layer, in order.

    Attributes:
        requirements: all of them. Every package that they name can be reached from the project.
    """

    requirements: tuple[Requirement, ...]

    def of(self, name: str = "") -> tuple[Requirement, ...]:
        """What a package requires, or the project if no name is given."""
        return self._below.get(name, ())

    def requiring(self, name: str) -> tuple[Requirement, ...]:
        """The requirements that name a package."""
        return self._above.get(name, ())

    def paths_to(self, name: str, most: int) -> Paths:
        """The paths from the project to a package that visit no package twice.

        Args:
            name: the package.
            most: how many paths are wanted at most. There can be more than a million.
        """
        found: list[tuple[Requirement, ...]] = []
        waiting: list[tuple[int, tuple[Requirement, ...]]] = [
            (1 + self._depths[requirement.by], (requirement,)) for requirement in self.requiring(name)
        ]
        heapq.heapify(waiting)
        steps = most * _STEPS_FOR_PATH  # cycles make dead ends
        while waiting and len(found) < most and steps:
            steps -= 1
            _, path = heapq.heappop(waiting)
            if not path[0].by:
                found.append(path)
                continue
            visited = {requirement.name for requirement in path}
            for requirement in self.requiring(path[0].by):
                if requirement.by not in visited:
                    longer = (requirement, *path)
                    heapq.heappush(waiting, (len(longer) + self._depths[requirement.by], longer))
        return Paths(found=tuple(found), are_complete=not waiting)

    @cached_property
    def _below(self) -> Mapping[str, tuple[Requirement, ...]]:
        return _grouped((requirement.by, requirement) for requirement in self.requirements)

    @cached_property
    def _above(self) -> Mapping[str, tuple[Requirement, ...]]:
        return _grouped((requirement.name, requirement) for requirement in self.requirements)

    @cached_property
    def _depths(self) -> Mapping[str, int]:
        """Number of requirements on the shortest path to each package."""
        depths = {"": 0}
        waiting = deque([""])
        while waiting:
            name = waiting.popleft()
            for requirement in self.of(name):
                if requirement.name not in depths:
                    depths[requirement.name] = depths[name] + 1
                    waiting.append(requirement.name)
        return depths


def requirement_graph(
    project: Project, packages: Mapping[str, LockedPackage], choice: Choice, environment: MarkerEnvironment
) -> RequirementGraph:
    """The requirements between the packages of a layer.

    Args:
        project: the project.
        packages: name → the locked package, for all packages of the layer.
        choice: the groups and extras that the user chose.
        environment: the marker values of the target.
    """
    roots = list(_roots(project, choice, environment))
    found = {_of_project(root, group, choice.extras) for group, root in roots if root.name in packages}
    for name, extras in reachable((root for _, root in roots), packages, environment).items():
        active = active_extras(packages[name], extras)
        for dependency in package_dependencies(packages[name], extras, environment):
            if dependency.name in packages and dependency.name != name:
                found.add(_of_package(packages[name], dependency, active))
    return RequirementGraph(requirements=tuple(sorted(found)))


def only_needed_by(
    name: str,
    project: Project,
    packages: Mapping[str, LockedPackage],
    choice: Choice,
    environment: MarkerEnvironment,
) -> tuple[str, ...]:
    """The packages of a layer that would not be in it if a package were left out, in order, without that package.

    Args:
        name: the package that is left out.
        project: the project.
        packages: name → the locked package, for all packages of the layer.
        choice: the groups and extras that the user chose.
        environment: the marker values of the target.
    """
    roots = [root for _, root in _roots(project, choice, environment)]
    needed = reachable(roots, packages, environment)
    still_needed = reachable(roots, packages, environment, without=frozenset({name}))
    return tuple(sorted(needed.keys() - still_needed.keys() - {name}))


def _roots(project: Project, choice: Choice, environment: MarkerEnvironment) -> Iterator[tuple[str, Dependency]]:
    """The group and the dependency, for those of the project that apply."""
    for group in sorted(choice.groups & project.groups.keys()):
        for root in root_dependencies(project, [group], environment):
            if is_requested(root, choice.extras):
                yield group, root


def _of_project(dependency: Dependency, group: str, extras: Set[str]) -> Requirement:
    by_extras = sorted(dependency.in_extras & extras) if dependency.optional else ()
    return Requirement(by="", group=group, by_extras=tuple(by_extras), **_details(dependency))


def _of_package(package: LockedPackage, dependency: Dependency, active: Iterable[str]) -> Requirement:
    by_extras: list[str] = []
    if dependency.optional or names_extras(dependency.marker):
        named = extras_of(dependency)
        by_extras = [
            extra
            for extra in sorted(active)
            if extra in named or any(member.name == dependency.name for member in package.extras.get(extra, ()))
        ]
    return Requirement(by=package.name, by_extras=tuple(by_extras), **_details(dependency))


class _Details(TypedDict):
    name: str
    extras: tuple[str, ...]
    constraint: str
    condition: str


def _details(dependency: Dependency) -> _Details:
    parts = [] if _only_compares_extras(dependency.marker) else [dependency.marker]
    parts += [f"python {dependency.python}"] if dependency.python not in ANY else []
    parts += [f"platform {dependency.platform}"] if dependency.platform else []
    return {
        "name": dependency.name,
        "extras": tuple(sorted(dependency.extras)),
        "constraint": dependency.constraint,
        "condition": " and ".join(parts),
    }


def _only_compares_extras(marker: str) -> bool:
    return all("extra" in (left, right) for left, _, right in comparisons(marker))


def _grouped(pairs: Iterable[tuple[str, Requirement]]) -> dict[str, tuple[Requirement, ...]]:
    found: dict[str, list[Requirement]] = {}
    for key, requirement in pairs:
        found.setdefault(key, []).append(requirement)
    return {key: tuple(requirements) for key, requirements in found.items()}
