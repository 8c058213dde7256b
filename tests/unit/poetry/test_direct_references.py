"""Tests of reading direct references."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_poetry_layer.poetry.direct_references import parse_direct_reference, plain_git_address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "git+https://git.invalid/user/a.git",
            {"origin": "git", "address": "https://git.invalid/user/a.git", "reference": None, "subdirectory": None},
        ),
        (
            "git+https://git.invalid/user/a.git@v1",
            {"origin": "git", "address": "https://git.invalid/user/a.git", "reference": "v1", "subdirectory": None},
        ),
        (
            "git+https://git.invalid/a@feature/x#subdirectory=part",
            {"origin": "git", "address": "https://git.invalid/a", "reference": "feature/x", "subdirectory": "part"},
        ),
        (
            "git+ssh://git@git.invalid/user/a.git@abc#egg=a&subdirectory=deep/part",
            {
                "origin": "git",
                "address": "ssh://git@git.invalid/user/a.git",
                "reference": "abc",
                "subdirectory": "deep/part",
            },
        ),
        (
            "git+https://u:p@git.invalid/a.git",
            {
                "origin": "git",
                "address": "https://u:p@git.invalid/a.git",
                "reference": None,
                "subdirectory": None,
            },
        ),
        (
            "https://files.invalid/a-1.0%2Bcpu-py3-none-any.whl",
            {
                "origin": "url",
                "address": "https://files.invalid/a-1.0%2Bcpu-py3-none-any.whl",
                "constraint": "1.0+cpu",
            },
        ),
        ("https://files.invalid/a.zip", {"origin": "url", "address": "https://files.invalid/a.zip"}),
        (
            "https://files.invalid/a.zip#subdirectory=part",
            {"origin": "url", "address": "https://files.invalid/a.zip", "subdirectory": "part"},
        ),
        (
            "https://files.invalid/a_b-1.0+cpu-py3-none-any.whl#sha256=0",
            {
                "origin": "url",
                "address": "https://files.invalid/a_b-1.0+cpu-py3-none-any.whl",
                "constraint": "1.0+cpu",
            },
        ),
        ("file:///home/a", {"origin": "path", "address": "file:///home/a"}),
        ("../a", {"origin": "path", "address": "../a"}),
    ],
)
def test_direct_reference_is_split_into_its_parts(url: str, expected: dict[str, Any]) -> None:
    """A dependency in [project] would not be found in the lock file, whose addresses have no `git+` and no branch."""
    assert parse_direct_reference(url) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://git.invalid/a", "https://git.invalid/a"),
        ("git+https://git.invalid/a", "https://git.invalid/a"),
        ("https://git.invalid:8443/a", "https://git.invalid:8443/a"),
        ("git@git.invalid:user/a.git", "git@git.invalid/user/a.git"),
        ("ssh://git@git.invalid:user/a.git", "ssh://git@git.invalid/user/a.git"),
        ("ssh://git@git.invalid:22/a.git", "ssh://git@git.invalid:22/a.git"),
        ("git.invalid:/user/a.git", "git.invalid/user/a.git"),
        ("../a", "../a"),
    ],
)
def test_address_of_a_repository_has_one_spelling(address: str, expected: str) -> None:
    """A repository that Poetry locks under another spelling would be refused."""
    assert plain_git_address(address) == expected
