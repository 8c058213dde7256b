"""The packages that Poetry would install from a lock file of version 1.1 or 2.0.

The solver ignores the extras of the project; they select packages from the solution. The rules are those of
``_aggregate_solved_packages`` in ``poetry/puzzle/solver.py`` and ``Transaction.calculate_operations`` in
``poetry/puzzle/transaction.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_poetry_layer.plan.old_locks.locked_packages import LockedPackages
from pulumi_poetry_layer.plan.old_locks.requirements import Node
from pulumi_poetry_layer.plan.old_locks.version_solver import solve
from pulumi_poetry_layer.poetry.markers import names_extras

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

    from pulumi_poetry_layer.plan.old_locks.locked_packages import Candidate
    from pulumi_poetry_layer.plan.old_locks.requirements import Requirement
    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage, LockFile
    from pulumi_poetry_layer.poetry.markers import MarkerEnvironment
    from pulumi_poetry_layer.poetry.pyproject import Project


def installed_packages(
    project: Project, lock: LockFile, groups: Iterable[str], extras: Set[str], environment: MarkerEnvironment
) -> list[LockedPackage]:
    """The packages that Poetry would install, sorted by name.

    Args:
        project: the project.
        lock: the lock file, whose packages are the candidates.
        groups: the groups to install.
        extras: the extras of the project to install.
        environment: the marker values of the target, with these extras.

    Raises:
        LockFileError: the locked packages do not meet the requirements of the project on the target.
        InvalidMarker: a marker is invalid.
        InvalidConstraint: a version constraint is invalid.
    """
    packages = LockedPackages(project, lock.packages, groups, environment)
    solution = _Solution(packages, solve(packages))
    solved = solution.reachable(requirement for _, requirement in packages.project_dependencies)
    mandatory = solution.reachable(
        requirement for dependency, requirement in packages.project_dependencies if not _is_optional(dependency)
    )
    asked_for = {name for extra in extras for name in project.extras.get(extra, ())}
    names = {node.name for node in mandatory} | solution.names_below(asked_for, solved)
    return [
        solution.candidates[node].package
        for node in sorted(solved, key=lambda node: node.name)
        if not node.extras and node.name in names
    ]


def _is_optional(dependency: Dependency) -> bool:
    """Whether a dependency of the project belongs to an extra. A marker that compares ``extra`` means that, too."""
    return dependency.optional or names_extras(dependency.marker)


class _Solution:
    """The solution of the solver as a graph."""

    def __init__(self, packages: LockedPackages, candidates: Mapping[Node, Candidate]) -> None:
        self.candidates = candidates
        self._packages = packages

    def reachable(self, requirements: Iterable[Requirement]) -> set[Node]:
        """The nodes that requirements lead to."""
        found: set[Node] = set()
        waiting = list(requirements)
        while waiting:
            requirement = waiting.pop()
            node = requirement.node
            candidate = self.candidates.get(node)
            if candidate is None or node in found or candidate is self._packages.root:
                continue
            if self._packages.meets(candidate.package, requirement):
                found.add(node)
                waiting += candidate.needs
        return found

    def names_below(self, names: Iterable[str], solved: Set[Node]) -> set[str]:
        """The names that are solved, and the names of everything that they need, with all requested extras."""
        needed: dict[str, list[str]] = {node.name: [] for node in solved}
        for node, candidate in self.candidates.items():
            base = self.candidates.get(Node(node.name))
            if node.name in needed and base and base.package.version == candidate.package.version:
                needed[node.name] += (need.node.name for need in candidate.needs)
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found and name in needed:
                found.add(name)
                waiting += needed[name]
        return found
