"""Version constraints as Poetry writes them: ``^1.2``, ``~1.2``, ``>=1,<2 || >3``, ``1.*``.

The rules are Poetry's (``poetry/core/constraints/version``). For pre-releases, post-releases and local versions they
sometimes differ from PEP 440.
"""

from __future__ import annotations

import re
from functools import lru_cache, reduce

from packaging.version import Version

from pulumi_poetry_layer.poetry.version_sets import VersionSet, union_of
from pulumi_poetry_layer.poetry.version_spans import Span

_ANY = re.compile(r"v?[*xX](\.[*xX])*")
_ALTERNATIVES = re.compile(r"\s*\|\|?\s*")
_SPACE_AFTER_OPERATOR = re.compile(r"(?<=[\^~<>=!])\s+")
_CONDITIONS = re.compile(r"[,\s]+")
_CONDITION = re.compile(r"(?P<operator>\^|~=|~|>=|>|<=|<>|<|!=|===?|=)?(?P<version>[^*]+?)(?P<wildcard>(\.\*)+)?")


class InvalidConstraint(ValueError):  # noqa: N818 - named like packaging's InvalidVersion and InvalidMarker
    """The text is not a version constraint."""


@lru_cache(maxsize=16384)
def parse_constraint(constraint: str) -> VersionSet:
    """The versions that a constraint allows.

    Raises:
        InvalidConstraint: the text is not a constraint.
    """
    alternatives = [reduce(VersionSet.intersect, map(VersionSet, conditions)) for conditions in _parse(constraint)]
    return alternatives[0] if len(alternatives) == 1 else union_of(alternatives)


def allows(constraint: str, version: Version) -> bool:
    """Whether a version constraint allows a version.

    Raises:
        InvalidConstraint: the text is not a version constraint.
    """
    return parse_constraint(constraint).allows(version)


def allows_python(constraint: str, python: Version) -> bool:
    """Whether the ``python`` key of a dependency allows an interpreter.

    Poetry converts the key to markers. There, an exact version without a patch number (``python = "3.12"``) means every
    patch release of that version.

    Args:
        constraint: the value of the key.
        python: the full version of the interpreter.

    Raises:
        InvalidConstraint: the text is not a version constraint.
    """
    minor = Version(f"{python.major}.{python.minor}")
    return any(
        _all_allow(conditions, minor if _pins_minor_version(conditions) else python)
        for conditions in _parse(constraint)
    )


_Conditions = tuple[tuple[Span, ...], ...]


def _all_allow(conditions: _Conditions, version: Version) -> bool:
    return all(any(part.allows(version) for part in condition) for condition in conditions)


def _pins_minor_version(conditions: _Conditions) -> bool:
    """Whether one of the conditions is an exact version without a patch number."""
    parts = [part for condition in conditions for part in condition]
    return any(
        part.low and part.low == part.high and len(part.low.release) <= len(("major", "minor")) for part in parts
    )


@lru_cache(maxsize=4096)
def _parse(constraint: str) -> tuple[_Conditions, ...]:
    """The alternatives of a constraint. Each is a list of conditions, and each condition is a union of ranges.

    A version must match all conditions of at least one alternative.
    """
    alternatives = []
    for part in _ALTERNATIVES.split(constraint.strip()):
        texts = [text for text in _CONDITIONS.split(_SPACE_AFTER_OPERATOR.sub("", part)) if text]
        if not texts:
            raise _invalid(constraint)
        alternatives.append(tuple(dict.fromkeys(_condition(text, constraint) for text in texts)))
    return tuple(alternatives)


def _condition(text: str, constraint: str) -> tuple[Span, ...]:
    if _ANY.fullmatch(text):
        return (Span(),)
    match = _CONDITION.fullmatch(text)
    if not match:
        raise _invalid(constraint)
    try:
        version, operator = Version(match["version"]), match["operator"] or "=="
        if match["wildcard"] and operator in {"==", "=", "!=", "==="}:
            return _wildcard(version, inverted=operator == "!=")
        return _comparison(operator, version)
    except ValueError:  # not only InvalidVersion: Python converts no number of more than 4,300 digits
        raise _invalid(constraint) from None


def _invalid(constraint: str) -> InvalidConstraint:
    return InvalidConstraint(f"{constraint!r} is not a version constraint")


def _comparison(operator: str, version: Version) -> tuple[Span, ...]:
    if operator == "^":
        return (_from(version, _next_breaking(version)),)
    if operator == "~":
        return (_from(version, _next(version, 0 if len(version.release) == 1 else 1)),)
    if operator == "~=":
        return (_from(version, _next(version, max(len(version.release) - 2, 0))),)
    if operator in {"!=", "<>"}:
        return Span(high=version), Span(low=version)
    return (
        {
            ">": Span(low=version),
            ">=": Span(low=version, low_included=True),
            "<": Span(high=_before(version)),
            "<=": Span(high=version, high_included=True),
        }.get(operator, Span(version, version, low_included=True, high_included=True)),
    )


def _from(low: Version, high: Version) -> Span:
    return Span(low, _before(high), low_included=True)


def _wildcard(version: Version, *, inverted: bool) -> tuple[Span, ...]:
    low, high = _before(version), _before(_next(version, len(version.release) - 1))
    if inverted:
        return Span(high=low), Span(low=high, low_included=True)
    return (Span(low, high, low_included=True),)


def _next_breaking(version: Version) -> Version:
    """The first release that a caret does not allow: its leftmost number that is not zero, plus one."""
    release = version.release
    position = next((index for index, number in enumerate(release[:3]) if number), min(len(release), 3) - 1)
    return _next(version, position)


def _next(version: Version, position: int) -> Version:
    release = (*version.release[:position], version.release[position] + 1)
    return Version(f"{version.epoch}!{'.'.join(map(str, release))}")


def _before(version: Version) -> Version:
    """The first development release of a version: an upper bound that excludes its pre-releases too."""
    return version if version.is_prerelease else Version(f"{version.public}.dev0")
