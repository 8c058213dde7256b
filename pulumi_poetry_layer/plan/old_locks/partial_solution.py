"""The decisions and derivations of the solver so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.plan.old_locks.requirements import Incompatibility, Node, Relation, Term

if TYPE_CHECKING:
    from collections.abc import Collection

    from pulumi_poetry_layer.plan.old_locks.locked_packages import Candidate
    from pulumi_poetry_layer.plan.old_locks.requirements import Requirement


@dataclass(frozen=True, eq=False, slots=True)
class Assignment:
    """A term that the solver assumes to be true.

    Attributes:
        term: the term.
        level: the number of decisions, including this one.
        index: its position among all assignments.
        cause: the incompatibility that it was derived from; None for a decision.
    """

    term: Term
    level: int
    index: int
    cause: Incompatibility | None


class PartialSolution:
    """The assignments in their order.

    Attributes:
        decisions: node → the candidate that was decided for.
        changes: how often anything was added or removed.

    https://github.com/dart-lang/pub/blob/master/doc/solver.md#partial-solution
    """

    def __init__(self) -> None:
        self.decisions: dict[Node, Candidate] = {}
        self.changes = 0
        self._assignments: list[Assignment] = []
        self._by_node: dict[Node, list[Assignment]] = {}
        self._positive: dict[Node, Term] = {}
        self._negative: dict[Node, Term] = {}
        self._undecided: dict[Node, Requirement] = {}

    @property
    def level(self) -> int:
        """The number of decisions."""
        return len(self.decisions)

    @property
    def undecided(self) -> Collection[Requirement]:
        """The requirements of nodes without a decision. Their order decides between equal priorities."""
        return self._undecided.values()

    def decide(self, candidate: Candidate) -> None:
        """Add a decision for a package."""
        self.decisions[candidate.node] = candidate
        self._undecided.pop(candidate.node, None)
        self._assign(Term(candidate.requirement, is_positive=True), None)

    def derive(self, term: Term, cause: Incompatibility) -> None:
        """Add a term that follows from an incompatibility."""
        self._assign(term, cause)

    def _assign(self, term: Term, cause: Incompatibility | None) -> None:
        self.changes += 1
        assignment = Assignment(term, self.level, len(self._assignments), cause)
        self._assignments.append(assignment)
        self._by_node.setdefault(term.node, []).append(assignment)
        self._register(term)

    def backtrack(self, level: int) -> None:
        """Remove all assignments after a level."""
        self.changes += 1
        nodes: set[Node] = set()
        while self._assignments[-1].level > level:
            removed = self._assignments.pop()
            nodes.add(removed.term.node)
            self._by_node[removed.term.node].pop()
            if removed.cause is None:
                del self.decisions[removed.term.node]
        for node in nodes:
            self._positive.pop(node, None)
            self._negative.pop(node, None)
            self._undecided.pop(node, None)
        for assignment in self._assignments:
            if assignment.term.node in nodes:
                self._register(assignment.term)

    def _register(self, term: Term) -> None:
        node = term.node
        known = self._positive.get(node) or self._negative.get(node)
        combined = term
        if known is not None:
            # The order matters: a positive term keeps its own origin.
            combined = _both(known, term) if known.is_positive else _both(term, known)
        if not combined.is_positive:
            self._negative[node] = combined
            return
        self._negative.pop(node, None)
        self._positive[node] = combined
        if node not in self.decisions:
            self._undecided[node] = combined.requirement

    def satisfier(self, term: Term) -> Assignment:
        """The first assignment that makes a term true, together with those before it.

        Raises:
            Unsolvable: no assignment does.
        """
        combined: Term | None = None
        for assignment in self._by_node.get(term.node, ()):
            assigned = assignment.term
            if not assigned.requirement.is_project and not assigned.is_of_same_origin(term):
                if not assigned.is_positive:
                    continue
                if term.is_positive:
                    break
                return assignment
            combined = combined.intersect(assigned) if combined else assigned
            if combined is None:
                break
            if combined.relation(term) is Relation.SUBSET:
                return assignment
        raise Unsolvable(term.node)

    def relation(self, term: Term) -> Relation:
        """The relation of the assignments to a term."""
        known = self._positive.get(term.node) or self._negative.get(term.node)
        return known.relation(term) if known else Relation.OVERLAPPING


class Unsolvable(Exception):  # noqa: N818 - never leaves these modules
    """The solver cannot go on at a node: two origins are needed, or Poetry's arithmetic contradicts itself there."""

    def __init__(self, node: Node) -> None:
        super().__init__(node.label)
        self.node = node


def _both(term: Term, other: Term) -> Term:
    combined = term.intersect(other)
    if combined is None:
        raise Unsolvable(term.node)
    return combined
