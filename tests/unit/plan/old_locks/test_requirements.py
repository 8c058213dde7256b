"""Tests of the solver's terms and incompatibilities."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.plan.old_locks.requirements import (
    Because,
    ContradictoryTerms,
    Incompatibility,
    Node,
    Relation,
    Requirement,
    Term,
)
from pulumi_poetry_layer.poetry.constraints import parse_constraint
from pulumi_poetry_layer.poetry.locked import LockedSource

HERE = LockedSource(type="directory", url="here")
THERE = LockedSource(type="directory", url="there")


def term(constraint: str, *, name: str = "a", origin: LockedSource | None = None, is_project: bool = False) -> Term:
    """A term; negative if the constraint starts with ``not``."""
    versions = parse_constraint(constraint.removeprefix("not "))
    requirement = Requirement(
        node=Node(name), versions=versions, written=versions, origin=origin, text=constraint, is_project=is_project
    )
    return Term(requirement, is_positive=not constraint.startswith("not "))


@pytest.mark.parametrize(
    ("constraint", "other", "relation"),
    [
        (">=2", ">=1", Relation.SUBSET),
        (">=1", "<2", Relation.OVERLAPPING),
        ("<1", ">=2", Relation.DISJOINT),
        ("<1", "not >=2", Relation.SUBSET),
        (">=2", "not >=1", Relation.DISJOINT),
        (">=1", "not >=2", Relation.OVERLAPPING),
        ("not >=1", ">=2", Relation.DISJOINT),
        ("not >=2", ">=1", Relation.OVERLAPPING),
        ("not >=1", "not >=2", Relation.SUBSET),
        ("not >=2", "not >=1", Relation.OVERLAPPING),
    ],
)
def test_relation_of_two_terms(constraint: str, other: str, relation: Relation) -> None:
    """The solver would derive what does not follow, or miss what follows."""
    assert term(constraint).relation(term(other)) is relation


@pytest.mark.parametrize(
    ("constraint", "other", "expected"),
    [
        ("*", "*", Relation.DISJOINT),
        ("*", "not *", Relation.SUBSET),
        ("not *", "*", Relation.OVERLAPPING),
        ("not *", "not *", Relation.OVERLAPPING),
    ],
)
def test_relation_of_terms_about_two_origins(constraint: str, other: str, expected: Relation) -> None:
    """A package from one folder would pass for the one in another folder."""
    assert term(constraint, origin=HERE).relation(term(other, origin=THERE)) is expected


def test_package_from_an_origin_meets_a_requirement_without_one() -> None:
    """A path dependency would not do for the packages that need it."""
    assert term("1.0", origin=HERE).relation(term(">=1")) is Relation.SUBSET
    assert term("1.0", origin=HERE).relation(term(">=2")) is Relation.DISJOINT


def test_project_meets_a_requirement_whatever_its_origin() -> None:
    """A package that needs the project would be refused."""
    assert term("1.0", is_project=True).relation(term("*", origin=HERE)) is Relation.SUBSET


@pytest.mark.parametrize(
    ("constraint", "other", "expected"),
    [
        (">=1", "<2", ">=1,<2.dev0"),
        (">=1", "not >=2", ">=1,<2"),
        ("not >=2", ">=1", ">=1,<2"),
        ("not <1", "not >=2", "not <1 || >=2"),
        ("<1", ">=2", None),
    ],
)
def test_intersection_of_two_terms(constraint: str, other: str, expected: str | None) -> None:
    """The solver would rule out versions that fit."""
    both = term(constraint).intersect(term(other))

    if expected is None:
        assert both is None
    else:
        assert both is not None
        assert both.is_positive is not expected.startswith("not")
        if both.is_positive and "not" not in constraint + other:
            assert both.requirement.versions == parse_constraint(expected)


def test_intersection_keeps_the_origin() -> None:
    """The version from an index would be chosen instead of the path dependency."""
    for both in (
        term("*").intersect(term("*", origin=HERE)),
        term("*", origin=HERE).intersect(term("*")),
        term("*", origin=HERE).intersect(term("not *", origin=THERE)),
    ):
        assert both is not None
        assert both.requirement.origin == HERE
    assert term("*", origin=HERE).intersect(term("*", origin=THERE)) is None


def test_terms_about_one_node_become_one() -> None:
    """The solver would learn less than what it knows."""
    cause = (Incompatibility([term("*")], Because.NO_VERSIONS), Incompatibility([term("*")], Because.PYTHON))

    incompatibility = Incompatibility([term(">=1"), term("*", name="b"), term("<2")], cause)

    assert [t.node.name for t in incompatibility.terms] == ["a", "b"]
    assert incompatibility.terms[0].requirement.versions == parse_constraint(">=1,<2")


def test_the_project_is_left_out_of_what_is_learned() -> None:
    """The solver would not see that there is no solution."""
    cause = (Incompatibility([term("*")], Because.NO_VERSIONS), Incompatibility([term("*")], Because.PYTHON))
    project = term("1.0", name="app", is_project=True)

    assert Incompatibility([project, term("*")], Because.DEPENDENCY).terms[0] is project
    assert [t.node.name for t in Incompatibility([project, term("*")], cause).terms] == ["a"]
    assert Incompatibility([project], cause).is_failure
    assert not Incompatibility([term("*")], cause).is_failure


def test_causes_are_followed_to_the_end_once() -> None:
    """An error message would repeat itself, or a long derivation would end in a RecursionError."""
    first = Incompatibility([term("*")], Because.NO_VERSIONS)
    learned = Incompatibility([term("*", name="b")], Because.PYTHON)
    for _ in range(3000):
        learned = Incompatibility([term("*", name="b")], (learned, first))

    assert [incompatibility.cause for incompatibility in learned.external()] == [Because.PYTHON, Because.NO_VERSIONS]


def test_terms_that_exclude_each_other_are_an_error() -> None:
    """A package that needs itself would be accepted, which Poetry refuses."""
    with pytest.raises(ContradictoryTerms) as raised:
        Incompatibility([term("1.0"), term("not *")], Because.DEPENDENCY)

    assert raised.value.node == Node("a")
    assert raised.value.causes == []


def test_labels_of_nodes_and_requirements() -> None:
    """An error message would not say which extras are meant, or would contain a login."""
    where = LockedSource(type="git", url="https://user:secret@git.invalid/a")

    assert Node("a", frozenset({"y", "x"})).label == "a[x,y]"
    assert term(">=1").requirement.label == "a (>=1)"
    assert "secret" not in term(">=1", origin=where).requirement.label
    assert term(">=1", origin=where).requirement.label.startswith("a (>=1) from https://")
