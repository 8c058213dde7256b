"""Environment markers as Poetry's lock file uses them, evaluated for a target.

A locked marker may ask for several extras at once (``extra == "a" and extra == "b"``): in Poetry the value of
``extra`` is the *set* of requested extras. ``packaging`` compares ``extra`` with one value at a time, so the tree is
walked here and only its single comparisons are left to ``packaging``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Set

ANY = frozenset({"", "*"})
"""Spellings of the marker that always holds."""

EMPTY = "<empty>"
"""How Poetry writes a marker that never holds."""


class MarkerEnvironment:
    """The markers' values on a target, and the extras that are asked for.

    Args:
        values: marker name → value, without ``extra``.
        extras: normalised names of the extras that are asked for.
    """

    def __init__(self, values: Mapping[str, str], extras: Set[str] = frozenset()) -> None:
        self._values = dict(values)
        self._extras = frozenset(extras)
        self._comparisons: dict[tuple[str, str, str], bool] = {}

    def with_extras(self, extras: Set[str]) -> MarkerEnvironment:
        """The same target with other extras."""
        other = MarkerEnvironment(self._values, extras)
        other._comparisons = self._comparisons  # comparisons do not depend on extras
        return other

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
        if left == "extra" or right == "extra":
            name = canonicalize_name((right if left == "extra" else left).strip("\"'"))
            return (name in self._extras) == (operator in {"==", "in"})
        key = (left, operator, right)
        if key not in self._comparisons:
            try:
                self._comparisons[key] = Marker(f"{left} {operator} {right}").evaluate(self._values)
            except (UndefinedComparison, UndefinedEnvironmentName) as error:
                raise InvalidMarker(str(error)) from error
        return self._comparisons[key]


@lru_cache(maxsize=4096)
def _parse(marker: str) -> list[Any]:
    # The parsed tree has no public name in packaging; test_markers.py pins its shape.
    return Marker(marker)._markers
