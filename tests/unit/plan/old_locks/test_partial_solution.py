"""Tests of what the solver has decided and derived."""

from __future__ import annotations

import pytest
from samples import Package

from pulumi_poetry_layer.plan.old_locks.locked_packages import Candidate, LockedPackages
from pulumi_poetry_layer.plan.old_locks.partial_solution import PartialSolution, Unsolvable
from pulumi_poetry_layer.plan.old_locks.requirements import Because, Incompatibility, Node, Relation
from pulumi_poetry_layer.poetry.locked import LockedSource

from .made import locked_packages
from .test_requirements import HERE, THERE, term

CAUSE = Incompatibility([term("*")], Because.NO_VERSIONS)


@pytest.fixture
def packages() -> LockedPackages:
    """A project that needs a, b and c."""
    return locked_packages('a = "*"\nb = "*"\nc = "*"\n', [Package(name=name) for name in "abc"])


def candidate(packages: LockedPackages, name: str) -> Candidate:
    """The only candidate of a name."""
    return packages.candidate(packages.named(name)[0], Node(name))


def test_derived_terms_narrow_what_is_known() -> None:
    """The solver would choose a version that is ruled out."""
    solution = PartialSolution()

    solution.derive(term("not >=3"), CAUSE)
    assert solution.relation(term("1.0")) is Relation.OVERLAPPING
    assert not solution.undecided

    solution.derive(term(">=1"), CAUSE)
    assert solution.relation(term(">=1")) is Relation.SUBSET
    assert solution.relation(term(">=3")) is Relation.DISJOINT
    assert solution.relation(term(">=2")) is Relation.OVERLAPPING
    assert solution.relation(term("*", name="unknown")) is Relation.OVERLAPPING


def test_backtracking_forgets_decisions_and_derivations(packages: LockedPackages) -> None:
    """The solver would keep what followed from a decision that it has taken back."""
    solution = PartialSolution()
    solution.decide(packages.root)
    solution.derive(term("*", name="b"), CAUSE)
    solution.derive(term("*", name="a"), CAUSE)
    solution.decide(candidate(packages, "b"))
    solution.derive(term("<1", name="a"), CAUSE)
    solution.derive(term("*", name="c"), CAUSE)
    assert [requirement.node.name for requirement in solution.undecided] == ["a", "c"]
    assert solution.relation(term(">=1", name="a")) is Relation.DISJOINT

    solution.backtrack(1)

    assert list(solution.decisions) == [Node("app")]
    assert [requirement.node.name for requirement in solution.undecided] == ["b", "a"]
    assert solution.relation(term(">=1", name="a")) is Relation.OVERLAPPING
    assert solution.relation(term("*", name="c")) is Relation.OVERLAPPING


def test_what_was_taken_back_comes_after_what_stayed(packages: LockedPackages) -> None:
    """Ties would be broken in another order than in Poetry, and another version would be in the layer."""
    solution = PartialSolution()
    solution.decide(packages.root)
    for name in "abc":
        solution.derive(term("*", name=name), CAUSE)
    solution.decide(candidate(packages, "b"))
    solution.derive(term("<2", name="a"), CAUSE)

    solution.backtrack(1)

    assert [requirement.node.name for requirement in solution.undecided] == ["c", "a", "b"]


def test_satisfier_is_the_first_assignment_that_suffices(packages: LockedPackages) -> None:
    """The solver would go back too far, or not far enough."""
    solution = PartialSolution()
    solution.decide(packages.root)
    solution.derive(term(">=1"), CAUSE)
    solution.derive(term("<3"), CAUSE)
    solution.decide(candidate(packages, "a"))

    assert solution.satisfier(term(">=1")).index == 1
    assert solution.satisfier(term(">=1,<3")).index == 2
    assert solution.satisfier(term("1.0")).index == 3
    assert solution.satisfier(term("1.0")).cause is None


def test_another_origin_makes_a_negative_term_true() -> None:
    """A conflict between two origins would not be found."""
    solution = PartialSolution()
    solution.derive(term("*", origin=HERE), CAUSE)

    assert solution.satisfier(term("not *", origin=THERE)).index == 0


@pytest.mark.parametrize("origin", [None, THERE])
def test_term_that_no_assignment_makes_true_is_an_error(origin: LockedSource | None) -> None:
    """The solver would go on with a conflict that it cannot explain."""
    solution = PartialSolution()
    solution.derive(term("*", origin=HERE), CAUSE)

    with pytest.raises(Unsolvable, match="a"):
        solution.satisfier(term(">=1", origin=origin))


def test_two_origins_of_one_package_are_an_error() -> None:
    """A traceback would be shown where Poetry refuses."""
    solution = PartialSolution()
    solution.derive(term("*", origin=HERE), CAUSE)

    with pytest.raises(Unsolvable):
        solution.derive(term("*", origin=THERE), CAUSE)
