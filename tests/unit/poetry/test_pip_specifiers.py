"""Tests of Poetry's version constraints in the form that pip understands."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.poetry.pip_specifiers import pip_specifier


@pytest.mark.parametrize(
    ("constraint", "specifier"),
    [
        ("*", ""),
        ("1.0", "==1.0"),
        ("<2", "<2"),
        (">1,<=2", ">1,<=2"),
        ("^1.0", ">=1.0,<2"),
        ("^0.3", ">=0.3,<0.4"),
        ("~2.0", ">=2.0,<2.1"),
        ("~=2.1", ">=2.1,<3"),
        ("==1.2.*", ">=1.2,<1.3"),
        ("!=1.2.*", "!=1.2.*"),
        ("^1.0,!=1.4,!=1.6", ">=1.0,!=1.4,!=1.6,<2"),
        ("<60 || >=61", "!=60.*"),
        (">=2.0rc1", ">=2.0rc1"),
        ("<60 || >=62", None),
        ("<60 || >62", None),
        ("1.0 || 2.0", None),
        ("<1,>2", None),
    ],
)
def test_specifier_allows_the_same_versions(constraint: str, specifier: str | None) -> None:
    """Pip would reject the constraint, or install another version of a build backend than Poetry does."""
    assert pip_specifier(constraint) == specifier
