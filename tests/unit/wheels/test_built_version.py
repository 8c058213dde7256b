"""Which versions of a distribution are accepted."""

from __future__ import annotations

import pytest

from pulumi_poetry_layer.plan.build_plan import PlannedPackage
from pulumi_poetry_layer.poetry.locked import LockedFile
from pulumi_poetry_layer.wheels.built_version import is_version_of, version_notes


def planned(file_name: str | None) -> PlannedPackage:
    """A planned package of version 1.0 with this file."""
    file = LockedFile(file_name, "sha256:0") if file_name else None
    return PlannedPackage(name="app", version="1.0", file=file, source=None)


@pytest.mark.parametrize("file_name", [None, "app-1.0.tar.gz"])
def test_any_version_of_a_built_package_is_accepted_with_a_note(file_name: str | None) -> None:
    """A package that takes its version from git, and is locked as 0.0.0, could not be in a layer."""
    assert is_version_of(planned(file_name), "2.3.0")
    assert version_notes(planned(file_name), "2.3.0") == [
        "its build gave version 2.3.0; run `poetry lock` to lock that version"
    ]
    assert version_notes(planned(file_name), "1.0.0") == []


@pytest.mark.parametrize(("version", "accepted"), [("1.0", True), ("1.0.0", True), ("2.0", False), ("odd", False)])
def test_wheel_must_have_the_locked_version(version: str, accepted: bool) -> None:
    """The layer would contain something else than the preview says."""
    package = planned("app-1.0-py3-none-any.whl")
    assert is_version_of(package, version) is accepted
    assert version_notes(package, version) == []
