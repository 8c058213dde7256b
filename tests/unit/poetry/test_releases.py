"""Tests of versions that are computed from other versions."""

from __future__ import annotations

import pytest
from packaging.version import Version

from pulumi_poetry_layer.poetry.releases import (
    as_compared_with,
    next_after_local_versions,
    next_patch,
    public,
    without_post_release,
)


@pytest.mark.parametrize(
    ("version", "bound", "expected"),
    [("1.0+cpu", "1.0", "1.0"), ("1.0+cpu", "1.0+cu12", "1.0+cpu"), ("1.0", "1.0+cpu", "1.0")],
)
def test_local_part_counts_only_against_a_local_bound(version: str, bound: str, expected: str) -> None:
    """`<=1.0` would refuse the build 1.0+cpu."""
    assert as_compared_with(Version(version), Version(bound)) == Version(expected)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.0.post2", "1.0"), ("1.0.post2.dev1", "1.0"), ("2!1.0rc1.post2+cpu", "2!1.0rc1+cpu"), ("1.0", "1.0")],
)
def test_version_without_its_post_release(version: str, expected: str) -> None:
    """`>1.0rc1` would allow 1.0rc1.post1."""
    assert without_post_release(Version(version)) == Version(expected)


@pytest.mark.parametrize(
    ("version", "expected"), [("1", "1.0.1"), ("1.2.3", "1.2.4"), ("3!1.2.3.4rc1", "3!1.2.4"), ("1.2+cpu", "1.2.1")]
)
def test_next_patch_release(version: str, expected: str) -> None:
    """The intersection of `>=1.2+cpu` and `1.2` would be too large or too small."""
    assert next_patch(Version(version)) == Version(expected)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.0", "1.0.post0"),
        ("1.0.post3", "1.0.post4"),
        ("1.0rc1", "1.0rc1.post0"),
        ("1.0.dev3", "1.0.dev4"),
        ("1.0rc1.post2.dev3", "1.0rc1.post2.dev4"),
    ],
)
def test_next_version_after_all_local_versions(version: str, expected: str) -> None:
    """`1.0` without `1.0+cpu` would contain other releases, or not all local versions."""
    following = next_after_local_versions(Version(version))

    assert following == Version(expected)
    assert Version(f"{version}+zzz.999") < following


def test_public_version() -> None:
    """A local version would be compared with its local part."""
    assert public(Version("1!1.0rc1.post2.dev3+cpu")) == Version("1!1.0rc1.post2.dev3")
