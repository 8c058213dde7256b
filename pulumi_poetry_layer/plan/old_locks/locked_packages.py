"""The locked packages as candidates for a target, and the requirements of each.

The rules are those of ``Provider`` in ``poetry/puzzle/provider.py``, as Poetry uses it to install from a lock file.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain
from typing import TYPE_CHECKING

from packaging.version import Version

from pulumi_poetry_layer.errors import LockFileError
from pulumi_poetry_layer.masking import mask_address
from pulumi_poetry_layer.plan.dependency_graph import active_extras, extras_of, package_dependencies
from pulumi_poetry_layer.plan.old_locks.origins import find_origin
from pulumi_poetry_layer.plan.old_locks.requirements import DIRECT_ORIGINS, Node, Requirement
from pulumi_poetry_layer.poetry.applicability import applies
from pulumi_poetry_layer.poetry.constraints import allows, parse_constraint
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP
from pulumi_poetry_layer.poetry.lockfile import LockedPackage
from pulumi_poetry_layer.poetry.version_sets import VersionSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.markers import MarkerEnvironment
    from pulumi_poetry_layer.poetry.pyproject import Project

PYPI = "pypi"
"""The index of locked packages that have no source."""

Priority = tuple[int, int, bool]
_DIRECT, _MISSING, _LOCKED = range(3)  # the order in which the solver decides


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Candidate:
    """A package with the requested extras, and its requirements on the target.

    Attributes:
        node: name and extras.
        package: the locked package, or the project.
        requirement: the requirement that only this version meets.
        needs: its requirements.
        fits_python: whether its ``python-versions`` allow the target's Python.
    """

    node: Node
    package: LockedPackage
    requirement: Requirement
    needs: tuple[Requirement, ...]
    fits_python: bool


class _Priorities(dict[Requirement, Priority]):
    """Requirement → its place in Poetry's order of decisions (``VersionSolver._get_comp_key``), lowest first."""

    def __init__(self, find: Callable[[Requirement], Priority]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, requirement: Requirement) -> Priority:
        self[requirement] = priority = self._find(requirement)
        return priority


class LockedPackages:
    """All candidates of a lock file on a target.

    Args:
        project: the project. Its version counts, because locked packages can depend on the project.
        packages: the locked packages.
        groups: the groups to install.
        environment: the target, with the project's extras to install.

    Raises:
        InvalidConstraint: a version constraint is invalid.
    """

    def __init__(
        self, project: Project, packages: Iterable[LockedPackage], groups: Iterable[str], environment: MarkerEnvironment
    ) -> None:
        self._environment = environment
        self._by_name: dict[str, list[LockedPackage]] = defaultdict(list)
        self._versions: dict[int, Version] = {}
        self._indexes: dict[str, dict[tuple[str, Version], LockedPackage]] = {}
        for package in packages:
            self._add(package)
        for candidates in self._by_name.values():
            candidates.sort(key=self.version, reverse=True)
        self.project = _as_package(project)
        self._versions[id(self.project)] = Version(project.version)
        self._candidates: dict[tuple[int, Node], Candidate] = {}
        self.priorities = _Priorities(self._known_priority)
        self._first_priorities: dict[tuple[object, ...], Priority] = {}
        self.project_dependencies = [
            (dependency, self.requirement(dependency, group=group))
            for group in project.groups
            if group in set(groups)
            for dependency in project.groups[group]
        ]
        self.root = self._root()
        self._explicit_indexes = {
            requirement.node.name: requirement.index for requirement in self.root.needs if requirement.index
        }

    def _add(self, package: LockedPackage) -> None:
        for dependency in chain(package.dependencies, *package.extras.values()):
            parse_constraint(dependency.constraint)  # Poetry refuses an invalid one, even if nothing needs the package
        self._by_name[package.name].append(package)
        version = self._versions[id(package)] = Version(package.version)
        if not is_direct(package):
            index = (package.source and package.source.reference) or PYPI
            self._indexes.setdefault(index.lower(), {}).setdefault((package.name, version), package)

    def version(self, package: LockedPackage) -> Version:
        """The version of a locked package or of the project."""
        return self._versions[id(package)]

    def named(self, name: str) -> Sequence[LockedPackage]:
        """All locked packages with a name, highest version first."""
        return self._by_name.get(name, ())

    def choose(self, requirement: Requirement) -> Candidate | None:
        """The candidate with the highest version that meets a requirement; None if there is none."""
        package = self._highest(requirement)
        index = self._explicit_indexes.get(requirement.node.name)
        if package is not None and index:
            requirement = replace(requirement, index=index)
            package = self._highest(requirement)
        if package is None:
            return self.root if requirement.is_project else None
        return self.candidate(self._from_index(package, requirement.index), requirement.node)

    def _highest(self, requirement: Requirement) -> LockedPackage | None:
        return next((p for p in self.named(requirement.node.name) if self.meets(p, requirement)), None)

    def meets(self, package: LockedPackage, requirement: Requirement) -> bool:
        """Whether the version and the source of a package meet a requirement for its name."""
        return requirement.versions.allows(self.version(package)) and _comes_from(package, requirement)

    def _from_index(self, package: LockedPackage, index: str | None) -> LockedPackage:
        """The package with the same name and version from the requested index, or from the first index that has it."""
        if is_direct(package):
            return package
        key = (package.name, self.version(package))
        if index:
            return self._indexes[index.lower()].get(key, package)
        return next(packages[key] for packages in self._indexes.values() if key in packages)

    def _known_priority(self, requirement: Requirement) -> Priority:
        """The priority of the first equal requirement; Poetry keeps it too."""
        versions = requirement.versions if requirement.origin is None else None
        key = (requirement.node, requirement.origin, versions)
        if key not in self._first_priorities:
            self._first_priorities[key] = self._priority(requirement)
        return self._first_priorities[key]

    def _priority(self, requirement: Requirement) -> Priority:
        package = self._highest(requirement)
        if package is None:
            self._refuse_unknown_place(requirement)
            return _MISSING, 0, True
        relevant = [
            dependency
            for dependency in package.dependencies
            if not (in_extras := extras_of(dependency)) or not requirement.node.extras.isdisjoint(in_extras)
        ]
        bounded = sum(_has_upper_bound(dependency) for dependency in relevant)
        return _DIRECT if requirement.origin else _LOCKED, -bounded, not relevant

    def _refuse_unknown_place(self, requirement: Requirement) -> None:
        """Raise an error if Poetry would have to search outside of the lock file."""
        name = requirement.node.name
        if requirement.origin is not None:
            raise LockFileError(
                f"{name} is needed from {mask_address(requirement.origin.url)!r}, but is not locked from there",
                where="poetry.lock",
                hint="run `poetry lock`",
            )
        if requirement.index and requirement.index.lower() not in self._indexes:
            raise LockFileError(
                f"{name} is needed from the source {requirement.index!r}, but nothing is locked from there",
                where="poetry.lock",
                hint="run `poetry lock`",
            )

    def candidate(self, package: LockedPackage, node: Node) -> Candidate:
        """The candidate for a package with the requested extras.

        Raises:
            LockFileError: its own requirements contradict each other on the target.
        """
        key = (id(package), node)
        if key not in self._candidates:
            self._candidates[key] = self._complete(package, node)
        return self._candidates[key]

    def _complete(self, package: LockedPackage, node: Node) -> Candidate:
        needs = self._unique(package, [self.requirement(d, of=package) for d in self._dependencies(package, node)])
        if node.extras:
            # foo[extra] needs foo itself, in the same version and from the same place.
            needs.insert(0, self._exactly(package, Node(node.name)))
        return Candidate(
            node=node,
            package=package,
            requirement=self._exactly(package, node),
            needs=tuple(needs),
            fits_python=allows(package.python, self._environment.python),
        )

    def _dependencies(self, package: LockedPackage, node: Node) -> list[Dependency]:
        found = list(package_dependencies(package, node.extras, self._environment))
        if not is_direct(package):
            return found
        # For a git, URL or path dependency, Poetry locks the dependencies of the extras in use only.
        locked = {extra for dependency in package.dependencies for extra in extras_of(dependency)}
        without_extras = self._environment.with_extras(None)
        return found + [
            member
            for extra in active_extras(package, node.extras)
            if extra not in locked
            for member in package.extras.get(extra, ())
            if member.name != package.name and applies(member, without_extras)
        ]

    def _root(self) -> Candidate:
        needed = [r for dependency, r in self.project_dependencies if applies(dependency, self._environment)]
        needs = self._unique(self.project, needed)
        groups = list(dict.fromkeys(requirement.group for requirement in needs))
        return Candidate(
            node=Node(self.project.name),
            package=self.project,
            requirement=self._exactly(self.project, Node(self.project.name)),
            needs=tuple(sorted(needs, key=lambda requirement: groups.index(requirement.group))),
            fits_python=True,
        )

    def _exactly(self, package: LockedPackage, node: Node) -> Requirement:
        versions = VersionSet.of_single(self.version(package))
        return Requirement(
            node=node,
            versions=versions,
            written=versions,
            origin=package.source if is_direct(package) else None,
            text=package.version,
            is_project=package is self.project,
        )

    def requirement(
        self, dependency: Dependency, *, of: LockedPackage | None = None, group: str = MAIN_GROUP
    ) -> Requirement:
        """The requirement for a dependency of a package, or of the project if ``of`` is None."""
        versions = parse_constraint(dependency.constraint)
        return Requirement(
            node=Node(dependency.name, dependency.extras),
            versions=versions,
            written=versions,
            origin=find_origin(dependency, self.named(dependency.name), of) if dependency.origin else None,
            index=dependency.source,
            text=dependency.constraint,
            group=group,
        )

    def _unique(self, package: LockedPackage, needs: list[Requirement]) -> list[Requirement]:
        """The requirements with one requirement per node."""
        by_name: dict[str, dict[Node, list[Requirement]]] = {}
        for requirement in needs:
            by_name.setdefault(requirement.node.name, {}).setdefault(requirement.node, []).append(requirement)
        return [self._combined(package, same) for nodes in by_name.values() for same in nodes.values()]

    def _combined(self, package: LockedPackage, needs: list[Requirement]) -> Requirement:
        if len(needs) == 1:
            return needs[0]
        specific = [requirement for requirement in needs if requirement.origin or requirement.index]
        versions = reduce(VersionSet.intersect, (requirement.versions for requirement in needs))
        places = {(requirement.origin, requirement.index) for requirement in specific}
        if versions.is_empty or len(places) > 1:
            raise self._contradiction(package, needs)
        texts = " and ".join(dict.fromkeys(requirement.text for requirement in needs))
        return replace((specific or needs)[0], versions=versions, written=versions, text=texts)

    def _contradiction(self, package: LockedPackage, needs: Iterable[Requirement]) -> LockFileError:
        label = "pyproject.toml" if package is self.project else package.label
        wishes = " and ".join(dict.fromkeys(requirement.label for requirement in needs))
        return LockFileError(
            f"{label} has dependencies that contradict each other on the target: {wishes}",
            where="poetry.lock",
            hint="correct the constraints, and run `poetry lock`",
        )


def is_direct(package: LockedPackage) -> bool:
    """Whether a package is a git, URL or path dependency, and not from an index."""
    return package.source is not None and package.source.type in DIRECT_ORIGINS


def _comes_from(package: LockedPackage, requirement: Requirement) -> bool:
    if requirement.origin is not None:
        return package.source == requirement.origin
    if requirement.index is None:
        return True
    if package.source is None:
        return requirement.index.lower() == PYPI
    return package.source.type == "legacy" and (package.source.reference or "").lower() == requirement.index.lower()


def _has_upper_bound(dependency: Dependency) -> bool:
    return dependency.origin is None and parse_constraint(dependency.constraint).has_upper_bound


def _as_package(project: Project) -> LockedPackage:
    return LockedPackage(
        name=project.name,
        version=project.version,
        groups=frozenset(),
        markers={},
        files=(),
        dependencies=(),
        source=None,
    )
