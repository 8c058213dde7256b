"""Which locked packages are needed, for lock files that do not say so themselves (lock versions 1.1 and 2.0).

Poetry's installer then solves anew, among the locked packages alone, and so does this module, with ``resolvelib``.
Extras of the project do not decide what is solved, only what of the solution is installed
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
    """The packages that Poetry's installer would choose and install, sorted by name.

    Args:
        project: what pyproject.toml asks for.
        lock: the candidates.
        groups: the groups to install.
        extras: the extras of the project to install.
        environment: the target, with these extras.

    Raises:
        LockFileError: the locked packages do not satisfy pyproject.toml on the target.
        InvalidMarker: a marker is broken.
        InvalidConstraint: a version constraint is broken.
    """
    groups = sorted(groups)
    roots = list(root_dependencies(project, groups, environment))
    candidates = LockedPackages(lock.packages, environment)
    solution = _Solution(_solve(roots, candidates), candidates)
    solved = solution.reachable(roots)
    # Poetry looks for the mandatory dependencies without regard to their markers, once it knows what is solved.
    mandatory = [d for group in groups for d in project.groups[group] if not d.optional]
    always = solution.reachable(d for d in mandatory if solution.holds(d, solved))
    asked = {name for extra in extras for name in project.extras.get(extra, ())}
    names = {node.name for node in always} | solution.names_below(asked, solved)
    return [solution.packages[name] for name in sorted({node.name for node in solved} & names)]


class _Solution:
    """One package for each name, and the ways through them."""

    def __init__(self, packages: Mapping[str, LockedPackage], candidates: LockedPackages) -> None:
        self.packages = packages
        self._candidates = candidates

    def reachable(self, dependencies: Iterable[Dependency]) -> set[Node]:
        """All that some dependencies need, themselves included.

        Raises:
            LockFileError: a package is not there or does not fit.
        """
        found: set[Node] = set()
        for dependency, needed_by in self._walk(dependencies):
            package = self.packages.get(dependency.name)
            if package is None or not Requirement(dependency).is_met_by(package):
                raise unsatisfied([(dependency, needed_by)])
            found |= {Node(dependency.name, dependency.extras), Node(dependency.name, frozenset())}
        return found

    def leaves_choice(self, dependencies: Iterable[Dependency]) -> bool:
        """Whether another package could stand for one of those that some dependencies need."""
        return any(len(self._candidates.named(dependency.name)) > 1 for dependency, _ in self._walk(dependencies))

    def _walk(self, dependencies: Iterable[Dependency]) -> Iterator[tuple[Dependency, str]]:
        """Some dependencies and, through the packages here, what these need, each with what needs it."""
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

    def holds(self, dependency: Dependency, solved: Set[Node]) -> bool:
        """Whether what is solved meets a dependency."""
        return Node(dependency.name, dependency.extras) in solved and Requirement(dependency).is_met_by(
            self.packages[dependency.name]
        )

    def names_below(self, names: Iterable[str], solved: Set[Node]) -> set[str]:
        """The names among what is solved, and of all that these need, whoever asked for their extras."""
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
            waiting.extend(need.name for asked in extras[name] for need in self._candidates.needs(package, asked))
        return found


def _solve(roots: Sequence[Dependency], candidates: LockedPackages) -> Mapping[str, LockedPackage]:
    """One package for each name. The usual lock file leaves no choice; that it fits is seen on the way through it."""
    highest = candidates.highest()
    if not _Solution(highest, candidates).leaves_choice(roots):
        return highest
    return solve(roots, candidates)
