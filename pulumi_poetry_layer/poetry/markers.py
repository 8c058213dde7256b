"""Environment markers, evaluated for a target by Poetry's rules.

Poetry and ``packaging`` differ in some points. This module therefore walks the parsed marker itself and leaves only
single comparisons of versions to ``packaging``.

- In Poetry the value of ``extra`` is the *set* of requested extras, so ``extra == "a" and extra == "b"`` can be true.
- In Poetry ``sys_platform in "linux darwin"`` looks for a whole word of the list. ``packaging`` looks for a substring.
- In Poetry ``===`` is the same as ``==`` for texts such as ``sys_platform``, and invalid for versions. All comparisons
  of order are false for texts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from packaging.markers import InvalidMarker, Marker
from packaging.version import Version

from pulumi_poetry_layer.names import normalized
from pulumi_poetry_layer.poetry.constraints import allows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

ANY = frozenset({"", "*"})
"""Markers that are always true."""

EMPTY = "<empty>"
"""How Poetry writes a marker that is never true."""

_EXTRA = re.compile(r"\bextra\b")
_LIST_SEPARATOR = re.compile(r"[ ,|]+")
_VERSIONS = frozenset({"python_version", "python_full_version", "platform_release"})
_EQUALITY = frozenset({"==", "==="})
_EXTRA_OPERATORS = _EQUALITY | {"!=", "in", "not in"}
_MINOR_PRECISION = 2  # a version with fewer dots than this ("3.12") stands for all of its patch releases


class MarkerEnvironment:
    """The values of the environment markers on a target, and the requested extras.

    Args:
        values: marker name → value, without ``extra``.
        extras: normalized names of the requested extras; None if every comparison with an extra is true.
    """

    def __init__(self, values: Mapping[str, str], extras: Set[str] | None = frozenset()) -> None:
        self._values = dict(values)
        self._extras = extras
        self._comparisons: dict[tuple[str, str, str], bool] = {}

    def with_extras(self, extras: Set[str] | None) -> MarkerEnvironment:
        """The same target with different extras."""
        other = MarkerEnvironment(self._values, extras)
        other._comparisons = self._comparisons  # comparisons do not depend on extras
        return other

    @property
    def python(self) -> Version:
        """The full version of the interpreter."""
        return Version(self._values["python_full_version"])

    @property
    def platform(self) -> str:
        """``sys.platform`` of the interpreter."""
        return self._values["sys_platform"]

    def holds(self, marker: str) -> bool:
        """Whether a marker is true in this environment.

        Raises:
            InvalidMarker: the text is not a marker (PEP 508), or it compares values that cannot be compared.
        """
        if marker in ANY:
            return True
        if marker == EMPTY:
            return False
        return self._any(_parse(marker))

    def _any(self, tree: list[Any]) -> bool:
        """Evaluate a parsed marker: comparisons and nested lists joined by "and" and "or"; "and" binds more tightly."""
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
            names = _extra_names(right if left == "extra" else left)
            return self._extras.isdisjoint(names) == (operator in {"!=", "not in"})
        key = (left, operator, right)
        if key not in self._comparisons:
            try:
                self._comparisons[key] = self._evaluate(left, operator, right)
            except ValueError as error:  # such as InvalidConstraint, or a number of more than 4,300 digits
                raise InvalidMarker(str(error)) from error
        return self._comparisons[key]

    def _evaluate(self, left: str, operator: str, right: str) -> bool:
        if operator in {"in", "not in"} and left in self._values:
            listed = _LIST_SEPARATOR.split(_unquoted(right))
            return _is_listed(left, self._values[left], listed) == (operator == "in")
        name, text = (left, right) if left in self._values else (right, left)
        if name in self._values and name not in _VERSIONS and operator not in {"in", "not in"}:
            is_equal = self._values[name] == _unquoted(text)
            return is_equal if operator in _EQUALITY else operator == "!=" and not is_equal
        return Marker(f"{left} {operator} {right}").evaluate(self._values)


def check_marker(marker: str) -> None:
    """Check a marker without evaluating it.

    Raises:
        InvalidMarker: the text is not a marker, or Poetry does not accept one of its comparisons.
    """
    if marker not in ANY and marker != EMPTY:
        _parse(marker)


def names_extras(marker: str) -> bool:
    """Whether a marker compares with an extra; to Poetry that makes a dependency an optional one."""
    return _EXTRA.search(marker) is not None


def extras_in(marker: str) -> frozenset[str]:
    """Normalized names of the extras that a marker requests.

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


def comparisons(marker: str) -> list[tuple[str, str, str]]:
    """The comparisons in a marker, as (left, operator, right); texts have their quotes.

    Raises:
        InvalidMarker: the text is not a marker.
    """
    return [] if marker in ANY or marker == EMPTY else list(_comparisons(_parse(marker)))


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
    try:
        tree = Marker(marker)._markers  # packaging has no public name for it; test_markers.py checks its structure
    except RecursionError as error:  # before packaging 26
        raise InvalidMarker("it is nested too deep") from error
    except InvalidMarker as error:
        raise InvalidMarker(str(error).partition("\n")[0]) from error  # without the picture of where it is wrong
    for left, operator, right in _comparisons(tree):
        names = {left, right}
        if (operator == "===" and names & _VERSIONS) or ("extra" in names and operator not in _EXTRA_OPERATORS):
            raise InvalidMarker(f"{operator!r} is not allowed in {f'{left} {operator} {right}'!r}")
    return tree
