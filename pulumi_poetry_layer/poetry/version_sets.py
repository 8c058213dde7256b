"""Sets of versions, with Poetry's arithmetic.

Poetry's solver compares, intersects and subtracts version constraints. Near local, post- and pre-releases the result is
not always what set theory or PEP 440 says, and it decides which locked version is installed. This module gives the
results of ``poetry.core.constraints.version``; property tests compare the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
from pulumi_poetry_layer.poetry.version_spans import (
    ANY_SPAN,
    Span,
    is_below,
    merged,
    next_after_local_versions,
    reaches_higher,
    reaches_lower,
    single,
    span_allows_all,
    span_allows_any,
    span_intersection,
    span_union,
)


@dataclass(frozen=True, eq=False)
class VersionSet:
    """A set of versions: spans that do not overlap, lowest first."""

    spans: tuple[Span, ...]

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, VersionSet) and self.spans == other.spans)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.spans)

    @classmethod
    def of_single(cls, version: Version) -> VersionSet:
        """The set of one version, and of its local versions if it is not local itself."""
        return cls((single(version),))

    @property
    def is_empty(self) -> bool:
        """Whether no version is in it."""
        return not self.spans

    @property
    def has_upper_bound(self) -> bool:
        """Whether there is a version above all of its versions."""
        return all(span.high is not None for span in self.spans)

    def allows(self, version: Version) -> bool:
        """Whether a version is in the set."""
        if self._excluded is not None:
            return not self._excluded.allows(version)
        return any(span.allows(version) for span in self.spans)

    @cached_property
    def _excluded(self) -> Span | None:
        """The single version of ``!=1.0``, the only one that is not in the set."""
        if len(self.spans) != 2:
            return None
        inverted = _without_all(ANY_SPAN, self.spans)
        return inverted[0] if len(inverted) == 1 and inverted[0].single else None

    def allows_all(self, other: VersionSet) -> bool:
        """Whether all versions of another set are in this one."""
        return _all_allowed(self, other)

    def allows_any(self, other: VersionSet) -> bool:
        """Whether a version of another set is in this one."""
        return _any_allowed(self, other)

    def intersect(self, other: VersionSet) -> VersionSet:
        """The versions that are in both sets."""
        return _intersected(self, other)

    def union(self, other: VersionSet) -> VersionSet:
        """The versions that are in either set."""
        return _united(self, other)

    def difference(self, other: VersionSet) -> VersionSet:
        """The versions of this set that are not in another one."""
        return _subtracted(self, other)


EMPTY = VersionSet(())
ANY = VersionSet((ANY_SPAN,))


def union_of(sets: Iterable[VersionSet]) -> VersionSet:
    """The versions that are in any of the sets."""
    return VersionSet(merged(span for versions in sets for span in versions.spans))


@lru_cache(maxsize=65536)
def _all_allowed(ours: VersionSet, theirs: VersionSet) -> bool:
    if len(ours.spans) == 1:
        span = ours.spans[0]
        if span.single is not None and len(theirs.spans) > 1:
            return False
        return all(span_allows_all(span, other) for other in theirs.spans)
    mine = other = 0
    while mine < len(ours.spans) and other < len(theirs.spans):
        if span_allows_all(ours.spans[mine], theirs.spans[other]):
            other += 1
        else:
            mine += 1
    return other == len(theirs.spans)


@lru_cache(maxsize=65536)
def _any_allowed(ours: VersionSet, theirs: VersionSet) -> bool:
    if len(ours.spans) == 1:
        span = ours.spans[0]
        if span.single is not None:
            return not _intersected(theirs, ours).is_empty
        return any(span_allows_any(span, other) for other in theirs.spans)
    mine = other = 0
    while mine < len(ours.spans) and other < len(theirs.spans):
        if span_allows_any(ours.spans[mine], theirs.spans[other]):
            return True
        if reaches_higher(theirs.spans[other], ours.spans[mine]):
            mine += 1
        else:
            other += 1
    return False


@lru_cache(maxsize=65536)
def _intersected(ours: VersionSet, theirs: VersionSet) -> VersionSet:
    if len(ours.spans) == 1 == len(theirs.spans):
        found = span_intersection(ours.spans[0], theirs.spans[0])
        return VersionSet((found,)) if found else EMPTY
    if len(ours.spans) == 1:
        ours, theirs = theirs, ours
    spans, mine, other = [], 0, 0
    while mine < len(ours.spans) and other < len(theirs.spans):
        found = span_intersection(ours.spans[mine], theirs.spans[other])
        if found:
            spans.append(found)
        if reaches_higher(theirs.spans[other], ours.spans[mine]):
            mine += 1
        else:
            other += 1
    return VersionSet(merged(spans))


@lru_cache(maxsize=65536)
def _united(ours: VersionSet, theirs: VersionSet) -> VersionSet:
    if ours.is_empty or theirs.is_empty:
        return theirs if ours.is_empty else ours
    if len(ours.spans) == 1 == len(theirs.spans):
        return VersionSet(span_union(ours.spans[0], theirs.spans[0]))
    return union_of((ours, theirs))


@lru_cache(maxsize=65536)
def _subtracted(ours: VersionSet, theirs: VersionSet) -> VersionSet:
    if ours.is_empty or theirs.is_empty:
        return ours
    if len(ours.spans) == 1:
        return VersionSet(_span_difference(ours.spans[0], theirs.spans))
    return VersionSet(_difference_of_spans(ours.spans, theirs.spans))


# Two spans


def _span_difference(span: Span, others: Sequence[Span]) -> tuple[Span, ...]:
    """What is left of a span without one or several others."""
    if span.single is not None:
        return _single_without(span, span.single, others)
    if len(others) == 1:
        return _without_one(span, others[0])
    return _without_all(span, others)


def _single_without(span: Span, version: Version, others: Sequence[Span]) -> tuple[Span, ...]:
    single, rest = VersionSet((span,)), VersionSet(tuple(others))
    if rest.allows_all(single):
        return ()
    if rest.allows_any(single):
        # Some local versions are left: from the version on, up to the next release that is not one of them.
        return _span_difference(Span(version, next_after_local_versions(version), True), others)
    return (span,)


def _without_one(span: Span, other: Span) -> tuple[Span, ...]:
    version = other.single
    if version is not None:
        return _without_single(span, version)
    if not span_allows_any(span, other):
        return (span,)
    parts: list[Span] = []
    if reaches_lower(span, other):
        parts += _part(Span(span.low, other.low, span.low_included, not other.low_included))
    if reaches_higher(span, other):
        parts += _part(Span(other.high, span.high, not other.high_included, span.high_included))
    return tuple(parts) if len(parts) < len(("below", "above")) else merged(parts)


def _part(span: Span) -> list[Span]:
    return [] if span.is_empty else [span]


def _without_single(span: Span, version: Version) -> tuple[Span, ...]:
    if not span.allows(version):
        return (span,)
    if version == span.low:
        return tuple(_part(Span(span.low, span.high, False, span.high_included)))
    if version == span.high:
        return tuple(_part(Span(span.low, span.high, span.low_included, False)))
    below = Span(span.low, version, span.low_included, False)
    above = Span(version, span.high, False, span.high_included)
    return merged((*_part(below), *_part(above)))


def _without_all(span: Span, others: Sequence[Span]) -> tuple[Span, ...]:
    left: list[Span] = []
    for other in others:
        if is_below(other, span):
            continue
        if is_below(span, other):
            break
        parts = _span_difference(span, (other,))
        if not parts:
            return ()
        left += parts[:-1]
        span = parts[-1]
    return merged((*left, span)) if left else (span,)


def _difference_of_spans(ours: Sequence[Span], theirs: Sequence[Span]) -> tuple[Span, ...]:
    """What is left of several spans without others: both are walked through from the lowest up."""
    left: list[Span] = []
    waiting = list(reversed(ours))
    current = waiting.pop()
    for other in theirs:
        while not is_below(other, current):
            if is_below(current, other):
                left.append(current)
            else:
                parts = _span_difference(current, (other,))
                left += parts[:-1]
                if parts and (len(parts) > 1 or reaches_higher(parts[-1], other)):
                    current = parts[-1]
                    break
                left += parts
            if not waiting:
                return _collected(left)
            current = waiting.pop()
    return _collected([*left, current, *reversed(waiting)])


def _collected(spans: Sequence[Span]) -> tuple[Span, ...]:
    return tuple(spans) if len(spans) <= 1 else merged(spans)


# Versions
