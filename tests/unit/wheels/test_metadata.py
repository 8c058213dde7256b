"""METADATA without paths of the build host."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.wheels.metadata import without_file_urls


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("base @ file:///home/me/base", "base"),
        ('base[a, b] @ file:///home/me/base ; extra == "more"', 'base[a, b] ; extra == "more"'),
        ("base@file:///home/me/my%20base", "base"),
        ("base @ https://host.invalid/base.whl", "base @ https://host.invalid/base.whl"),
        ("base>=1", "base>=1"),
    ],
)
def test_file_url_of_a_requirement_is_removed_and_other_requirements_stay(requirement: str, expected: str) -> None:
    """Otherwise a path of the user's laptop is published, and every host builds a different layer."""
    text = "Metadata-Version: 2.4\nName: app\nRequires-Dist: {}\nVersion: 1.0\n\nRequires-Dist: x @ file:///y\n"

    assert without_file_urls(text.format(requirement).encode()) == text.format(expected).encode()
