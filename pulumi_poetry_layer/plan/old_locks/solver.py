"""The solver for lock files that contain several versions of a package without groups and markers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, Resolver
from resolvelib.structs import RequirementInformation

from pulumi_poetry_layer.plan.dependency_graph import extras_of
from pulumi_poetry_layer.plan.old_locks.candidates import LockedPackages, Node, Requirement, unsatisfied
from pulumi_poetry_layer.poetry.constraints import has_upper_bound
from pulumi_poetry_layer.poetry.dependencies import Dependency
from pulumi_poetry_layer.poetry.lockfile import LockedPackage

if TYPE_CHECKING:
    from resolvelib.resolvers import Result

_MOST_ROUNDS = 100_000


@dataclass(frozen=True)
class _Candidate:
    """A package and its requested extras."""

    package: LockedPackage
    extras: frozenset[str]

    @property
    def node(self) -> Node:
        return Node(self.package.name, self.extras)


def solve(roots: Iterable[Dependency], candidates: LockedPackages) -> dict[str, LockedPackage]:
    """One package for each name that the roots need, with the highest version that satisfies all dependencies.

    Raises:
        LockFileError: no choice of packages satisfies all dependencies.
    """
    resolver: Resolver[Requirement, _Candidate, Node] = Resolver(_Provider(candidates), BaseReporter())
    try:
        result: Result[Requirement, _Candidate, Node] = resolver.resolve(map(Requirement, roots), _MOST_ROUNDS)
    except ResolutionImpossible as error:
        raise unsatisfied(
            (cause.requirement.dependency, cause.parent.package.label if cause.parent else "pyproject.toml")
            for cause in error.causes
        ) from error
    return {node.name: candidate.package for node, candidate in result.mapping.items()}


_Information = RequirementInformation[Requirement, _Candidate]


class _Provider(AbstractProvider[Requirement, _Candidate, Node]):
    """Gives resolvelib the candidates and their requirements, in the order in which Poetry's solver decides."""

    def __init__(self, candidates: LockedPackages) -> None:
        self._candidates = candidates
        self._order: dict[tuple[str, str, frozenset[str]], tuple[bool, int, bool]] = {}

    def identify(self, requirement_or_candidate: Requirement | _Candidate) -> Node:
        return requirement_or_candidate.node

    def get_preference(
        self,
        identifier: Node,
        resolutions: Mapping[Node, _Candidate],  # noqa: ARG002 - resolvelib passes all arguments by name
        candidates: Mapping[Node, Iterator[_Candidate]],
        information: Mapping[Node, Iterator[_Information]],  # noqa: ARG002
        backtrack_causes: Sequence[_Information],  # noqa: ARG002
    ) -> tuple[bool, int, bool]:
        """The order of Poetry's solver (``VersionSolver._get_comp_key``).

        Packages from git, a URL or a path come first, then the packages with the most upper bounds on others.
        """
        best = next(candidates[identifier], None)
        if best is None:
            return False, 0, True
        key = (best.package.name, best.package.version, best.extras)
        if key not in self._order:
            self._order[key] = _order(best)
        return self._order[key]

    def find_matches(
        self,
        identifier: Node,
        requirements: Mapping[Node, Iterator[Requirement]],
        incompatibilities: Mapping[Node, Iterator[_Candidate]],
    ) -> list[_Candidate]:
        required = list(requirements[identifier])
        ruled_out = {id(candidate.package) for candidate in incompatibilities[identifier]}
        return [
            _Candidate(package, identifier.extras)
            for package in self._candidates.named(identifier.name)
            if id(package) not in ruled_out and all(requirement.is_satisfied_by(package) for requirement in required)
        ]

    def is_satisfied_by(self, requirement: Requirement, candidate: _Candidate) -> bool:
        return requirement.is_satisfied_by(candidate.package)

    def get_dependencies(self, candidate: _Candidate) -> list[Requirement]:
        package, extras = candidate.package, candidate.extras
        needs = [Requirement(dependency) for dependency in self._candidates.needs(package, extras)]
        # foo[extra] needs foo, and foo[extra, other] needs the same foo.
        return [Requirement(Dependency(name=package.name), only=package), *needs] if extras else needs


def _order(candidate: _Candidate) -> tuple[bool, int, bool]:
    package = candidate.package
    relevant = [
        dependency
        for dependency in package.dependencies
        if not (extras := extras_of(dependency)) or not candidate.extras.isdisjoint(extras)
    ]
    bounded = sum(has_upper_bound(constraint) for constraint in map(attrgetter("constraint"), relevant))
    direct = package.source is not None and package.source.type != "legacy"
    return not direct, -bounded, not relevant
