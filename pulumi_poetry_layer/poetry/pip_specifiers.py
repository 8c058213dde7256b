"""Poetry's version constraints in the form that pip understands: ``^1.2`` → ``>=1.2,<2``.

https://packaging.python.org/en/latest/specifications/version-specifiers/
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from packaging.version import Version

from pulumi_poetry_layer.poetry.constraints import parse_constraint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi_poetry_layer.poetry.version_spans import Span


def pip_specifier(constraint: str) -> str | None:
    """A specifier that allows the same releases as a constraint; None if there is none, as for ``<1 || >2``.

    Raises:
        InvalidConstraint: the text is not a version constraint.
    """
    spans = parse_constraint(constraint).spans
    if not spans:
        return None
    parts = [*_lower_bound(spans[0])]
    for span, following in pairwise(spans):
        excluded = _excluded(span, following)
        if excluded is None:
            return None
        parts.append(excluded)
    return ",".join([*parts, *_upper_bound(spans[-1])]) if spans[0].single is None else f"=={spans[0].single}"


def _lower_bound(span: Span) -> Iterator[str]:
    if span.low is not None:
        yield f"{'>=' if span.low_included else '>'}{_release(span.low)}"


def _upper_bound(span: Span) -> Iterator[str]:
    if span.high is not None:
        yield f"{'<=' if span.high_included else '<'}{_release(span.high)}"


def _excluded(span: Span, following: Span) -> str | None:
    """The specifier for the gap between two spans, if it is one version or all versions of a release (``!=1.2.*``)."""
    if span.high is None or following.low is None:
        return None
    first, last = _release(span.high), _release(following.low)
    if first == last and not (span.high_included or following.low_included):
        return f"!={first}"
    *numbers, number = last.release
    before = ".".join(map(str, [*numbers, number - 1]))
    is_release = number > 0 and first == Version(f"{first.epoch}!{before}") and first.epoch == last.epoch
    if is_release and not last.is_prerelease and not span.high_included and following.low_included:
        return f"!={f'{first.epoch}!' if first.epoch else ''}{before}.*"
    return None


def _release(version: Version) -> Version:
    """The version of a bound. Poetry writes ``<2`` as ``<2.dev0``, to exclude its pre-releases; pip does so anyway."""
    return Version(str(version).removesuffix(".dev0"))
