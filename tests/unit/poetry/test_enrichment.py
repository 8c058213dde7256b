"""Tests of what ``[tool.poetry]`` adds to standard dependencies."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.poetry.dependencies import Dependency
from pulumi_poetry_layer.poetry.enrichment import enriched


def test_one_table_alone_is_used_as_it_is() -> None:
    """Dependencies of projects with only one of the tables would be missing."""
    a, b = Dependency(name="a"), Dependency(name="b")

    assert enriched([a, b], []) == (a, b)
    assert enriched([], [a, b]) == (a, b)


def test_details_without_a_standard_dependency_are_ignored() -> None:
    """A package that Poetry ignores would be in the layer."""
    assert enriched([Dependency(name="a")], [Dependency(name="b")]) == (Dependency(name="a"),)


def test_source_is_added() -> None:
    """The package would come from another index than the one that the user chose."""
    standard = Dependency(name="a", constraint=">=1", extras=frozenset({"x"}), marker='os_name == "posix"')

    (found,) = enriched([standard], [Dependency(name="a", source="inner")])

    assert found == Dependency(
        name="a", constraint=">=1", extras=frozenset({"x"}), marker='os_name == "posix"', source="inner"
    )


def test_conditions_are_combined() -> None:
    """A package for another platform would be in the layer."""
    standard = Dependency(
        name="a", marker='os_name == "posix"', optional=True, in_extras=frozenset({"two", "one"}), constraint="<2"
    )
    details = [
        Dependency(name="a", marker='sys_platform == "linux" or sys_platform == "darwin"', constraint=">=1 || <0.5"),
        Dependency(name="a", python="<3.12", platform="win32"),
    ]

    first, second = enriched([standard], details)

    assert first.marker == (
        '(os_name == "posix") and (extra == "one" or extra == "two") and '
        '(sys_platform == "linux" or sys_platform == "darwin")'
    )
    assert first.constraint == "<2,>=1  || <2, <0.5"
    assert (second.python, second.platform, second.constraint) == ("<3.12", "win32", "<2")
    assert first.optional
    assert second.in_extras == {"one", "two"}


@pytest.mark.parametrize("detail", [Dependency(name="a", origin="path", address="../a"), Dependency(name="a")])
def test_address_of_the_standard_dependency_is_kept(detail: Dependency) -> None:
    """The package would come from another place than the one that the lock file has."""
    standard = Dependency(name="a", origin="git", address="https://git.invalid/a")

    (found,) = enriched([standard], [detail])

    assert (found.origin, found.address) == ("git", "https://git.invalid/a")
