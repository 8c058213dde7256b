"""Adds the details in ``[tool.poetry]`` to the dependencies in ``[project]`` and ``[dependency-groups]``.

The rules are those of ``DependencyGroup.dependencies_for_locking`` in ``poetry/core/packages/dependency_group.py``.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from pulumi_poetry_layer.poetry.applicability import apply_alike, can_apply
from pulumi_poetry_layer.poetry.markers import ANY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulumi_poetry_layer.poetry.dependencies import Dependency

_ANY = "*"


def enriched(standard: Sequence[Dependency], details: Sequence[Dependency]) -> tuple[Dependency, ...]:
    """The standard dependencies, with sources and markers from Poetry's dependencies with the same names.

    If there are no standard dependencies, these are Poetry's dependencies.

    Args:
        standard: the dependencies in the standard tables.
        details: the dependencies in ``[tool.poetry]``.
    """
    return tuple(_enriched(standard, details)) if standard and details else tuple(standard or details)


def _enriched(standard: Iterable[Dependency], details: Sequence[Dependency]) -> Iterator[Dependency]:
    for dependency in standard:
        found = [
            _with_detail(conditional, detail)
            for detail in details
            if detail.name == dependency.name and (conditional := _with_conditions(dependency, detail))
        ]
        yield from found or [dependency]


def _with_conditions(dependency: Dependency, detail: Dependency) -> Dependency | None:
    """The dependency with the conditions of both. None if they contradict each other: Poetry ignores such a detail."""
    if detail.marker in ANY and detail.python == _ANY and not detail.platform:
        return dependency
    markers = [dependency.marker, " or ".join(f'extra == "{extra}"' for extra in sorted(dependency.in_extras))]
    both = replace(dependency, marker=_all_of(*markers, detail.marker), python=detail.python, platform=detail.platform)
    if not can_apply(both):
        return None
    return dependency if apply_alike(both, replace(dependency, marker=_all_of(*markers))) else both


def _with_detail(dependency: Dependency, detail: Dependency) -> Dependency:
    return replace(
        dependency if dependency.origin else detail,
        extras=dependency.extras,
        optional=dependency.optional,
        in_extras=dependency.in_extras,
        constraint=_both_constraints(dependency.constraint, detail.constraint),
        marker=dependency.marker,
        python=dependency.python,
        platform=dependency.platform,
    )


def _all_of(*markers: str) -> str:
    return " and ".join(f"({marker})" for marker in markers if marker not in ANY)


def _both_constraints(first: str, second: str) -> str:
    if _ANY in (first, second):
        return second if first == _ANY else first
    return " || ".join(f"{one},{other}" for one, other in product(first.split("||"), second.split("||")))
