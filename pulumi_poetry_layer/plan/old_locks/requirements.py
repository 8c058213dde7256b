"""The words of the solver: nodes, requirements, terms and incompatibilities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from pulumi_poetry_layer.masking import mask_address
from pulumi_poetry_layer.poetry.locked import MAIN_GROUP

if TYPE_CHECKING:
    from pulumi_poetry_layer.poetry.locked import LockedSource
    from pulumi_poetry_layer.poetry.version_sets import VersionSet

DIRECT_ORIGINS = frozenset({"git", "url", "file", "directory"})
"""The types of sources that are not an index."""


class Node(NamedTuple):
    """A name and the requested extras. The solver decides about each combination of them separately."""

    name: str
    extras: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """``name[extra]``, for messages."""
        return f"{self.name}[{','.join(sorted(self.extras))}]" if self.extras else self.name


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Requirement:
    """The allowed versions of a node, and the place that it must come from.

    Attributes:
        node: the node.
        versions: the allowed versions, as far as the solver has narrowed them.
        written: the versions that the written constraint allows.
        origin: the locked source of a git, URL or path dependency; None for any place.
        index: the name of the source in pyproject.toml; None for any place.
        text: the written constraint, for messages.
        group: the project's group that has the dependency.
        is_project: whether the node is the project itself.
    """

    node: Node
    versions: VersionSet
    written: VersionSet
    origin: LockedSource | None = None
    index: str | None = None
    text: str = ""
    group: str = MAIN_GROUP
    is_project: bool = False

    @property
    def label(self) -> str:
        """Name and constraint, for messages."""
        where = f" from {mask_address(self.origin.url)}" if self.origin else f" from {self.index}" if self.index else ""
        return f"{self.node.label} ({self.text}){where}"

    def with_versions(self, versions: VersionSet) -> Requirement:
        """The same requirement with other versions."""
        return replace(self, versions=versions)


class Relation(Enum):
    """How the versions of a term relate to those of another."""

    SUBSET = "subset"
    DISJOINT = "disjoint"
    OVERLAPPING = "overlapping"


@dataclass(frozen=True, eq=False, slots=True)
class Term:
    """The statement that a requirement is met (positive) or not met (negative).

    https://github.com/dart-lang/pub/blob/master/doc/solver.md#term
    """

    requirement: Requirement
    is_positive: bool

    @property
    def node(self) -> Node:
        """The node that it is about."""
        return self.requirement.node

    @property
    def inverse(self) -> Term:
        """The opposite."""
        return Term(self.requirement, not self.is_positive)

    def is_of_same_origin(self, other: Term) -> bool:
        """Whether both terms have the same origin, or none."""
        return self.requirement.origin == other.requirement.origin

    def relation(self, other: Term) -> Relation:
        """The relation of the versions that this term allows to those that another term about the node allows."""
        ours, theirs = self.requirement.versions, other.requirement.versions
        compatible = self._is_compatible(other)
        if not self.is_positive:
            if not compatible or not ours.allows_all(theirs):
                return Relation.OVERLAPPING
            return Relation.DISJOINT if other.is_positive else Relation.SUBSET
        if other.is_positive:
            if compatible and theirs.allows_all(ours):
                return Relation.SUBSET
            return Relation.OVERLAPPING if compatible and ours.allows_any(theirs) else Relation.DISJOINT
        if not compatible or not theirs.allows_any(ours):
            return Relation.SUBSET
        return Relation.DISJOINT if theirs.allows_all(ours) else Relation.OVERLAPPING

    def intersect(self, other: Term) -> Term | None:
        """The term for what both terms allow; None if there is no such term."""
        if not self._is_compatible(other):
            if self.is_positive == other.is_positive:
                return None
            return self if self.is_positive else other
        ours, theirs = self.requirement.versions, other.requirement.versions
        if self.is_positive and other.is_positive:
            versions = ours.intersect(theirs)
        elif self.is_positive:
            versions = ours.difference(theirs)
        elif other.is_positive:
            versions = theirs.difference(ours)
        else:
            versions = ours.union(theirs)
        if versions.is_empty:
            return None
        keeps_other = self.requirement.origin is None and other.requirement.origin is not None
        requirement = (other if keeps_other else self).requirement
        return Term(requirement.with_versions(versions), self.is_positive or other.is_positive)

    def difference(self, other: Term) -> Term | None:
        """The term for what this term allows and another one does not."""
        return self.intersect(other.inverse)

    def _is_compatible(self, other: Term) -> bool:
        """Whether one package can meet both requirements: there are not two origins."""
        ours, theirs = self.requirement, other.requirement
        return (
            ours.origin == theirs.origin
            or (ours.origin is None) != (theirs.origin is None)
            or ours.is_project
            or theirs.is_project
        )


class Because(Enum):
    """Why an incompatibility is true, unless it follows from two others."""

    PROJECT = "the project itself is always part of the solution"
    NO_VERSIONS = "no locked package fits"
    PYTHON = "the package is for another Python"
    DEPENDENCY = "one package needs the other"


class Incompatibility:
    """Terms that cannot all be true.

    https://github.com/dart-lang/pub/blob/master/doc/solver.md#incompatibility

    Args:
        terms: the terms. Terms about the same node are combined.
        cause: why it is true, or the two incompatibilities that it follows from.

    Raises:
        ContradictoryTerms: two terms about one node exclude each other.
    """

    __slots__ = ("cause", "terms")

    def __init__(self, terms: list[Term], cause: Because | tuple[Incompatibility, Incompatibility]) -> None:
        if len(terms) != 1 and not isinstance(cause, Because):
            terms = [term for term in terms if not (term.is_positive and term.requirement.is_project)]
        by_node: dict[Node, Term] = {}
        for term in terms:
            known = by_node.get(term.node)
            both = known.intersect(term) if known else term
            if both is None:
                raise ContradictoryTerms(term.node, cause)
            by_node[term.node] = both
        self.terms = tuple(by_node.values())
        self.cause = cause

    @property
    def is_failure(self) -> bool:
        """Whether it means that there is no solution."""
        return not self.terms or (len(self.terms) == 1 and self.terms[0].requirement.is_project)

    def external(self) -> list[Incompatibility]:
        """The incompatibilities that it follows from, except those that follow from others."""
        return external_causes([self])


class ContradictoryTerms(Exception):  # noqa: N818 - never leaves these modules
    """Two terms about one node exclude each other: a package needs itself, or comes from two places."""

    def __init__(self, node: Node, cause: Because | tuple[Incompatibility, Incompatibility]) -> None:
        super().__init__(node.label)
        self.node = node
        self.causes = [] if isinstance(cause, Because) else external_causes(list(cause))


def external_causes(incompatibilities: list[Incompatibility]) -> list[Incompatibility]:
    """The incompatibilities that others follow from, except those that follow from others themselves."""
    found: dict[Incompatibility, None] = {}
    seen: set[Incompatibility] = set()
    waiting = list(reversed(incompatibilities))
    while waiting:
        incompatibility = waiting.pop()
        if incompatibility in seen:
            continue
        seen.add(incompatibility)
        if isinstance(incompatibility.cause, Because):
            found[incompatibility] = None
        else:
            waiting += reversed(incompatibility.cause)
    return list(found)
