"""Which locked packages are installed, for lock files that do not say so themselves (lock versions 1.1 and 2.0).

Poetry's installer then solves anew, among the locked packages alone, and so does this package. Extras of the project do
not decide what is solved, only what of the solution is installed: ``_aggregate_solved_packages`` in
``poetry/puzzle/solver.py`` and ``Transaction.calculate_operations`` in ``poetry/puzzle/transaction.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion

from pulumi_poetry_layer.errors import ProjectError
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
    """The packages that Poetry's installer would choose and install, sorted by name.

    Args:
        project: what pyproject.toml asks for.
        lock: the candidates.
        groups: the groups to install.
        extras: the extras of the project to install.
        environment: the target, with these extras.

    Raises:
        LockFileError: the locked packages do not satisfy pyproject.toml on the target.
        ProjectError: the project's version is not one.
        InvalidMarker: a marker is broken.
        InvalidConstraint: a version constraint is broken.
    """
    try:
        packages = LockedPackages(project, lock.packages, groups, environment)
    except InvalidVersion as error:
        raise ProjectError(
            f"{project.version!r} is not a valid version (PEP 440)",
            where="pyproject.toml: version",
            hint="correct the version of the project",
        ) from error
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
    """Whether only an extra brings a dependency of the project; a marker on an extra means that too."""
    return dependency.optional or names_extras(dependency.marker)


class _Solution:
    """What the solver found, and the ways through it."""

    def __init__(self, packages: LockedPackages, candidates: Mapping[Node, Candidate]) -> None:
        self.candidates = candidates
        self._packages = packages

    def reachable(self, requirements: Iterable[Requirement]) -> set[Node]:
        """All that some requirements need, where the solution has it."""
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
        """The names among what is solved, and of all that these need, whoever asked for their extras."""
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
