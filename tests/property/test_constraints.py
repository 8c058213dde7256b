"""Version constraints mean what they mean to poetry-core."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st
from packaging.version import Version

from pulumi_poetry_layer.plan.target import MACHINES, RUNTIMES, Target
from pulumi_poetry_layer.poetry.constraints import allows, allows_python, has_upper_bound

from .poetry_core import poetry_allows, poetry_allows_python, poetry_has_upper_bound, poetry_has_versions

NUMBERS = (
    "0", "0.0", "0.0.3", "0.2", "0.2.3", "1", "1.0", "1.2", "1.2.3", "1.2.3.4", "2.0",
    "2.0rc1", "1.0.post1", "1.0+local", "1.0.dev0", "1!1.0",
)  # fmt: skip
RELEASES = (
    *NUMBERS, "0.9", "1.0a1", "1.2.4", "1.3", "2.0.dev0", "3", "1.0.post1.dev0", "1.0.post1+local",
    "2.0rc2", "2.0.post1", "0.2.3.dev1",
)  # fmt: skip
OPERATORS = ("^", "~", ">=", "<=", ">", "<", "==", "!=", "=", "")


def constraints(conditions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Alternatives of conditions."""
    return st.lists(st.lists(conditions, min_size=1, max_size=3).map(",".join), min_size=1, max_size=3).map(" || ".join)


CONDITIONS = st.one_of(
    st.builds("{}{}".format, st.sampled_from(OPERATORS), st.sampled_from(NUMBERS)),
    st.sampled_from(("0.*", "1.*", "1.2.*", "==1.2.*", "!=1.*", "!=1.2.*", "*", "~=1.2", "~=1.2.3", "~=0.2.3")),
)


@given(constraints(CONDITIONS), st.sampled_from(RELEASES))
@example("!=1", "1.0.post1")
@example("!=1,*", "1.0.post1")
@example("!=1,<3", "1.0.post1")
@example("!=1 || >3", "1.0.post1")
def test_constraints_allow_what_they_allow_to_poetry(constraint: str, version: str) -> None:
    """Another of several locked versions would land in the layer."""
    assert allows(constraint, Version(version)) is poetry_allows(constraint, version)


@given(constraints(CONDITIONS))
def test_upper_bounds_are_those_of_poetry(constraint: str) -> None:
    """The solver for old lock files would decide in another order than Poetry's, and end with other versions."""
    assert has_upper_bound(constraint) is poetry_has_upper_bound(constraint)


PYTHONS = st.sampled_from(("3", "3.9", "3.10", "3.11", "3.12", "3.13", "3.12.4", "3.12.12", "3.14.0", "4", "4.0"))
EXACT = st.builds("{}{}".format, st.sampled_from(("==", "=", "")), PYTHONS)
BOUNDS = st.one_of(
    st.builds("{}{}".format, st.sampled_from(("^", "~", ">=", ">", "<", "!=")), PYTHONS),
    st.sampled_from(("3.*", "3.12.*", "!=3.11.*", "*", "~=3.9", "<=3.12.4", "<=3.12.12")),
)
# A version that is exact only once conditions are combined (">=3.12,<=3.12") and one that another alternative has
# ("3.12 || <3.12.4") mean something else to Poetry; nobody writes them.
PYTHON_KEYS = st.one_of(
    constraints(BOUNDS),
    st.sampled_from(("<=3.9", "<=3.12", "<=3.13")),
    st.lists(EXACT | st.builds("{},{}".format, EXACT, BOUNDS), min_size=1, max_size=3).map(" || ".join),
)


@given(PYTHON_KEYS, st.builds(Target, st.sampled_from(RUNTIMES), st.sampled_from(sorted(MACHINES))))
@example("3.12,>3.12.4", Target("python3.12", "arm64"))
@example("3.12,!=3.12.12", Target("python3.12", "arm64"))
def test_python_keys_of_dependencies_allow_what_they_allow_to_poetry(constraint: str, target: Target) -> None:
    """A dependency for another Python would land in the layer."""
    assume(poetry_has_versions(constraint))  # Poetry refuses the others
    values = target.marker_environment
    ours = allows_python(constraint, Version(values["python_full_version"]))

    assert ours is poetry_allows_python(constraint, values)
