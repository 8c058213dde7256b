"""Tests of environment markers by Poetry's rules."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.markers import InvalidMarker, Marker

from pulumi_poetry_layer.plan.target import Target
from pulumi_poetry_layer.poetry.markers import MarkerEnvironment, check_marker, extras_in

VALUES = Target("python3.12", "x86_64").marker_environment


@pytest.mark.parametrize(
    ("marker", "extras", "holds"),
    [
        ('extra == "a"', set(), False),
        ('extra == "a"', {"a"}, True),
        ('extra == "a" and extra == "b"', {"a"}, False),
        ('extra == "a" and extra == "b"', {"a", "b"}, True),
        ('extra == "a" or extra == "b"', {"b"}, True),
        ('extra != "a"', {"a", "b"}, False),
        ('extra != "a"', {"b"}, True),
        ('extra != "a" and extra == "b"', {"a", "b"}, False),
        ('"a" == extra', {"a"}, True),
        ('extra == "My_Extra"', {"my-extra"}, True),
        ('extra == "a" and sys_platform == "win32"', {"a"}, False),
        ('(extra == "a" or extra == "b") and python_version >= "3.10"', {"b"}, True),
    ],
)
def test_marker_compares_with_the_set_of_extras(marker: str, extras: set[str], holds: bool) -> None:
    """A package that needs two extras together would be missing from the layer, or be there without them."""
    assert MarkerEnvironment(VALUES, extras).holds(marker) is holds


@pytest.mark.parametrize("extras", [set(), {"a"}, {"a", "b"}])
def test_comparison_with_an_extra_is_true_if_extras_are_none(extras: set[str]) -> None:
    """A dependency that an extra adds would be missing from the dependency graph."""
    environment = MarkerEnvironment(VALUES, extras).with_extras(None)

    assert environment.holds('extra == "z"')
    assert environment.holds('extra != "a"')
    assert not environment.holds('extra == "a" and sys_platform == "win32"')


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("", True),
        ("*", True),
        ("<empty>", False),
        ('sys_platform == "linux"', True),
        ('sys_platform == "linux" or python_version < "3" and os_name == "nt"', True),
        ('python_version < "3" and os_name == "nt" or sys_platform == "linux"', True),
        ('python_version < "3" and (os_name == "nt" or sys_platform == "linux")', False),
        ('sys_platform in "linux darwin"', True),
        ('sys_platform in "linux2 darwin"', False),
        ('sys_platform not in "linux2,darwin"', True),
        ('"linux" in sys_platform', True),
        ('"win" in sys_platform', False),
        ('platform_machine in "x86_64|aarch64"', True),
        ('python_version in "3.11, 3.12"', True),
        ('python_version not in "3.11, 3.12"', False),
        ('python_version in "3.1"', False),
        ('python_full_version in "3.12"', True),
        ('python_full_version not in "3.12.0"', True),
        ('python_version >= "3.9"', True),
        ('python_version > "3.12"', False),
        ('python_version ~= "3.11"', True),
        ('python_version == "3.*"', True),
        ('"3.10" <= python_version', True),
        ('sys_platform == "extra"', False),
        ('"extra" != sys_platform', True),
        ('python_implementation == "CPython"', True),
        ('sys_platform === "linux"', True),
        ('"win32" === sys_platform', False),
        ('sys_platform ~= "linux"', False),
        ('platform_machine >= "x86_64"', False),
        ('implementation_version >= "3.9"', False),
    ],
)
def test_marker_is_true_or_false_as_in_poetry(marker: str, holds: bool) -> None:
    """The layer would contain other packages than `poetry install` installs in the runtime."""
    assert MarkerEnvironment(VALUES).holds(marker) is holds


@pytest.mark.parametrize(
    "marker",
    [
        "nonsense",
        'python_version >= "3.9',
        'color == "red"',
        'python_version === "3.12"',
        'os_name == "nt" and python_full_version === "3.12.4"',
        '"3.12" === python_version',
        'extra >= "a"',
    ],
)
def test_invalid_marker_is_an_error(marker: str) -> None:
    """A package with an invalid marker would be missing from the layer without an error."""
    with pytest.raises(InvalidMarker):
        MarkerEnvironment(VALUES).holds(marker)
    with pytest.raises(InvalidMarker):
        check_marker(marker)


@pytest.mark.parametrize(
    ("marker", "extras"),
    [
        ("", set()),
        ('sys_platform == "linux"', set()),
        ('sys_platform == "extra"', set()),
        ('extra == "A_b"', {"a-b"}),
        ('python_version < "4" and (extra == "a" or extra == "b")', {"a", "b"}),
        ('extra != "a"', set()),
    ],
)
def test_extras_that_a_marker_requests(marker: str, extras: set[str]) -> None:
    """Optional dependencies of a package would always be in the layer."""
    assert extras_in(marker) == extras


def test_parsed_marker_of_packaging_has_the_expected_structure() -> None:
    """A new release of `packaging` could change the structure, and markers would be evaluated wrongly."""
    tree: list[Any] = Marker('extra == "a" and (os_name == "nt" or os_name == "x")')._markers

    assert [part.serialize() for part in tree[0]] == ["extra", "==", '"a"']
    assert tree[1] == "and"
    assert tree[2][1] == "or"


def test_results_for_one_target_are_not_reused_for_another() -> None:
    """The second layer of a program would contain packages for the architecture of the first."""
    marker = 'platform_machine == "x86_64"'

    assert MarkerEnvironment(VALUES).holds(marker)
    assert not MarkerEnvironment(Target("python3.12", "arm64").marker_environment).holds(marker)


@pytest.mark.parametrize("name", ["python_full_version", "python_version"])
@pytest.mark.parametrize("operator", ["==", "<", "in"])
def test_very_long_version_in_a_marker_is_refused(name: str, operator: str) -> None:
    """Python cannot convert numbers of more than 4,300 digits, so a lock file could end a preview with a traceback."""
    with pytest.raises(InvalidMarker):
        MarkerEnvironment(VALUES).holds(f"{name} {operator} '{'9' * 5000}'")
