"""Tests of version constraints, compared with poetry-core."""

from __future__ import annotations

import pytest
from packaging.version import Version
from property.poetry_core import poetry_allows

from pulumi_poetry_layer.poetry.constraints import InvalidConstraint, allows, allows_python, parse_constraint


@pytest.mark.parametrize(
    ("constraint", "allowed", "refused"),
    [
        ("*", "0 1.0rc1 99", ""),
        ("^1.2.3", "1.2.3 1.9 1.2.3.post1", "1.2.2 2.0 2.0rc1 2.0.dev0"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3 0.3a1"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0.0", "0.0.9", "0.1"),
        ("^0", "0.9", "1.0"),
        ("^1", "1.0 1.99", "2.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3"),
        ("~1.2", "1.2 1.2.9", "1.3"),
        ("~1", "1.0 1.9", "2.0"),
        ("~=1.4.5", "1.4.5 1.4.9", "1.5"),
        ("~=1.4", "1.4 1.9", "2.0"),
        (">=1.0,<2.0", "1.0 1.9", "2.0 2.0b1 0.9"),
        (">= 1.0, < 2.0", "1.0 1.9", "2.0"),
        (">=1.0 <2.0", "1.5", "2.0"),
        ("<1.0 || >=2.0", "0.9 2.0", "1.0 1.5"),
        ("<1.0|>=2.0", "0.9 2.0", "1.5"),
        (">1.0", "1.1 1.0.1", "1.0 1.0.post1 1.0+local"),
        ("<=1.0", "1.0 1.0+local", "1.0.1"),
        ("1.0", "1.0 1.0.0 1.0+local", "1.0.1 1.0.post1"),
        ("==1.0", "1.0", "1.1"),
        ("=1.0", "1.0", "1.1"),
        ("==1.0+cpu", "1.0+cpu", "1.0 1.0+gpu"),
        ("!=1.5", "1.4 1.5.post1 1.6", "1.5 1.5+local"),
        ("!=1.5,<2", "1.4 1.6", "1.5 1.5.post1"),
        ("1.*", "1.0 1.9 1.0rc1", "2.0 2.0rc1"),
        ("==1.2.*", "1.2 1.2.5", "1.3"),
        ("!=1.2.*", "1.1 1.3", "1.2 1.2.5"),
        (">=1.0,!=1.3,<2", "1.2 1.4", "1.3 2"),
        (">=2!1.0", "2!1.0", "3.0"),
        (">=1.0,", "1.0", "0.9"),
    ],
)
def test_constraint_allows_the_same_versions_as_in_poetry(constraint: str, allowed: str, refused: str) -> None:
    """The layer would contain a different version than Poetry installs, or none."""
    assert [v for v in allowed.split() if not allows(constraint, Version(v))] == []
    assert [v for v in refused.split() if allows(constraint, Version(v))] == []
    assert [v for v in f"{allowed} {refused}".split() if poetry_allows(constraint, v)] == allowed.split()


@pytest.mark.parametrize("constraint", ["", "latest", "^", ">=one", "1..2", "1.0 - 2.0"])
def test_invalid_constraint_is_an_error(constraint: str) -> None:
    """A typo would allow every version or none."""
    with pytest.raises(InvalidConstraint, match="is not a version constraint"):
        allows(constraint, Version("1.0"))


@pytest.mark.parametrize(
    ("constraint", "bounded"),
    [("*", False), (">=1", False), ("<2", True), ("^1", True), ("==1", True), ("!=1", False), ("<1 || >2", False)],
)
def test_upper_bound_is_found(constraint: str, bounded: bool) -> None:
    """The solver would decide in a different order than Poetry's and choose other versions."""
    assert parse_constraint(constraint).has_upper_bound is bounded


@pytest.mark.parametrize(
    ("constraint", "python", "allowed"),
    [
        ("^3.9", "3.12.12", True),
        (">=3.9,<3.12", "3.12.12", False),
        ("3.12", "3.12.12", True),
        ("3.12.*", "3.12.12", True),
        ("3.12.4", "3.12.12", False),
        ("<=3.12", "3.12.12", False),
        ("<3.8 || >=3.11", "3.12.12", True),
        ("3.12,<3.12.4", "3.12.12", True),
        ("3.12,>3.12.4", "3.12.12", False),
    ],
)
def test_python_key_of_a_dependency_allows_an_interpreter(constraint: str, python: str, allowed: bool) -> None:
    """A dependency for another Python version would be in the layer, or one for this version would be missing."""
    assert allows_python(constraint, Version(python)) is allowed


@pytest.mark.parametrize("constraint", ["^" + "9" * 4300, "9" * 5000, "~=1." + "9" * 5000], ids=range(3))
def test_very_long_version_in_a_constraint_is_refused(constraint: str) -> None:
    """Python cannot convert numbers of more than 4,300 digits, so a lock file could end a preview with a traceback."""
    with pytest.raises(InvalidConstraint):
        parse_constraint(constraint)
