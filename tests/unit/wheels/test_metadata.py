"""METADATA without places on the build host."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.wheels.metadata import without_local_places


@pytest.mark.parametrize(
    ("requirement", "told"),
    [
        ("base @ file:///home/me/base", "base"),
        ('base[a, b] @ file:///home/me/base ; extra == "more"', 'base[a, b] ; extra == "more"'),
        ("base@file:///home/me/my%20base", "base"),
        ("base @ https://host.invalid/base.whl", "base @ https://host.invalid/base.whl"),
        ("base>=1", "base>=1"),
    ],
)
def test_requirement_tells_no_place_of_the_build_host(requirement: str, told: str) -> None:
    """A path of somebody's laptop would be published, and every host would build another layer."""
    text = "Metadata-Version: 2.4\nName: app\nRequires-Dist: {}\nVersion: 1.0\n\nRequires-Dist: x @ file:///y\n"

    assert without_local_places(text.format(requirement).encode()) == text.format(told).encode()
