"""The steps of a build with Poetry, with a workspace that installs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from samples import PROJECT, Package, lock_text, plan
from samples.access import access_of

from pulumi_poetry_layer.builders.builder import ProjectFiles
from pulumi_poetry_layer.builders.poetry.install import install_plan
from pulumi_poetry_layer.errors import HostError, VerificationError

LOCK = lock_text(PROJECT, [Package(name="app", files=["app-1.0.tar.gz"])])
FILES = ProjectFiles(pyproject=PROJECT, lock=LOCK)


class EmptyWorkspace:
    """A workspace with a Poetry of some version, which installs nothing."""

    def __init__(self, folder: Path, version: str) -> None:
        self.folder = folder
        self.version = version

    def write(self, texts: Mapping[str, str]) -> None:
        """Nothing needs the files."""

    def copy(self, source: Path, name: str) -> None:
        """There are no path dependencies."""

    def python(self, arguments: Sequence[str]) -> None:
        """Nothing needs the environment."""

    def poetry(self, arguments: Sequence[str]) -> str:
        return f"Poetry (version {self.version})\n" if arguments == ["--version"] else ""

    def fetch(self, folder: str) -> Path:
        return self.folder / folder

    def beside(self, name: str) -> EmptyWorkspace:
        raise AssertionError(name)


@pytest.mark.parametrize("version", ["1.8.5", "2.2.1"])
def test_poetry_that_ignores_build_constraints_is_refused(tmp_path: Path, version: str) -> None:
    """Two builds of one fingerprint would be built with different versions of setuptools."""
    unlimited = plan(PROJECT, LOCK)
    limited = replace(unlimited, packages=(replace(unlimited.packages[0], build_constraints=("setuptools <80",)),))

    with pytest.raises(HostError, match=f"Poetry {version} ignores .*build-constraints"):
        install_plan(limited, FILES, access_of({}), EmptyWorkspace(tmp_path, version))
    with pytest.raises(VerificationError, match="Poetry has not installed it"):
        install_plan(unlimited, FILES, access_of({}), EmptyWorkspace(tmp_path, version))
    with pytest.raises(VerificationError, match="Poetry has not installed it"):
        install_plan(limited, FILES, access_of({}), EmptyWorkspace(tmp_path, "2.3.0"))
