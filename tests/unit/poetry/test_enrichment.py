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


def test_marker_that_is_always_true_adds_nothing() -> None:
    """A project would be refused because of an invalid marker."""
    standard = Dependency(name="a", marker='os_name == "posix"')
    details = [Dependency(name="a", marker="*", source="inner"), Dependency(name="a", marker="*", python="<3.12")]

    first, second = enriched([standard], details)

    assert (first.marker, second.marker) == ('os_name == "posix"', '(os_name == "posix")')


@pytest.mark.parametrize("detail", [Dependency(name="a", origin="path", address="../a"), Dependency(name="a")])
def test_address_of_the_standard_dependency_is_kept(detail: Dependency) -> None:
    """The package would come from another place than the one that the lock file has."""
    standard = Dependency(name="a", origin="git", address="https://git.invalid/a")

    (found,) = enriched([standard], [detail])

    assert (found.origin, found.address) == ("git", "https://git.invalid/a")


@pytest.mark.parametrize(
    "detail",
    [
        Dependency(name="a", python="<3.12"),
        Dependency(name="a", marker='python_full_version < "3.12.0"'),
        Dependency(name="a", platform="win32"),
        Dependency(name="a", marker='extra == "other" and extra != "other"'),
    ],
)
def test_detail_that_contradicts_the_standard_dependency_is_ignored(detail: Dependency) -> None:
    """A package that Poetry installs would be missing in the layer."""
    standard = Dependency(name="a", marker='python_version == "3.12" and sys_platform != "win32"')

    assert enriched([standard], [detail]) == (standard,)
    assert len(enriched([standard], [detail, Dependency(name="a", source="inner")])) == 1


def test_detail_that_adds_no_condition_does_not_add_the_extras_either() -> None:
    """Poetry's solver would see a requirement that is missing here, and choose other versions."""
    standard = Dependency(
        name="a", marker='sys_platform == "linux"', optional=True, in_extras=frozenset({"one"}), constraint=">=1"
    )

    (same,) = enriched([standard], [Dependency(name="a", marker='sys_platform != "win32"', source="inner")])
    (narrower,) = enriched([standard], [Dependency(name="a", python="<3.12")])

    assert (same.marker, same.source) == (standard.marker, "inner")
    assert narrower.marker == '(sys_platform == "linux") and (extra == "one")'


def test_conditions_with_very_many_cases_are_kept() -> None:
    """Reading a pyproject.toml could take minutes."""
    many = " or ".join(f'platform_machine == "{number}" and os_name == "{number}"' for number in range(200))
    standard = Dependency(name="a", marker=many, in_extras=frozenset(map(str, range(20))))

    (found,) = enriched([standard], [Dependency(name="a", platform="linux")])

    assert found.platform == "linux"
