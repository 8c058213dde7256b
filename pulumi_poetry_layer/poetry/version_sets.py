"""Sets of versions, with Poetry's arithmetic.

Poetry's solver compares, intersects and subtracts version constraints, and the results decide which locked version is
installed. For local versions, pre- and post-releases, the results sometimes differ from set theory and PEP 440.
Property tests compare these sets with those of poetry-core.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from pulumi_poetry_layer.poetry import version_spans
from pulumi_poetry_layer.poetry.version_spans import ANY_SPAN, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version


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
        """The set of one version. It includes the local versions of a version that is not local."""
        return cls((Span(version, version, low_included=True, high_included=True),))

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
        """The excluded version of ``!=1.0``, if only one version is not in the set."""
        if len(self.spans) != 2:
            return None
        inverted = version_spans.difference((ANY_SPAN,), self.spans)
        return inverted[0] if len(inverted) == 1 and inverted[0].single else None

    @lru_cache(maxsize=65536)  # noqa: B019 - a process has few sets, and compares the same pairs many times
    def allows_all(self, other: VersionSet) -> bool:
        """Whether all versions of another set are in this one."""
        return version_spans.all_allowed(self.spans, other.spans)

    @lru_cache(maxsize=65536)  # noqa: B019
    def allows_any(self, other: VersionSet) -> bool:
        """Whether a version of another set is in this one."""
        return version_spans.any_allowed(self.spans, other.spans)

    @lru_cache(maxsize=65536)  # noqa: B019
    def intersect(self, other: VersionSet) -> VersionSet:
        """The versions that are in both sets."""
        return VersionSet(version_spans.intersection(self.spans, other.spans))

    def union(self, other: VersionSet) -> VersionSet:
        """The versions that are in either set."""
        return VersionSet(version_spans.union(self.spans, other.spans))

    def difference(self, other: VersionSet) -> VersionSet:
        """The versions of this set that are not in another one."""
        return VersionSet(version_spans.difference(self.spans, other.spans))


def union_of(sets: Iterable[VersionSet]) -> VersionSet:
    """The versions that are in any of the sets."""
    return VersionSet(version_spans.merged(span for versions in sets for span in versions.spans))
