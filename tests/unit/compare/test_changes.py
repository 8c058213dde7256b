"""The line that a preview says about a layer."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_poetry_layer.compare.changes import UNTOUCHED, describe_changes, describe_new

OLD: dict[str, Any] = {
    "fingerprint": "a",
    "lock_digest": "1",
    "packages": {"requests": "2.31.0", "six": "1.16.0", "urllib3": "2.0.0"},
    "runtime": "python3.11",
    "architecture": "x86_64",
    "builder": "wheels",
    "builder_options": {},
    "groups": ["main"],
    "extras": [],
    "exclude": ["boto3"],
}


@pytest.mark.parametrize(
    ("new", "line"),
    [
        ({}, None),
        ({"lock_digest": "2"}, UNTOUCHED),
        (
            {"fingerprint": "b", "packages": {"requests": "2.32.0", "idna": "3.7", "urllib3": "2.0.0"}},
            "requests 2.31.0 → 2.32.0, +idna 3.7, \N{MINUS SIGN}six",
        ),
        ({"fingerprint": "b", "runtime": "python3.12"}, "runtime python3.11 → 3.12"),
        (
            {
                "fingerprint": "b",
                "packages": {**OLD["packages"], "a": "1"},
                "architecture": "arm64",
                "builder": "local",
            },
            "+a 1; architecture x86_64 → arm64; builder wheels → local",
        ),
        (
            {"fingerprint": "b", "groups": ["api", "main"], "extras": ["yaml"], "exclude": []},
            "groups +api; extras +yaml; exclude \N{MINUS SIGN}boto3",
        ),
        ({"fingerprint": "b", "builder_options": {"image": "mine:2"}}, "image the default → mine:2"),
        (
            {"fingerprint": "b", "builder": "container", "builder_options": {"image": "mine:2"}},
            "builder wheels → container",
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


def test_state_without_settings_shows_no_change_of_them() -> None:
    """Otherwise an upgrade of this package names settings as a reason that nobody touched."""
    old = {"fingerprint": "a", "packages": OLD["packages"]}
    new = {**OLD, "fingerprint": "b", "packages": {**OLD["packages"], "six": "1.17.0"}}
    assert describe_changes(old, new) == "six 1.16.0 → 1.17.0"


def test_a_long_list_of_changes_is_cut_and_counted() -> None:
    """Otherwise an upgrade of everything fills the screen of the plain preview."""
    packages = {f"p{number:02}": "1" for number in range(30)}
    new = {**OLD, "fingerprint": "b", "packages": {**OLD["packages"], **packages}, "runtime": "python3.12"}
    line = describe_changes(OLD, new)
    assert line is not None
    assert line.startswith("+p00 1, +p01 1, ")
    assert line.endswith("+p11 1, and 18 more packages; runtime python3.11 → 3.12")


@pytest.mark.parametrize(("packages", "told"), [({"six": "1"}, "1 package"), (OLD["packages"], "3 packages")])
def test_a_new_layer_is_told_by_what_it_is_for(packages: dict[str, str], told: str) -> None:
    """Otherwise the first preview of a layer says nothing about it."""
    assert describe_new({**OLD, "packages": packages}) == f"new layer of {told} for python3.11 on x86_64"
