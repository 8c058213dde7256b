"""Tests of the line that a preview shows about a layer."""

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
        ({"fingerprint": "b", "bytecode": True}, "bytecode off → on"),
        ({"fingerprint": "b", "bytecode": "3.11.2"}, "bytecode off → 3.11.2"),
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
        ({"fingerprint": "b", "builder_options": {"image": "mine:2"}}, "image (default) → mine:2"),
        ({"fingerprint": "b", "python_patch": "3.11.4"}, "python_patch (default) → 3.11.4"),
        (
            {"fingerprint": "b", "builder": "container", "builder_options": {"image": "mine:2"}},
            "builder wheels → container",
        ),
        ({"fingerprint": "b"}, "different files of the same versions"),
    ],
)
def test_line_lists_changed_packages_and_settings_only(new: dict[str, Any], line: str | None) -> None:
    """A reviewer would have to read the whole diff to see what a deployment changes."""
    assert describe_changes(OLD, {**OLD, **new}) == line


def test_state_without_lock_digest_shows_no_change() -> None:
    """After an update of this package every preview would say that the lock file has changed."""
    assert describe_changes({"fingerprint": "a"}, OLD) is None


def test_state_without_settings_shows_no_changed_settings() -> None:
    """After an update of this package previews would list settings that no one changed."""
    old = {"fingerprint": "a", "packages": OLD["packages"]}
    new = {**OLD, "fingerprint": "b", "packages": {**OLD["packages"], "six": "1.17.0"}}
    assert describe_changes(old, new) == "six 1.16.0 → 1.17.0"


def test_long_list_of_packages_is_shortened_and_counted() -> None:
    """An update of all packages would fill the screen of a preview."""
    packages = {f"p{number:02}": "1" for number in range(30)}
    new = {**OLD, "fingerprint": "b", "packages": {**OLD["packages"], **packages}, "runtime": "python3.12"}
    line = describe_changes(OLD, new)
    assert line is not None
    assert line.startswith("+p00 1, +p01 1, ")
    assert line.endswith("+p11 1, and 18 more packages; runtime python3.11 → 3.12")


@pytest.mark.parametrize(("packages", "count"), [({"six": "1"}, "1 package"), (OLD["packages"], "3 packages")])
def test_line_of_a_new_layer_contains_package_count_and_target(packages: dict[str, str], count: str) -> None:
    """The first preview of a layer would say nothing about it."""
    assert describe_new({**OLD, "packages": packages}) == f"new layer of {count} for python3.11 on x86_64"
