"""Sets of versions have Poetry's arithmetic: its solver decides by it which locked version is installed."""

from __future__ import annotations

from hypothesis import assume, example, given
from packaging.version import Version
from poetry.core.constraints.version import Version as PoetryVersion
from poetry.core.constraints.version import VersionConstraint
from poetry.core.constraints.version import parse_constraint as parse_with_poetry

from pulumi_poetry_layer.poetry.constraints import parse_constraint
from pulumi_poetry_layer.poetry.version_sets import VersionSet

from .test_constraints import CONDITIONS, RELEASES, constraints

Bounds = list[tuple[Version | None, Version | None, bool, bool]]


def ours(versions: VersionSet) -> Bounds:
    """The bounds of a set of this package."""
    return [(span.low, span.high, span.low_included, span.high_included) for span in versions.spans]


def poetrys(constraint: VersionConstraint) -> Bounds:
    """The bounds of a constraint of Poetry's."""
    return [
        (
            None if span.min is None else Version(span.min.text),
            None if span.max is None else Version(span.max.text),
            span.include_min,
            span.include_max,
        )
        for span in constraint.flatten()
    ]


@given(constraints(CONDITIONS))
@example("!=1.0+local,>=1.0")
def test_constraints_are_read_into_the_spans_of_poetry(constraint: str) -> None:
    """The solver would start from other sets than Poetry's."""
    assert ours(parse_constraint(constraint)) == poetrys(parse_with_poetry(constraint))


@given(constraints(CONDITIONS), constraints(CONDITIONS))
@example("1.0", "1.0+local")
@example(">=1.0+local", "1.0")
@example("!=1.0+local", "1.0")
@example("1.2 || 2.0", "1.2")
def test_sets_are_compared_and_combined_as_poetry_does(left: str, right: str) -> None:
    """The solver for old lock files would end with other versions than Poetry's."""
    first, second = parse_constraint(left), parse_constraint(right)
    theirs, other = parse_with_poetry(left), parse_with_poetry(right)

    assert first.allows_all(second) is theirs.allows_all(other)
    assert first.allows_any(second) is theirs.allows_any(other)
    assert ours(first.intersect(second)) == poetrys(theirs.intersect(other))
    assert ours(first.union(second)) == poetrys(theirs.union(other))
    assert first.is_empty is theirs.is_empty()


@given(constraints(CONDITIONS), constraints(CONDITIONS))
@example("1.0", "1.0+local")
@example(">=1", "1.0+local")
def test_sets_are_subtracted_as_poetry_does(left: str, right: str) -> None:
    """A version that was ruled out would come back, or one that was not would be lost."""
    first, second = parse_constraint(left), parse_constraint(right)
    assume(not second.is_empty)  # to Poetry, nothing taken from several spans leaves nothing

    assert ours(first.difference(second)) == poetrys(parse_with_poetry(left).difference(parse_with_poetry(right)))


@given(constraints(CONDITIONS), constraints(CONDITIONS))
def test_combined_sets_allow_what_they_allow_to_poetry(left: str, right: str) -> None:
    """The solver would choose a version that Poetry has ruled out on the way."""
    combined = parse_constraint(left).intersect(parse_constraint(right))
    theirs = parse_with_poetry(left).intersect(parse_with_poetry(right))

    for release in RELEASES:
        assert combined.allows(Version(release)) is theirs.allows(PoetryVersion.parse(release)), release
