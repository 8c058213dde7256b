"""Constraints and markers as poetry-core evaluates them: the reference for this package."""

from __future__ import annotations

from collections.abc import Mapping, Set

from poetry.core.constraints.version import Version, parse_constraint
from poetry.core.packages.utils.utils import create_nested_marker
from poetry.core.version.markers import parse_marker


def poetry_allows(constraint: str, version: str) -> bool:
    """Whether a version constraint allows a version."""
    return parse_constraint(constraint).allows(Version.parse(version))


def poetry_has_upper_bound(constraint: str) -> bool:
    """Whether a version constraint has an upper bound."""
    return parse_constraint(constraint).has_upper_bound()


def poetry_has_versions(constraint: str) -> bool:
    """Whether a version constraint allows at least one version."""
    return not parse_constraint(constraint).is_empty()


def poetry_allows_python(constraint: str, values: Mapping[str, str]) -> bool:
    """Whether a dependency with this ``python`` key applies where the markers have these values."""
    marker = create_nested_marker("python_version", parse_constraint(constraint))
    return parse_marker(marker).validate(values)


def poetry_can_hold(marker: str) -> bool:
    """Whether there is a target on which a marker is true."""
    return not parse_marker(marker).is_empty()


def poetry_holds(marker: str, values: Mapping[str, str], extras: Set[str] | None) -> bool:
    """Whether a marker is true with these extras. If they are None, comparisons with extras are ignored."""
    return parse_marker(marker).validate(values if extras is None else {**values, "extra": set(extras)})
