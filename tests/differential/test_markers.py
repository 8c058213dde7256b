"""Markers and version constraints compared with Poetry's reading of them."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.version import Version
from property.strategies import EXTRAS, extra_markers, markers

from pulumi_poetry_layer.plan.target import MACHINES, RUNTIMES, Target
from pulumi_poetry_layer.poetry.constraints import allows
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment

from .conftest import Oracle

many_at_once = settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
targets = st.builds(Target, st.sampled_from(RUNTIMES), st.sampled_from(sorted(MACHINES)))


@many_at_once
@given(st.lists(st.one_of(extra_markers(), markers()), min_size=60), st.frozensets(st.sampled_from(EXTRAS)), targets)
def test_markers_mean_what_they_mean_to_poetry(
    oracle: Oracle, expressions: list[str], extras: frozenset[str], target: Target
) -> None:
    """The layer would hold other packages than `poetry install` in the runtime."""
    values = dict(target.marker_environment)

    for asked in (extras, None):
        environment = MarkerEnvironment(values, asked)
        theirs = oracle.ask(expressions=[[e, values, None if asked is None else sorted(asked)] for e in expressions])
        differing = [
            (expression, their)
            for expression, their in zip(expressions, theirs, strict=True)
            if environment.holds(expression) is not their and not (asked is None and _excludes_itself(expression))
        ]
        assert differing == []


def _excludes_itself(expression: str) -> bool:
    """Whether a marker asks for an extra and for its absence; Poetry finds that such a one never holds.

    Where nothing is said about extras we take every comparison of one for true. No lock file has such a marker.
    """
    return any(f'extra == "{extra}"' in expression and f'extra != "{extra}"' in expression for extra in EXTRAS)


NUMBERS = st.sampled_from(("0", "0.0", "0.0.3", "0.2", "0.2.3", "1", "1.0", "1.2", "1.2.3", "1.2.3.4", "2.0", "2.0rc1"))
RELEASES = st.one_of(
    NUMBERS, st.sampled_from(("0.9", "1.0.dev0", "1.0a1", "1.0+local", "1.0.post1", "1.2.4", "1.3", "2.0.dev0", "3"))
)
CONDITIONS = st.one_of(
    st.builds("{}{}".format, st.sampled_from(("^", "~", ">=", "<=", ">", "<", "==", "!=", "")), NUMBERS),
    st.builds("{}.*".format, st.sampled_from(("0", "1", "1.2", "==1.2", "!=1", "!=1.2"))),
    st.builds("~={}".format, st.sampled_from(("1.2", "1.2.3", "0.2.3"))),
    st.just("*"),
)
CONSTRAINTS = st.lists(st.lists(CONDITIONS, min_size=1, max_size=2).map(",".join), min_size=1, max_size=2).map(
    " || ".join
)


@many_at_once
@given(st.lists(st.tuples(CONSTRAINTS, RELEASES), min_size=60))
def test_constraints_allow_what_they_allow_to_poetry(oracle: Oracle, asked: list[tuple[str, str]]) -> None:
    """Another of several locked versions would land in the layer."""
    # Poetry contradicts itself on post-releases of an excluded version: "!=1" leaves out 1.0.post1, "!=1,*" does not.
    asked = [(constraint, version) for constraint, version in asked if "!=" not in constraint or "post" not in version]
    theirs = oracle.ask(constraints=asked)

    assert [
        (constraint, version, their)
        for (constraint, version), their in zip(asked, theirs, strict=True)
        if allows(constraint, Version(version)) is not their
    ] == []
