"""Spans of versions, and how Poetry compares and combines them.

The results are those of ``VersionRange``, ``VersionUnion`` and ``Version`` in ``poetry/core/constraints/version``.
Sequences of spans are sorted, lowest first, and the spans do not overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_poetry_layer.poetry.releases import (
    as_compared_with,
    next_after_local_versions,
    next_patch,
    public,
    without_post_release,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.version import Version


@dataclass(frozen=True, slots=True)
class Span:
    """All versions between two bounds; a bound that is None is no bound."""

    low: Version | None = None
    high: Version | None = None
    low_included: bool = False
    high_included: bool = False

    @property
    def is_any(self) -> bool:
        """Whether it has no bounds."""
        return self.low is None and self.high is None

    @property
    def single(self) -> Version | None:
        """The version of ``==1.0``, None for a span of several versions."""
        return self.low if self.low_included and self.high_included and self.low == self.high else None

    @property
    def is_empty(self) -> bool:
        """Whether no version is between the bounds."""
        if self.low is None or self.high is None:
            return False
        if self.low == self.high:
            return not (self.low_included and self.high_included)
        return self.low > self.high

    def allows(self, version: Version) -> bool:
        """Whether a version is in the span."""
        if self.is_any:
            return True
        if (single := self.single) is not None:
            return as_compared_with(version, single) == single
        return self._is_above_low(version) and self._is_below_high(version)

    def _is_above_low(self, version: Version) -> bool:
        low = self.low
        if low is None:
            return True
        if not self.low_included and not low.is_postrelease and version.is_postrelease:
            version = without_post_release(version)
        version = as_compared_with(version, low)
        return version > low or (self.low_included and version == low)

    def _is_below_high(self, version: Version) -> bool:
        high = self.high
        if high is None:
            return True
        version = as_compared_with(version, high)
        return version < high or (self.high_included and version == high)


ANY_SPAN = Span()


# Several spans


def all_allowed(ours: Sequence[Span], theirs: Sequence[Span]) -> bool:
    """Whether all of their versions are among ours."""
    if len(ours) == 1:
        if ours[0].single is not None and len(theirs) > 1:
            return False
        return all(_span_allows_all(ours[0], other) for other in theirs)
    mine = other = 0
    while mine < len(ours) and other < len(theirs):
        if _span_allows_all(ours[mine], theirs[other]):
            other += 1
        else:
            mine += 1
    return other == len(theirs)


def any_allowed(ours: Sequence[Span], theirs: Sequence[Span]) -> bool:
    """Whether one of their versions is among ours."""
    if len(ours) == 1:
        if ours[0].single is not None:
            return bool(intersection(theirs, ours))
        return any(_span_allows_any(ours[0], other) for other in theirs)
    mine = other = 0
    while mine < len(ours) and other < len(theirs):
        if _span_allows_any(ours[mine], theirs[other]):
            return True
        if _reaches_higher(theirs[other], ours[mine]):
            mine += 1
        else:
            other += 1
    return False


def intersection(ours: Sequence[Span], theirs: Sequence[Span]) -> tuple[Span, ...]:
    """The versions that are in both."""
    if len(ours) == 1 == len(theirs):
        found = _span_intersection(ours[0], theirs[0])
        return (found,) if found else ()
    if len(ours) == 1:
        ours, theirs = theirs, ours
    spans, mine, other = [], 0, 0
    while mine < len(ours) and other < len(theirs):
        found = _span_intersection(ours[mine], theirs[other])
        if found:
            spans.append(found)
        if _reaches_higher(theirs[other], ours[mine]):
            mine += 1
        else:
            other += 1
    return merged(spans)


def union(ours: Sequence[Span], theirs: Sequence[Span]) -> tuple[Span, ...]:
    """The versions that are in either."""
    if not ours or not theirs:
        return tuple(ours or theirs)
    if len(ours) == 1 == len(theirs):
        return _span_union(ours[0], theirs[0])
    return merged((*ours, *theirs))


def difference(ours: Sequence[Span], theirs: Sequence[Span]) -> tuple[Span, ...]:
    """Our versions that are not among theirs."""
    if not ours or not theirs:
        return tuple(ours)
    if len(ours) == 1:
        return _span_difference(ours[0], theirs)
    return _difference_of_spans(ours, theirs)


# Two spans


def _reaches_lower(span: Span, other: Span) -> bool:
    """Whether a span has versions below all of another's."""
    if span.low is None:
        return other.low is not None
    if other.low is None or span.low > other.low:
        return False
    return span.low < other.low or (span.low_included and not other.low_included)


def _reaches_higher(span: Span, other: Span) -> bool:
    """Whether a span has versions above all of another's."""
    if span.high is None:
        return other.high is not None
    if other.high is None or span.high < other.high:
        return False
    return span.high > other.high or (span.high_included and not other.high_included)


def _is_below(span: Span, other: Span) -> bool:
    """Whether all of a span is below all of another."""
    if span.high is None or other.low is None or span.high > other.low:
        return False
    return span.high < other.low or not (span.high_included and other.low_included)


def _span_allows_all(span: Span, other: Span) -> bool:
    version = other.single
    if span.single is not None:
        return version is not None and span.allows(version)
    if version is None:
        return not _reaches_lower(other, span) and not _reaches_higher(other, span)
    if not span.allows(version):
        return False
    # A version stands for its local versions too; a bound that is one of them leaves the higher ones out.
    return bool(version.local) or not (span.high is not None and bool(span.high.local) and public(span.high) == version)


def _span_allows_any(span: Span, other: Span) -> bool:
    if span.single is not None:
        return _span_intersection(span, other) is not None
    version = other.single
    if version is None:
        return not (_is_below(other, span) or _is_below(span, other))
    return span.allows(version) or _is_local_version_of(span.low, other)


def _is_local_version_of(bound: Version | None, span: Span) -> bool:
    return bound is not None and bool(bound.local) and span.allows(bound)


def _span_intersection(span: Span, other: Span) -> Span | None:
    if span.single is not None and other.single is not None:
        if span.allows(other.single):
            return other
        return span if other.allows(span.single) else None
    if span.single is not None:
        return _with_single(other, span, span.single)
    if other.single is not None:
        return _with_single(span, other, other.single)
    if _is_below(span, other) or _is_below(other, span):
        return None
    low = other if _reaches_lower(span, other) else span
    high = other if _reaches_higher(span, other) else span
    found = Span(low.low, high.high, low.low_included, high.high_included)
    return None if found.is_empty else found


def _with_single(span: Span, single: Span, version: Version) -> Span | None:
    """What a span and a single version have in common."""
    if span.allows(version):
        return single
    if not version.local and _is_local_version_of(span.low, single):
        found = Span(span.low, next_patch(version), span.low_included)
        return None if found.is_empty else found
    return None


def _span_union(span: Span, other: Span) -> tuple[Span, ...]:
    if span.single is not None and other.single is not None:
        if other.allows(span.single):
            return (other,)
        return (span,) if span.allows(other.single) else merged((span, other))
    if span.single is not None:
        return _union_with_single(other, span, span.single)
    if other.single is not None:
        return _union_with_single(span, other, other.single)
    touch = (span.high == other.low and (span.high_included or other.low_included)) or (
        span.low == other.high and (span.low_included or other.high_included)
    )
    if not touch and not _span_allows_any(span, other):
        return merged((span, other))
    low = span if _reaches_lower(span, other) else other
    high = span if _reaches_higher(span, other) else other
    return (Span(low.low, high.high, low.low_included, high.high_included),)


def _union_with_single(span: Span, single: Span, version: Version) -> tuple[Span, ...]:
    low_is_local = not version.local and _is_local_version_of(span.low, single)
    high_is_local = not version.local and _is_local_version_of(span.high, single)
    if low_is_local or high_is_local:
        low = (version, True) if low_is_local else (span.low, span.low_included)
        high = (next_patch(version), False) if high_is_local else (span.high, span.high_included)
        found = Span(low[0], high[0], low[1], high[1])
        return () if found.is_empty else (found,)
    if span.allows(version):
        return (span,)
    if version == span.low:
        return (Span(span.low, span.high, True, span.high_included),)
    if version == span.high:
        return (Span(span.low, span.high, span.low_included, True),)
    return merged((span, single))


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans in order, those that touch or overlap as one."""
    ordered = sorted(spans, key=_Order)
    if any(span.is_any for span in ordered):
        return (ANY_SPAN,)
    merged: list[Span] = []
    for span in ordered:
        if merged and (_span_allows_any(merged[-1], span) or _is_adjacent(merged[-1], span)):
            (merged[-1],) = _span_union(merged[-1], span)
        else:
            merged.append(span)
    return tuple(merged)


def _is_adjacent(span: Span, other: Span) -> bool:
    return span.high == other.low and span.high_included != other.low_included


class _Order:
    """Sorts spans by their lower bounds, then by their upper bounds."""

    __slots__ = ("span",)

    def __init__(self, span: Span) -> None:
        self.span = span

    def __lt__(self, other: _Order) -> bool:
        span, than = self.span, other.span
        if (span.low is None) != (than.low is None):
            return span.low is None
        if span.low is not None and than.low is not None and span.low != than.low:
            return span.low < than.low
        if span.low is not None and span.low_included != than.low_included:
            return span.low_included
        return _reaches_higher(than, span)


def _span_difference(span: Span, others: Sequence[Span]) -> tuple[Span, ...]:
    """What is left of a span without one or several others."""
    if span.single is not None:
        return _single_without(span, span.single, others)
    if len(others) == 1:
        return _without_one(span, others[0])
    return _without_all(span, others)


def _single_without(span: Span, version: Version, others: Sequence[Span]) -> tuple[Span, ...]:
    if all_allowed(others, (span,)):
        return ()
    if any_allowed(others, (span,)):
        # Some local versions are left: from the version on, up to the next release that is not one of them.
        return _span_difference(Span(version, next_after_local_versions(version), True), others)
    return (span,)


def _without_one(span: Span, other: Span) -> tuple[Span, ...]:
    version = other.single
    if version is not None:
        return _without_single(span, version)
    if not _span_allows_any(span, other):
        return (span,)
    parts: list[Span] = []
    if _reaches_lower(span, other):
        parts += _part(Span(span.low, other.low, span.low_included, not other.low_included))
    if _reaches_higher(span, other):
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
        if _is_below(other, span):
            continue
        if _is_below(span, other):
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
        while not _is_below(other, current):
            if _is_below(current, other):
                left.append(current)
            else:
                parts = _span_difference(current, (other,))
                left += parts[:-1]
                if parts and (len(parts) > 1 or _reaches_higher(parts[-1], other)):
                    current = parts[-1]
                    break
                left += parts
            if not waiting:
                return _collected(left)
            current = waiting.pop()
    return _collected([*left, current, *reversed(waiting)])


def _collected(spans: Sequence[Span]) -> tuple[Span, ...]:
    return tuple(spans) if len(spans) <= 1 else merged(spans)
