"""Version constraints as Poetry writes them: ``^1.2``, ``~1.2``, ``>=1,<2 || >3``, ``1.*``.

The rules are Poetry's (``poetry/core/constraints/version``). For pre-releases, post-releases and local versions they
sometimes differ from PEP 440.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

_ANY = re.compile(r"v?[*xX](\.[*xX])*")
_ALTERNATIVES = re.compile(r"\s*\|\|?\s*")
_SPACE_AFTER_OPERATOR = re.compile(r"(?<=[\^~<>=!])\s+")
_CONDITIONS = re.compile(r"[,\s]+")
_CONDITION = re.compile(r"(?P<operator>\^|~=|~|>=|>|<=|<>|<|!=|===?|=)?(?P<version>[^*]+?)(?P<wildcard>(\.\*)+)?")


class InvalidConstraint(ValueError):  # noqa: N818 - named like packaging's InvalidVersion and InvalidMarker
    """The text is not a version constraint."""


def allows(constraint: str, version: Version) -> bool:
    """Whether a version constraint allows a version.

    Raises:
        InvalidConstraint: the text is not a version constraint.
    """
    return any(_all_allow(conditions, version) for conditions in _parse(constraint))


def has_upper_bound(constraint: str) -> bool:
    """Whether the constraint has an upper bound: a version above all that it allows.

    Raises:
        InvalidConstraint: the text is not a version constraint.
    """
    return all(
        any(all(part.high is not None for part in condition) for condition in conditions)
        for conditions in _parse(constraint)
    )


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


@dataclass(frozen=True)
class _Range:
    """All versions between two bounds. None means that there is no bound on that side."""

    low: Version | None = None
    high: Version | None = None
    low_included: bool = True
    high_included: bool = False
    post_releases_of_low: bool = False

    def allows(self, version: Version) -> bool:
        return self._above_low(version) and self._below_high(version)

    def _above_low(self, version: Version) -> bool:
        if self.low is None:
            return True
        without_post_releases = not self.low_included and not self.post_releases_of_low
        if without_post_releases and version.is_postrelease and not self.low.is_postrelease:
            version = Version(version.base_version)
        version = _without_local(version, self.low)
        return version > self.low or (self.low_included and version == self.low)

    def _below_high(self, version: Version) -> bool:
        if self.high is None:
            return True
        version = _without_local(version, self.high)
        return version < self.high or (self.high_included and version == self.high)


def _without_local(version: Version, bound: Version) -> Version:
    """The version without its local part, unless the bound is a local version itself."""
    return version if bound.local or not version.local else Version(version.public)


_Conditions = tuple[tuple[_Range, ...], ...]


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
        conditions = dict.fromkeys(_condition(text, constraint) for text in texts)
        alternatives.append(_single_exclusion(conditions) or tuple(conditions))
    return tuple(alternatives)


def _single_exclusion(conditions: Iterable[tuple[_Range, ...]]) -> _Conditions | None:
    """The conditions of ``!=1`` on its own. In Poetry it allows 1.0.post1, but ``!=1,<2`` does not."""
    limiting = [condition for condition in conditions if condition != (_Range(),)]
    if len(limiting) == 1 and len(limiting[0]) > 1 and limiting[0][0].high == limiting[0][1].low:
        below, above = limiting[0]
        return ((below, replace(above, post_releases_of_low=True)),)
    return None


def _condition(text: str, constraint: str) -> tuple[_Range, ...]:
    if _ANY.fullmatch(text):
        return (_Range(),)
    match = _CONDITION.fullmatch(text)
    if not match:
        raise _invalid(constraint)
    try:
        version = Version(match["version"])
    except InvalidVersion:
        raise _invalid(constraint) from None
    operator = match["operator"] or "=="
    if match["wildcard"] and operator in {"==", "=", "!=", "==="}:
        return _wildcard(version, inverted=operator == "!=")
    return _comparison(operator, version)


def _invalid(constraint: str) -> InvalidConstraint:
    return InvalidConstraint(f"{constraint!r} is not a version constraint")


def _comparison(operator: str, version: Version) -> tuple[_Range, ...]:
    if operator == "^":
        return (_Range(version, _before(_next_breaking(version))),)
    if operator == "~":
        return (_Range(version, _before(_next(version, 0 if len(version.release) == 1 else 1))),)
    if operator == "~=":
        return (_Range(version, _before(_next(version, max(len(version.release) - 2, 0)))),)
    if operator in {"!=", "<>"}:
        return _Range(high=version), _Range(version, low_included=False)
    return (
        {
            ">": _Range(version, low_included=False),
            ">=": _Range(version),
            "<": _Range(high=_before(version)),
            "<=": _Range(high=version, high_included=True),
        }.get(operator, _Range(version, version, high_included=True)),
    )


def _wildcard(version: Version, *, inverted: bool) -> tuple[_Range, ...]:
    low, high = _before(version), _before(_next(version, len(version.release) - 1))
    return (_Range(high=low), _Range(high)) if inverted else (_Range(low, high),)


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
