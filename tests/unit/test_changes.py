"""The line that a preview says about a layer."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_poetry_layer.changes import describe_changes

OLD: dict[str, Any] = {
    "fingerprint": "a",
    "lock_digest": "1",
    "packages": {"requests": "2.31.0", "six": "1.16.0", "urllib3": "2.0.0"},
    "runtime": "python3.11",
    "architecture": "x86_64",
    "builder": "wheels",
}


@pytest.mark.parametrize(
    ("new", "line"),
    [
        ({}, None),
        ({"lock_digest": "2"}, "poetry.lock has changed since the layer was built; what lands in the layer has not"),
        (
            {"fingerprint": "b", "packages": {"requests": "2.32.0", "idna": "3.7", "urllib3": "2.0.0"}},
            "requests 2.31.0 → 2.32.0, +idna 3.7, -six 1.16.0",
        ),
        ({"fingerprint": "b", "runtime": "python3.12"}, "runtime python3.11 → python3.12"),
        (
            {
                "fingerprint": "b",
                "packages": {**OLD["packages"], "a": "1"},
                "architecture": "arm64",
                "builder": "local",
            },
            "+a 1; architecture x86_64 → arm64; builder wheels → local",
        ),
        ({"fingerprint": "b"}, "other files of the same versions"),
    ],
)
def test_line_says_what_changes_and_nothing_else(new: dict[str, Any], line: str | None) -> None:
    """Otherwise a reviewer has to dig through a diff to learn what a deploy brings."""
    assert describe_changes(OLD, {**OLD, **new}) == line


def test_state_of_an_older_release_is_no_news() -> None:
    """Otherwise an upgrade of this package makes every stack say that its lock file changed."""
    assert describe_changes({"fingerprint": "a"}, OLD) is None
