"""Spans of versions, from a lower to an upper bound, with the arithmetic that Poetry defines on them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable


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
            return _like(version, single) == single
        return self._is_above_low(version) and self._is_below_high(version)

    def _is_above_low(self, version: Version) -> bool:
        low = self.low
        if low is None:
            return True
        if not self.low_included and not low.is_postrelease and version.is_postrelease:
            version = _without_post_release(version)
        version = _like(version, low)
        return version > low or (self.low_included and version == low)

    def _is_below_high(self, version: Version) -> bool:
        high = self.high
        if high is None:
            return True
        version = _like(version, high)
        return version < high or (self.high_included and version == high)


ANY_SPAN = Span()


def reaches_lower(span: Span, other: Span) -> bool:
    """Whether a span has versions below all of another's."""
    if span.low is None:
        return other.low is not None
    if other.low is None or span.low > other.low:
        return False
    return span.low < other.low or (span.low_included and not other.low_included)


def reaches_higher(span: Span, other: Span) -> bool:
    """Whether a span has versions above all of another's."""
    if span.high is None:
        return other.high is not None
    if other.high is None or span.high < other.high:
        return False
    return span.high > other.high or (span.high_included and not other.high_included)


def is_below(span: Span, other: Span) -> bool:
    """Whether all of a span is below all of another."""
    if span.high is None or other.low is None or span.high > other.low:
        return False
    return span.high < other.low or not (span.high_included and other.low_included)


def span_allows_all(span: Span, other: Span) -> bool:
    """Whether a span allows all versions of another one, as Poetry decides it."""
    version = other.single
    if span.single is not None:
        return version is not None and span.allows(version)
    if version is None:
        return not reaches_lower(other, span) and not reaches_higher(other, span)
    if not span.allows(version):
        return False
    # A version stands for its local versions too; a bound that is one of them leaves the higher ones out.
    return bool(version.local) or not (
        span.high is not None and bool(span.high.local) and _public(span.high) == version
    )


def span_allows_any(span: Span, other: Span) -> bool:
    """Whether a span allows any version of another one, as Poetry decides it."""
    if span.single is not None:
        return span_intersection(span, other) is not None
    version = other.single
    if version is None:
        return not (is_below(other, span) or is_below(span, other))
    return span.allows(version) or _is_local_version_of(span.low, other)


def _is_local_version_of(bound: Version | None, span: Span) -> bool:
    return bound is not None and bool(bound.local) and span.allows(bound)


def span_intersection(span: Span, other: Span) -> Span | None:
    """The versions that two spans have in common; None if Poetry finds none."""
    if span.single is not None and other.single is not None:
        if span.allows(other.single):
            return other
        return span if other.allows(span.single) else None
    if span.single is not None:
        return _with_single(other, span, span.single)
    if other.single is not None:
        return _with_single(span, other, other.single)
    if is_below(span, other) or is_below(other, span):
        return None
    low = other if reaches_lower(span, other) else span
    high = other if reaches_higher(span, other) else span
    found = Span(low.low, high.high, low.low_included, high.high_included)
    return None if found.is_empty else found


def _with_single(span: Span, single: Span, version: Version) -> Span | None:
    """What a span and a single version have in common."""
    if span.allows(version):
        return single
    if not version.local and _is_local_version_of(span.low, single):
        found = Span(span.low, _next_patch(version), span.low_included)
        return None if found.is_empty else found
    return None


def span_union(span: Span, other: Span) -> tuple[Span, ...]:
    """Two spans as one, or both of them if they do not touch."""
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
    if not touch and not span_allows_any(span, other):
        return merged((span, other))
    low = span if reaches_lower(span, other) else other
    high = span if reaches_higher(span, other) else other
    return (Span(low.low, high.high, low.low_included, high.high_included),)


def _union_with_single(span: Span, single: Span, version: Version) -> tuple[Span, ...]:
    low_is_local = not version.local and _is_local_version_of(span.low, single)
    high_is_local = not version.local and _is_local_version_of(span.high, single)
    if low_is_local or high_is_local:
        low = (version, True) if low_is_local else (span.low, span.low_included)
        high = (_next_patch(version), False) if high_is_local else (span.high, span.high_included)
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
        if merged and (span_allows_any(merged[-1], span) or _is_adjacent(merged[-1], span)):
            (merged[-1],) = span_union(merged[-1], span)
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
        return reaches_higher(than, span)


def single(version: Version) -> Span:
    """The span of one version."""
    return Span(version, version, True, True)


def _like(version: Version, bound: Version) -> Version:
    """The version as it is compared with a bound: without its local part, unless the bound has one."""
    return version if bound.local or not version.local else _public(version)


@lru_cache(maxsize=4096)
def _public(version: Version) -> Version:
    return Version(version.public)


def _made(version: Version, *, release: Iterable[int] | None = None, suffix: str = "") -> Version:
    numbers = ".".join(map(str, version.release if release is None else release))
    return Version(f"{version.epoch}!{numbers}{suffix}")


def _pre(version: Version) -> str:
    return "".join(map(str, version.pre or ()))


def _without_post_release(version: Version) -> Version:
    local = f"+{version.local}" if version.local else ""
    return _made(version, suffix=f"{_pre(version)}{local}")


def _next_patch(version: Version) -> Version:
    """The release after the patch release that a version belongs to."""
    return _made(version, release=(version.major, version.minor, version.micro + 1))


def next_after_local_versions(version: Version) -> Version:
    """The first release after a version and all its local versions."""
    if version.dev is not None:
        post = f".post{version.post}" if version.post is not None else ""
        return _made(version, suffix=f"{_pre(version)}{post}.dev{version.dev + 1}")
    post_number = 0 if version.post is None else version.post + 1
    return _made(version, suffix=f"{_pre(version)}.post{post_number}")
