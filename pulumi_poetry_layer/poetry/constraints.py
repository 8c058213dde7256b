"""Version constraints as Poetry writes them: ``^1.2``, ``~1.2``, ``>=1,<2 || >3``, ``1.*``.

What a constraint allows is what Poetry says it allows (``poetry/core/constraints/version``), which near pre-, post-
and local releases is not always what PEP 440 says.
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
        InvalidConstraint: the text is not a constraint.
    """
    return any(_all_allow(conditions, version) for conditions in _parse(constraint))


def has_upper_bound(constraint: str) -> bool:
    """Whether there is a version above all that the constraint allows.

    Raises:
        InvalidConstraint: the text is not a constraint.
    """
    return all(
        any(all(part.high is not None for part in condition) for condition in conditions)
        for conditions in _parse(constraint)
    )


def allows_python(constraint: str, python: Version) -> bool:
    """Whether a dependency's ``python`` key allows an interpreter.

    Poetry turns that key into markers, where a single version of one or two numbers (``python = "3.12"``) means every
    patch release of it.

    Raises:
        InvalidConstraint: the text is not a constraint.
    """
    minor = Version(f"{python.major}.{python.minor}")
    return any(
        _all_allow(conditions, minor if _names_minor(conditions) else python) for conditions in _parse(constraint)
    )


@dataclass(frozen=True)
class _Range:
    """All versions between two bounds; a missing bound is no bound."""

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
    """A local version counts as its public one unless the bound is local itself."""
    return version if bound.local or not version.local else Version(version.public)


_Conditions = tuple[tuple[_Range, ...], ...]


def _all_allow(conditions: _Conditions, version: Version) -> bool:
    return all(any(part.allows(version) for part in condition) for condition in conditions)


def _names_minor(conditions: _Conditions) -> bool:
    """Whether one of them is a single version of one or two numbers."""
    parts = [part for condition in conditions for part in condition]
    return any(
        part.low and part.low == part.high and len(part.low.release) <= len(("major", "minor")) for part in parts
    )


@lru_cache(maxsize=4096)
def _parse(constraint: str) -> tuple[_Conditions, ...]:
    """Alternatives of conditions, all of which must hold, each of which is a union of ranges."""
    alternatives = []
    for part in _ALTERNATIVES.split(constraint.strip()):
        texts = [text for text in _CONDITIONS.split(_SPACE_AFTER_OPERATOR.sub("", part)) if text]
        if not texts:
            raise _invalid(constraint)
        conditions = dict.fromkeys(_condition(text, constraint) for text in texts)
        alternatives.append(_lone_exclusion(conditions) or tuple(conditions))
    return tuple(alternatives)


def _lone_exclusion(conditions: Iterable[tuple[_Range, ...]]) -> _Conditions | None:
    """``!=1`` with no other condition. To Poetry it allows 1.0.post1, and ``!=1,<2`` does not."""
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
    return InvalidConstraint(f"not a version constraint: {constraint!r}")


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
    """The first release that a caret leaves out: the leftmost number that is not zero is raised."""
    release = version.release
    place = next((place for place, number in enumerate(release[:3]) if number), min(len(release), 3) - 1)
    return _next(version, place)


def _next(version: Version, place: int) -> Version:
    release = (*version.release[:place], version.release[place] + 1)
    return Version(f"{version.epoch}!{'.'.join(map(str, release))}")


def _before(version: Version) -> Version:
    """The first development release, so that an open upper bound leaves out pre-releases of the bound."""
    return version if version.is_prerelease else Version(f"{version.public}.dev0")
