"""Chooses one version of each locked package with the PubGrub algorithm, in Poetry's order.

The algorithm: https://github.com/dart-lang/pub/blob/master/doc/solver.md. If there are several solutions, the order of
decisions and derivations decides between them. That order is the one in ``poetry/mixology/version_solver.py``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pulumi_poetry_layer.plan.old_locks.failures import no_solution
from pulumi_poetry_layer.plan.old_locks.partial_solution import Assignment, PartialSolution, Unsolvable
from pulumi_poetry_layer.plan.old_locks.requirements import (
    Because,
    ContradictoryTerms,
    Incompatibility,
    Node,
    Relation,
    Term,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_poetry_layer.plan.old_locks.locked_packages import Candidate, LockedPackages

_MOST_ATTEMPTS = 200_000  # far more than any lock file needs
_PROJECT_LEVEL = 1  # the first decision is the project itself


def solve(packages: LockedPackages) -> Mapping[Node, Candidate]:
    """Node → its candidate, in the order of the decisions. The project is the first one.

    Raises:
        LockFileError: no choice of packages meets all requirements.
    """
    return _VersionSolver(packages).solve()


@dataclass(frozen=True, slots=True)
class _LatestTerm:
    """The term of an incompatibility that became true last.

    Attributes:
        term: the term.
        satisfier: the assignment that made it true.
        difference: what the assignment allows and the term does not; None if there is nothing.
        previous_level: the level from which on the satisfier makes all terms of the incompatibility true.
    """

    term: Term
    satisfier: Assignment
    difference: Term | None
    previous_level: int


class _VersionSolver:
    def __init__(self, packages: LockedPackages) -> None:
        self._packages = packages
        self._solution = PartialSolution()
        self._incompatibilities: dict[Node, dict[Incompatibility, None]] = defaultdict(dict)
        self._attempts = 0
        self._last_attempt: tuple[Node, int] | None = None
        self._needs: dict[Candidate, list[Incompatibility]] = {}
        self._settled: dict[Incompatibility, None] = {}
        self._settled_by_level: dict[int, list[Incompatibility]] = defaultdict(list)

    def solve(self) -> Mapping[Node, Candidate]:
        root = self._packages.root
        self._add(Incompatibility([Term(root.requirement, is_positive=False)], Because.PROJECT))
        node: Node | None = root.node
        try:
            while node is not None:
                self._propagate(node)
                node = self._decide()
        except ContradictoryTerms as error:
            raise no_solution(error.causes, self._packages, node=error.node) from error
        except Unsolvable as error:
            about = [i for i in self._incompatibilities[error.node] if isinstance(i.cause, Because)]
            raise no_solution(about, self._packages, node=error.node) from error
        return self._solution.decisions

    def _add(self, incompatibility: Incompatibility) -> None:
        """Add an incompatibility as the latest one, even if it is known."""
        self._settled.pop(incompatibility, None)
        for term in incompatibility.terms:
            about_node = self._incompatibilities[term.node]
            about_node.pop(incompatibility, None)
            about_node[incompatibility] = None

    def _propagate(self, node: Node) -> None:
        """Derive everything that follows from the terms about a node."""
        changed = {node: None}
        while changed:
            node, _ = changed.popitem()
            # The latest incompatibilities are the most general ones, and find conflicts sooner.
            for incompatibility in reversed(self._incompatibilities[node]):
                if incompatibility in self._settled:
                    continue
                unsatisfied = self._unsatisfied(incompatibility)
                if unsatisfied is _SATISFIED:
                    learned = self._resolve_conflict(incompatibility)
                    changed = dict.fromkeys(self._derived(learned))
                    break
                if isinstance(unsatisfied, Term):
                    self._derive(unsatisfied, incompatibility)
                    changed[unsatisfied.node] = None

    def _derived(self, learned: Incompatibility) -> list[Node]:
        """Derive a term from the incompatibility that a conflict gave, and return its node."""
        unsatisfied = self._unsatisfied(learned)
        if not isinstance(unsatisfied, Term):
            raise Unsolvable(learned.terms[0].node)
        self._derive(unsatisfied, learned)
        return [unsatisfied.node]

    def _unsatisfied(self, incompatibility: Incompatibility) -> Term | str | None:
        """The only term that is not true yet; None if there are several such terms or a false one."""
        unsatisfied: Term | None = None
        for term in incompatibility.terms:
            relation = self._solution.relation(term)
            if relation is Relation.DISJOINT:
                self._settle(incompatibility)
                return None
            if relation is Relation.OVERLAPPING:
                if unsatisfied is not None:
                    return None
                unsatisfied = term
        return _SATISFIED if unsatisfied is None else unsatisfied

    def _derive(self, unsatisfied: Term, incompatibility: Incompatibility) -> None:
        self._settle(incompatibility)
        self._solution.derive(unsatisfied.inverse, incompatibility)

    def _settle(self, incompatibility: Incompatibility) -> None:
        """Skip an incompatibility until a decision is removed, because nothing more follows from it."""
        self._settled[incompatibility] = None
        self._settled_by_level[self._solution.level].append(incompatibility)

    def _resolve_conflict(self, incompatibility: Incompatibility) -> Incompatibility:
        """Find the reason why all terms of an incompatibility are true, and remove the decisions that led to it."""
        is_new = False
        while not incompatibility.is_failure:
            latest = self._latest(incompatibility)
            cause = latest.satisfier.cause
            if latest.previous_level < latest.satisfier.level or cause is None:
                self._backtrack(latest.previous_level)
                if is_new:
                    self._add(incompatibility)
                return incompatibility
            terms = [term for term in incompatibility.terms if term is not latest.term]
            terms += [term for term in cause.terms if term.node != latest.term.node]
            if latest.difference is not None and not _is_about_the_same(latest.difference, latest.satisfier.term):
                terms.append(latest.difference.inverse)
            incompatibility = Incompatibility(terms, (incompatibility, cause))
            is_new = True
        raise no_solution(incompatibility.external(), self._packages)

    def _latest(self, incompatibility: Incompatibility) -> _LatestTerm:
        first, *others = incompatibility.terms
        latest = self._as_latest(first, self._solution.satisfier(first), _PROJECT_LEVEL)
        for term in others:
            satisfier = self._solution.satisfier(term)
            if latest.satisfier.index < satisfier.index:
                latest = self._as_latest(term, satisfier, max(latest.previous_level, latest.satisfier.level))
            elif satisfier.level > latest.previous_level:
                latest = replace(latest, previous_level=satisfier.level)
        return latest

    def _as_latest(self, term: Term, satisfier: Assignment, previous_level: int) -> _LatestTerm:
        difference = satisfier.term.difference(term)
        if difference is not None:
            previous_level = max(previous_level, self._solution.satisfier(difference.inverse).level)
        return _LatestTerm(term, satisfier, difference, previous_level)

    def _backtrack(self, level: int) -> None:
        for taken_back in range(self._solution.level, level, -1):
            for incompatibility in self._settled_by_level.pop(taken_back, ()):
                self._settled.pop(incompatibility, None)
        self._solution.backtrack(level)

    def _decide(self) -> Node | None:
        """Decide about the next node, and return it; None if no node is left."""
        requirement = min(self._solution.undecided, key=self._packages.priorities.__getitem__, default=None)
        if requirement is None:
            return None
        node = requirement.node
        self._attempts += 1
        if self._last_attempt == (node, self._solution.changes) or self._attempts > _MOST_ATTEMPTS:
            # For post-releases, Poetry's arithmetic contradicts itself, and Poetry tries the same version forever.
            raise Unsolvable(node)
        self._last_attempt = (node, self._solution.changes)
        candidate = self._packages.choose(requirement)
        if candidate is None:
            self._add(Incompatibility([Term(requirement, is_positive=True)], Because.NO_VERSIONS))
            return node
        conflicts = False
        if candidate not in self._needs:
            self._needs[candidate] = _incompatibilities_of(candidate)
        for incompatibility in self._needs[candidate]:
            self._add(incompatibility)
            conflicts = conflicts or all(
                term.node == node or self._solution.relation(term) is Relation.SUBSET for term in incompatibility.terms
            )
        if not conflicts:
            self._solution.decide(candidate)
        return node


def _is_about_the_same(term: Term, other: Term) -> bool:
    """Whether two terms have the same versions and the same origin."""
    ours, theirs = term.requirement, other.requirement
    return ours.origin == theirs.origin and (ours.origin is not None or ours.versions == theirs.versions)


_SATISFIED = "all terms are true"


def _incompatibilities_of(candidate: Candidate) -> list[Incompatibility]:
    itself = Term(candidate.requirement, is_positive=True)
    if not candidate.fits_python:
        return [Incompatibility([itself], Because.PYTHON)]
    return [Incompatibility([itself, Term(need, is_positive=False)], Because.DEPENDENCY) for need in candidate.needs]
