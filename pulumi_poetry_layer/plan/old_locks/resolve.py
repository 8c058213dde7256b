"""Finds the packages that Poetry would install from a lock file of version 1.1 or 2.0.

The extras of the project do not affect the solution, only which packages of the solution are installed
(``Transaction.calculate_operations`` in ``poetry/puzzle/transaction.py``).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pulumi_poetry_layer.plan.dependency_graph import root_dependencies
from pulumi_poetry_layer.plan.old_locks.candidates import LockedPackages, Node, Requirement, unsatisfied
from pulumi_poetry_layer.plan.old_locks.solver import solve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

    from pulumi_poetry_layer.poetry.dependencies import Dependency
    from pulumi_poetry_layer.poetry.lockfile import LockedPackage, LockFile
    from pulumi_poetry_layer.poetry.markers import MarkerEnvironment
    from pulumi_poetry_layer.poetry.pyproject import Project


def resolve_packages(
    project: Project, lock: LockFile, groups: Iterable[str], extras: Set[str], environment: MarkerEnvironment
) -> list[LockedPackage]:
    """The packages that Poetry's installer would install, sorted by name.

    Args:
        project: the project.
        lock: its lock file.
        groups: normalized names of the groups to install.
        extras: normalized names of the project's extras to install.
        environment: the marker values of the target, with these extras.

    Raises:
        LockFileError: no choice of locked packages satisfies all dependencies on the target.
        InvalidMarker: a marker is invalid.
        InvalidConstraint: a version constraint is invalid.
    """
    groups = sorted(groups)
    roots = list(root_dependencies(project, groups, environment))
    candidates = LockedPackages(lock.packages, environment)
    solution = _Solution(_solve(roots, candidates), candidates)
    solved = solution.reachable(roots)
    # Once the solution is known, Poetry follows the mandatory dependencies without evaluating their markers.
    mandatory = [d for group in groups for d in project.groups[group] if not d.optional]
    always = solution.reachable(d for d in mandatory if solution.satisfies(d, solved))
    from_extras = {name for extra in extras for name in project.extras.get(extra, ())}
    names = {node.name for node in always} | solution.names_below(from_extras, solved)
    return [solution.packages[name] for name in sorted({node.name for node in solved} & names)]


class _Solution:
    """One package for each name, and the dependencies between them."""

    def __init__(self, packages: Mapping[str, LockedPackage], candidates: LockedPackages) -> None:
        self.packages = packages
        self._candidates = candidates

    def reachable(self, dependencies: Iterable[Dependency]) -> set[Node]:
        """All packages that the dependencies need, directly or indirectly.

        Raises:
            LockFileError: a package is missing or does not satisfy a dependency.
        """
        found: set[Node] = set()
        for dependency, needed_by in self._walk(dependencies):
            package = self.packages.get(dependency.name)
            if package is None or not Requirement(dependency).is_satisfied_by(package):
                raise unsatisfied([(dependency, needed_by)])
            found |= {Node(dependency.name, dependency.extras), Node(dependency.name, frozenset())}
        return found

    def has_alternatives(self, dependencies: Iterable[Dependency]) -> bool:
        """Whether a package that the dependencies need has more than one candidate."""
        return any(len(self._candidates.named(dependency.name)) > 1 for dependency, _ in self._walk(dependencies))

    def _walk(self, dependencies: Iterable[Dependency]) -> Iterator[tuple[Dependency, str]]:
        """The dependencies and all indirect ones, each with the label of what needs it."""
        seen: set[Node] = set()
        waiting = [(dependency, "pyproject.toml") for dependency in dependencies]
        while waiting:
            dependency, needed_by = waiting.pop()
            yield dependency, needed_by
            package = self.packages.get(dependency.name)
            nodes = {Node(dependency.name, dependency.extras), Node(dependency.name, frozenset())} - seen
            if package:
                seen |= nodes
                waiting += [(n, package.label) for node in nodes for n in self._candidates.needs(package, node.extras)]

    def satisfies(self, dependency: Dependency, solved: Set[Node]) -> bool:
        """Whether the solved packages satisfy a dependency."""
        return Node(dependency.name, dependency.extras) in solved and Requirement(dependency).is_satisfied_by(
            self.packages[dependency.name]
        )

    def names_below(self, names: Iterable[str], solved: Set[Node]) -> set[str]:
        """These names and the names of all that they need, as far as they are solved.

        All extras of a package that occur in the solution count, whatever requested them.
        """
        extras: dict[str, list[frozenset[str]]] = defaultdict(list)
        for node in solved:
            extras[node.name].append(node.extras)
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in found or name not in extras:
                continue
            found.add(name)
            package = self.packages[name]
            waiting.extend(
                need.name for requested in extras[name] for need in self._candidates.needs(package, requested)
            )
        return found


def _solve(roots: Sequence[Dependency], candidates: LockedPackages) -> Mapping[str, LockedPackage]:
    """One package for each name. Most lock files have only one candidate for each, and need no solver."""
    highest = candidates.highest()
    if not _Solution(highest, candidates).has_alternatives(roots):
        return highest
    return solve(roots, candidates)
