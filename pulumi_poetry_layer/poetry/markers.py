"""Environment markers as Poetry's lock file uses them, evaluated for a target.

Poetry differs from ``packaging`` in two points, so the tree is walked here and only single comparisons are left to
``packaging``. A locked marker may ask for several extras at once (``extra == "a" and extra == "b"``): in Poetry the
value of ``extra`` is the *set* of requested extras. And ``sys_platform in "linux darwin"`` looks for a whole word of
the list where ``packaging`` looks for any part of the text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.version import Version

from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.poetry.constraints import InvalidConstraint, allows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

ANY = frozenset({"", "*"})
"""Spellings of the marker that always holds."""

EMPTY = "<empty>"
"""How Poetry writes a marker that never holds."""

_LIST_SEPARATOR = re.compile(r"[ ,|]+")
_VERSIONS = frozenset({"python_version", "python_full_version", "platform_release"})
_MINOR_PRECISION = 2  # a listed version of at most so many numbers stands for all releases that begin with it


class MarkerEnvironment:
    """The markers' values on a target, and the extras that are asked for.

    Args:
        values: marker name → value, without ``extra``.
        extras: normalized names of the extras that are asked for; None when every comparison with an extra holds.
    """

    def __init__(self, values: Mapping[str, str], extras: Set[str] | None = frozenset()) -> None:
        self._values = dict(values)
        self._extras = extras
        self._comparisons: dict[tuple[str, str, str], bool] = {}

    def with_extras(self, extras: Set[str] | None) -> MarkerEnvironment:
        """The same target with other extras."""
        other = MarkerEnvironment(self._values, extras)
        other._comparisons = self._comparisons  # comparisons do not depend on extras
        return other

    @property
    def python(self) -> Version:
        """The interpreter's full version."""
        return Version(self._values["python_full_version"])

    @property
    def platform(self) -> str:
        """The interpreter's ``sys.platform``."""
        return self._values["sys_platform"]

    def holds(self, marker: str) -> bool:
        """Whether the marker is true here.

        Raises:
            InvalidMarker: the text is not a marker (PEP 508), or compares what cannot be compared.
        """
        if marker in ANY:
            return True
        if marker == EMPTY:
            return False
        return self._any(_parse(marker))

    def _any(self, tree: list[Any]) -> bool:
        """A parsed marker: comparisons and sub-lists joined by "and" and "or", "and" binding closer."""
        alternatives = [True]
        for node in tree:
            if node == "or":
                alternatives.append(True)
            elif node != "and" and alternatives[-1]:
                alternatives[-1] = self._any(node) if isinstance(node, list) else self._compares(node)
        return any(alternatives)

    def _compares(self, comparison: tuple[Any, Any, Any]) -> bool:
        left, operator, right = (part.serialize() for part in comparison)
        if "extra" in (left, right):
            if self._extras is None:
                return True
            asked = _extra_names(right if left == "extra" else left)
            return self._extras.isdisjoint(asked) == (operator in {"!=", "not in"})
        key = (left, operator, right)
        if key not in self._comparisons:
            try:
                self._comparisons[key] = self._evaluate(left, operator, right)
            except (InvalidConstraint, UndefinedComparison, UndefinedEnvironmentName) as error:
                raise InvalidMarker(str(error)) from error
        return self._comparisons[key]

    def _evaluate(self, left: str, operator: str, right: str) -> bool:
        if operator in {"in", "not in"} and left in self._values:
            listed = _LIST_SEPARATOR.split(_unquoted(right))
            return _is_listed(left, self._values[left], listed) == (operator == "in")
        return Marker(f"{left} {operator} {right}").evaluate(self._values)


def extras_in(marker: str) -> frozenset[str]:
    """Normalized names of the extras a marker asks for.

    Raises:
        InvalidMarker: the text is not a marker.
    """
    if "extra" not in marker:
        return frozenset()
    return frozenset(
        name
        for left, operator, right in _comparisons(_parse(marker))
        if "extra" in (left, right) and operator in {"==", "in"}
        for name in _extra_names(right if left == "extra" else left)
    )


def _comparisons(tree: list[Any]) -> Iterator[tuple[str, str, str]]:
    for node in tree:
        if isinstance(node, list):
            yield from _comparisons(node)
        elif isinstance(node, tuple):
            left, operator, right = (part.serialize() for part in node)
            yield left, operator, right


def _extra_names(quoted: str) -> frozenset[str]:
    return frozenset(normalized(name) for name in _LIST_SEPARATOR.split(_unquoted(quoted)))


def _is_listed(name: str, value: str, listed: list[str]) -> bool:
    if name not in _VERSIONS:
        return value in listed
    return any(
        allows(f"{entry}.*" if entry.count(".") < _MINOR_PRECISION else f"=={entry}", Version(value))
        for entry in listed
    )


def _unquoted(text: str) -> str:
    return text[1:-1]


@lru_cache(maxsize=4096)
def _parse(marker: str) -> list[Any]:
    # The parsed tree has no public name in packaging; test_markers.py pins its shape.
    return Marker(marker)._markers
