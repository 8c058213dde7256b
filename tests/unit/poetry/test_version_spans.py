"""Tests of spans of versions. Property tests compare their arithmetic with that of poetry-core."""

from __future__ import annotations

import pytest
from packaging.version import Version

from pulumi_poetry_layer.poetry.version_spans import Span, all_allowed, any_allowed, difference, intersection, union


def span(text: str) -> Span:
    """A span from ``[1, 2)``; a missing bound is no bound, and ``1`` alone is a single version."""
    if "," not in text:
        return Span(Version(text), Version(text), low_included=True, high_included=True)
    low, high = (bound.strip() for bound in text[1:-1].split(","))
    return Span(
        Version(low) if low else None,
        Version(high) if high else None,
        low_included=text[0] == "[",
        high_included=text[-1] == "]",
    )


def spans(text: str) -> tuple[Span, ...]:
    """Spans that are separated by ``|``."""
    return tuple(span(part.strip()) for part in text.split("|")) if text else ()


@pytest.mark.parametrize(
    ("text", "empty", "single"),
    [
        ("[1,2)", False, None),
        ("[1,1]", False, "1"),
        ("[1,1)", True, None),
        ("[2,1]", True, None),
        ("(,1)", False, None),
        ("(,)", False, None),
    ],
)
def test_empty_and_single_spans(text: str, empty: bool, single: str | None) -> None:
    """A constraint that allows nothing would be taken for one that allows something."""
    assert span(text).is_empty is empty
    assert span(text).single == (Version(single) if single else None)


@pytest.mark.parametrize(
    ("ours", "theirs", "both", "either", "left"),
    [
        ("[1,3)", "[2,4)", "[2,3)", "[1,4)", "[1,2)"),
        ("[1,2)", "[3,4)", "", "[1,2) | [3,4)", "[1,2)"),
        ("[1,2)", "[2,3)", "", "[1,3)", "[1,2)"),
        ("[1,4)", "[2,3)", "[2,3)", "[1,4)", "[1,2) | [3,4)"),
        ("(,)", "1", "1", "(,)", "(,1) | (1,)"),
        ("[1,2)", "1", "1", "[1,2)", "(1,2)"),
        ("(1,2)", "1", "", "[1,2)", "(1,2)"),
        ("[1,2) | [3,4)", "[0,5)", "[1,2) | [3,4)", "[0,5)", ""),
        ("[1,2) | [3,4)", "3", "3", "[1,2) | [3,4)", "[1,2) | (3,4)"),
        ("1 | 2", "2", "2", "1 | 2", "1"),
        ("1.0", "1.0+cpu", "1.0+cpu", "1.0", "[1.0,1.0+cpu) | (1.0+cpu,1.0.post0)"),
    ],
)
def test_combinations_of_spans(ours: str, theirs: str, both: str, either: str, left: str) -> None:
    """The solver for old lock files would lose versions, or bring some back."""
    assert intersection(spans(ours), spans(theirs)) == spans(both)
    assert union(spans(ours), spans(theirs)) == spans(either)
    assert difference(spans(ours), spans(theirs)) == spans(left)
    assert any_allowed(spans(ours), spans(theirs)) is bool(both)
    assert all_allowed(spans(ours), spans(theirs)) is (either == ours)


def test_nothing_is_in_everything() -> None:
    """An empty constraint would count as one that a package meets."""
    assert all_allowed(spans("[1,2)"), ())
    assert not any_allowed(spans("[1,2)"), ())
    assert not all_allowed((), spans("[1,2)"))
    assert union((), spans("[1,2)")) == spans("[1,2)")
    assert difference((), spans("[1,2)")) == ()
