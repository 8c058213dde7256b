"""Adds the details in ``[tool.poetry]`` to the dependencies in ``[project]`` and ``[dependency-groups]``.

The rules are those of ``DependencyGroup.dependencies_for_locking`` in ``poetry/core/packages/dependency_group.py``.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

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


def _enriched(standard: Iterable[Dependency], details: Iterable[Dependency]) -> Iterator[Dependency]:
    for dependency in standard:
        of_same_name = [detail for detail in details if detail.name == dependency.name]
        if of_same_name:
            yield from (_with_detail(dependency, detail) for detail in of_same_name)
        else:
            yield dependency


def _with_detail(dependency: Dependency, detail: Dependency) -> Dependency:
    is_conditional = bool(detail.marker) or detail.python != _ANY or bool(detail.platform)
    return replace(
        dependency if dependency.origin else detail,
        extras=dependency.extras,
        optional=dependency.optional,
        in_extras=dependency.in_extras,
        constraint=_both_constraints(dependency.constraint, detail.constraint),
        marker=_all_markers(dependency, detail) if is_conditional else dependency.marker,
        python=detail.python,
        platform=detail.platform,
    )


def _all_markers(dependency: Dependency, detail: Dependency) -> str:
    in_extras = " or ".join(f'extra == "{extra}"' for extra in sorted(dependency.in_extras))
    markers = [marker for marker in (dependency.marker, in_extras, detail.marker) if marker]
    return " and ".join(f"({marker})" for marker in markers)


def _both_constraints(first: str, second: str) -> str:
    if _ANY in (first, second):
        return second if first == _ANY else first
    return " || ".join(f"{one},{other}" for one, other in product(first.split("||"), second.split("||")))
