"""Properties of version constraints, compared with poetry-core."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pulumi_poetry_layer.plan.target import MACHINES, RUNTIMES, Target
from pulumi_poetry_layer.poetry.constraints import allows, allows_python, parse_constraint
from pulumi_poetry_layer.poetry.pip_specifiers import pip_specifier

from .poetry_core import poetry_allows, poetry_allows_python, poetry_has_upper_bound, poetry_has_versions

NUMBERS = (
    "0", "0.0", "0.0.3", "0.2", "0.2.3", "1", "1.0", "1.2", "1.2.3", "1.2.3.4", "2.0",
    "2.0rc1", "1.0.post1", "1.0+local", "1.0.dev0", "1!1.0", "2.0rc1.post1", "1.2.3+cpu.2",
)  # fmt: skip
RELEASES = (
    *NUMBERS, "0.9", "1.0a1", "1.2.4", "1.3", "2.0.dev0", "3", "1.0.post1.dev0", "1.0.post1+local",
    "2.0rc2", "2.0.post1", "0.2.3.dev1", "1.0+aaa", "1.0+zzz", "1.2.3+cpu.10", "2.0rc1.post2", "2.0rc1+local",
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
def test_constraint_allows_the_same_versions_as_in_poetry(constraint: str, version: str) -> None:
    """The layer would contain a different one of several locked versions."""
    assert allows(constraint, Version(version)) is poetry_allows(constraint, version)


@given(constraints(CONDITIONS))
def test_constraint_has_an_upper_bound_as_in_poetry(constraint: str) -> None:
    """The solver for old lock files would decide in a different order than Poetry's and choose other versions."""
    assert parse_constraint(constraint).has_upper_bound is poetry_has_upper_bound(constraint)


@given(constraints(CONDITIONS), st.sampled_from([text for text in RELEASES if "+" not in text]))
def test_specifier_for_pip_allows_the_same_final_releases(constraint: str, text: str) -> None:
    """A build would use other versions of its requirements than with Poetry."""
    specifier, version = pip_specifier(constraint), Version(text)
    assume(specifier is not None and "+" not in constraint)
    assume(not version.is_prerelease and not version.is_postrelease)  # there PEP 440 and Poetry differ

    assert SpecifierSet(specifier or "").contains(version) is allows(constraint, version)


PYTHONS = st.sampled_from(("3", "3.9", "3.10", "3.11", "3.12", "3.13", "3.12.4", "3.12.12", "3.14.0", "4", "4.0"))
EXACT = st.builds("{}{}".format, st.sampled_from(("==", "=", "")), PYTHONS)
BOUNDS = st.one_of(
    st.builds("{}{}".format, st.sampled_from(("^", "~", ">=", ">", "<", "!=")), PYTHONS),
    st.sampled_from(("3.*", "3.12.*", "!=3.11.*", "*", "~=3.9", "<=3.12.4", "<=3.12.12")),
)
# Not drawn: ">=3.12,<=3.12", which is exact only after its conditions are combined, and "3.12 || <3.12.4", where two
# alternatives contain the same version. Poetry reads them differently, and no project uses them.
PYTHON_KEYS = st.one_of(
    constraints(BOUNDS),
    st.sampled_from(("<=3.9", "<=3.12", "<=3.13")),
    st.lists(EXACT | st.builds("{},{}".format, EXACT, BOUNDS), min_size=1, max_size=3).map(" || ".join),
)


@given(PYTHON_KEYS, st.builds(Target, st.sampled_from(RUNTIMES), st.sampled_from(sorted(MACHINES))))
@example("3.12,>3.12.4", Target("python3.12", "arm64"))
@example("3.12,!=3.12.12", Target("python3.12", "arm64"))
def test_python_key_allows_the_same_interpreters_as_in_poetry(constraint: str, target: Target) -> None:
    """The layer would contain a dependency for another Python."""
    assume(poetry_has_versions(constraint))  # Poetry refuses a constraint that allows no version
    values = target.marker_environment
    allowed = allows_python(constraint, Version(values["python_full_version"]))

    assert allowed is poetry_allows_python(constraint, values)
